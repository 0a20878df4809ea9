/* SPDX-License-Identifier: MIT */
/*
 * What an inode of procfs stands for.
 */
#ifndef PINFOLD_KERNEL_FS_PROC_NODE_H
#define PINFOLD_KERNEL_FS_PROC_NODE_H

#include "kernel/fs/procfs.h"
#include "kernel/task/task.h"

enum proc_kind {
	PROC_TREE,     /* a proc_entry */
	PROC_PID_DIR,  /* /proc/PID, /proc/PID/task/TID */
	PROC_PID_FILE, /* proc_pid_files[number] */
	PROC_FD_DIR,
	PROC_FDINFO_DIR,
	PROC_FD, /* descriptor `number` */
	PROC_FDINFO,
	PROC_TASK_DIR,
	PROC_NS_DIR,
	PROC_NS, /* proc_ns_links[number] */
};

/* inode->private */
struct proc_node {
	enum proc_kind kind;
	int tid;    /* whose it is; the process's number in its own directory */
	int number; /* index or descriptor */
	const struct proc_entry *entry;
	char name[32];
};

/* The fixed tree. */
extern struct proc_entry proc_tree;

/* Directories of a process's directory, in the order they are listed; a task's own has no "task".
 */
#define PROC_PID_DIR_COUNT 4u
struct proc_pid_dir {
	const char *name;
	enum proc_kind kind;
	uint32_t mode;
};
extern const struct proc_pid_dir proc_pid_dirs[PROC_PID_DIR_COUNT];

/* Whether a file is in the directory of a process, or of a task in its process's task/. */
bool proc_file_is_in(const struct inode *dir, const struct proc_pid_file *file);

/* The namespaces (proc_ns.c), of each of which there is one. */
struct proc_ns_link {
	const char *name, *label; /* what the link says */
	uint64_t ino;
};
extern const struct proc_ns_link proc_ns_links[];
extern const size_t proc_ns_count;
/* What a link leads to, with a reference, or err_ptr. */
struct inode *proc_ns_follow(int number);

extern const struct file_ops proc_dir_file_ops;  /* proc_list.c */
extern const struct file_ops proc_reg_file_ops;  /* proc_text.c */
extern const struct file_ops proc_tree_file_ops; /* … of the fixed trees */

static inline struct proc_node *proc_node_of(const struct inode *inode)
{
	return inode->private;
}

/* The task an inode belongs to; NULL: it is gone. */
static inline struct task *proc_node_task(const struct inode *inode)
{
	return task_find(proc_node_of(inode)->tid);
}

static inline bool proc_is_task_dir(const struct inode *dir)
{
	return dir->parent != NULL && proc_node_of(dir->parent)->kind == PROC_TASK_DIR;
}

/* The number of an inode of a process, of its kind. */
static inline uint64_t proc_pid_ino(int tid, enum proc_kind kind, int number)
{
	return (uint64_t)tid << 32 | (uint64_t)kind << 24 | (uint64_t)(number + 1);
}

#endif
