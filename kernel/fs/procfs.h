/* SPDX-License-Identifier: MIT */
/*
 * What the files of procfs and sysfs share: text being made, the fixed trees of names, the files of
 * each process.
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
	bool of_task;     /* the file of a task, in its process's task/: numbers of it alone */
	uint64_t value;   /* of the entry of a fixed tree */
	const char *name; /* … and the name of the directory that it is in */
};

/* The numbers of the bits that are set, as ranges, and the end of the line: "0-3,5". */
void seq_bit_list(struct seq *seq, unsigned long bits);

/* Free the text, not the structure. */
void seq_drop(struct seq *seq);

/* A name of a fixed tree. Directories have neither show nor write nor link. */
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
	uint64_t value;                          /* for show: what the file is about, or says */
};

/* proc_tree.c. A tree's root, a directory without a name; its entries are numbered on their own. */
void proc_tree_init(struct proc_entry *root);
struct proc_entry *proc_tree_find(struct proc_entry *dir, const char *name, size_t len);
/* Make what `model` has (mode with its type, show, write, link, value) at the path, and the
 * directories above it. `path` stays. 0 or -ENOMEM. */
int proc_tree_add(struct proc_entry *root, const char *path, const struct proc_entry *model);
/* Add regular files one after the other; those with `write` get its permission too. */
struct proc_tree_file {
	const char *path;
	void (*show)(struct seq *seq);
	long (*write)(const char *text, size_t len);
	uint64_t value;
};
int proc_tree_add_files(struct proc_entry *root, const struct proc_tree_file *files, size_t count);
/* For files that say nothing but their value. */
void proc_show_value(struct seq *seq);

enum proc_file_flags {
	/* Only who may look into the process reads it: proc_may_look(). */
	PROC_GUARDED = 1,
	PROC_NOT_OF_TASK = 2, /* not in the directory of a task in its process's task/ */
	PROC_ONLY_OF_TASK = 4,
};

/* Files of a process. */
struct proc_pid_file {
	const char *name;
	uint32_t mode;      /* with the type */
	unsigned int flags; /* enum proc_file_flags */
	/* The whole text … */
	void (*show)(struct seq *seq, struct task *task);
	/* … or the next piece of a long one: what follows from *at on, which is 0 first and moves
	 * on. False: there was none. */
	bool (*show_next)(struct seq *seq, struct task *task, uint64_t *at);
	long (*write)(struct task *task, const char *text, size_t len);
	/* Links: the object they lead to, with a reference, or err_ptr. */
	struct inode *(*follow)(struct task *task);
	const struct file_ops *ops; /* of what is no text; NULL: proc_reg_file_ops */
};

extern const struct proc_pid_file proc_pid_files[];
extern const size_t proc_pid_file_count;

/* Whether the running process may look into the task's, and change it: root, and who has all of
 * its ids, if it did not gain rights by its program. */
bool proc_may_look(const struct task *task);

/*
 * Who opens a file that shows a process's insides must have the right to look; who has it open may
 * hand it on. So that they stay the same insides, the file remembers whose: *vm_serial. Once the
 * process runs another program there is nothing to be seen. 0, -ESRCH, -EACCES.
 */
int proc_guard(const struct file *file, uint64_t *vm_serial);
bool proc_same_memory(const struct task *task, uint64_t vm_serial);

/* In the middle of a text that takes long: let others have the CPU and the kernel's lock. What is
 * used after it has a reference, or is looked up again. */
void proc_breathe(void);

/* A number that was written, in decimal, in hexadecimal with 0x or in octal with 0, and perhaps the
 * end of a line behind it. False: something else. */
bool proc_parse_number(const char *text, uint64_t *value);

/* proc_stat.c, proc_status.c, proc_maps.c, proc_memory.c, proc_mounts.c, proc_fdinfo.c: files of
 * processes. */
void proc_show_stat(struct seq *seq, struct task *task);
void proc_show_statm(struct seq *seq, struct task *task);
void proc_show_sched(struct seq *seq, struct task *task);
void proc_show_schedstat(struct seq *seq, struct task *task);
void proc_show_syscall(struct seq *seq, struct task *task);
void proc_show_status(struct seq *seq, struct task *task);
char proc_state_letter(const struct task *task);
/* Signals that the process ignores and catches, as sets. */
void proc_handled_signals(const struct task *task, uint64_t *ignored, uint64_t *caught);
bool proc_next_map(struct seq *seq, struct task *task, uint64_t *at);
bool proc_next_smap(struct seq *seq, struct task *task, uint64_t *at);
void proc_show_smaps_rollup(struct seq *seq, struct task *task);
void proc_show_cmdline(struct seq *seq, struct task *task);
void proc_show_environ(struct seq *seq, struct task *task);
void proc_show_auxv(struct seq *seq, struct task *task);
long proc_write_clear_refs(struct task *task, const char *text, size_t len);
extern const struct file_ops proc_mem_file_ops, proc_pagemap_file_ops;
void proc_show_mounts(struct seq *seq, struct task *task);
void proc_show_mountinfo(struct seq *seq, struct task *task);
extern const struct file_ops proc_mounts_file_ops;
void proc_show_fdinfo(struct seq *seq, struct file *file, bool cloexec);

/* The files about the machine: proc_system.c, proc_cpuinfo.c, proc_meminfo.c, proc_sys.c. */
int proc_system_init(struct proc_entry *root);
int proc_cpuinfo_init(struct proc_entry *root);
int proc_meminfo_init(struct proc_entry *root);
int proc_sys_init(struct proc_entry *root);

/* sysfs.c: make its tree. */
int sysfs_init(struct proc_entry *root);

/* proc_oom.c */
void proc_show_oom_adj(struct seq *seq, struct task *task);
long proc_write_oom_adj(struct task *task, const char *text, size_t len);
void proc_show_oom_score_adj(struct seq *seq, struct task *task);
long proc_write_oom_score_adj(struct task *task, const char *text, size_t len);

#endif
