/* SPDX-License-Identifier: MIT */
/*
 * What the files of procfs share: text being made, the fixed tree of names, the files of each
 * process.
 */
#ifndef PINFOLD_KERNEL_FS_PROCFS_H
#define PINFOLD_KERNEL_FS_PROCFS_H

#include "kernel/fs/internal.h"

struct task;

/* A text that grows. */
struct seq {
	char *text;
	size_t len, capacity;
	bool failed;      /* out of memory: the text is not complete */
	uint64_t changes; /* of the mounts, when they were told last */
};

void seq_free(struct seq *seq);

/* A name of the fixed tree. Directories have neither show nor write nor link. */
struct proc_entry {
	struct list node;     /* of parent->children */
	struct list children; /* in the order they were added */
	struct proc_entry *parent;
	const char *name;
	size_t name_len;
	uint32_t mode;
	uint64_t ino;
	void (*show)(struct seq *seq);
	long (*write)(const char *text, size_t len);
	long (*link)(char *buffer, size_t size); /* a symbolic link's text */
};

/* Files of a process. */
struct proc_pid_file {
	const char *name;
	uint32_t mode; /* with the type */
	void (*show)(struct seq *seq, struct task *task);
	long (*write)(struct task *task, const char *text, size_t len);
	bool tells_mounts; /* it can be polled for changes of them */
	/* Links: the object they lead to, with a reference, or err_ptr. */
	struct inode *(*follow)(struct task *task);
};

extern const struct proc_pid_file proc_pid_files[];
extern const size_t proc_pid_file_count;

/* proc_system.c: the files about the machine. */
int proc_system_init(void);
/* The mounted filesystems, as in /proc/mounts. */
void proc_show_mounts(struct seq *seq);

/* Add a link to the fixed tree. */
int procfs_add_link(const char *path, long (*link)(char *buffer, size_t size));

#endif
