/* SPDX-License-Identifier: MIT */
/*
 * What the directories of procfs list. A position is 2 and more for what stands behind "." and
 * "..".
 */
#include "kernel/fs/proc_node.h"
#include "kernel/task/task.h"

/* Positions in the root directory: the fixed names first, then processes. */
#define POS_FIRST_PID 0x10000u

typedef bool emit_fn(void *arg, const char *name, uint64_t ino, uint8_t type, uint64_t next);

static bool iterate_tree(const struct proc_entry *dir, uint64_t from, emit_fn *emit, void *arg)
{
	const struct proc_entry *entry;
	uint64_t pos = 2;

	list_for_each_entry (entry, &dir->children, struct proc_entry, node) {
		char name[ABI_NAME_MAX + 1];

		/* Names of directories are parts of longer strings. */
		memcpy(name, entry->name, entry->name_len);
		name[entry->name_len] = 0;
		if (pos >= from &&
		    !emit(arg, name, entry->ino, inode_dirent_type(entry->mode), pos + 1))
			return false;
		pos++;
	}
	return true;
}

/* The process with the lowest number that is not below `pid`, or NULL. */
static struct process *process_from(int pid)
{
	struct process *process, *best = NULL;

	list_for_each_entry (process, &process_all, struct process, all_node) {
		if (process->pid >= pid && (best == NULL || process->pid < best->pid))
			best = process;
	}
	return best;
}

static void iterate_processes(uint64_t from, emit_fn *emit, void *arg)
{
	int pid = from > POS_FIRST_PID ? (int)(from - POS_FIRST_PID) : 0;
	struct process *process;

	while ((process = process_from(pid)) != NULL) {
		char name[16];

		fmt_print(name, sizeof(name), "%d", process->pid);
		pid = process->pid + 1;
		if (!emit(arg, name, proc_pid_ino(process->pid, PROC_PID_DIR, 0), ABI_DT_DIR,
		          POS_FIRST_PID + (uint64_t)pid))
			return;
	}
}

static void iterate_pid(struct inode *dir, int tid, uint64_t from, emit_fn *emit, void *arg)
{
	size_t skipped = proc_is_task_dir(dir) ? 1 : 0, count = PROC_PID_DIR_COUNT - skipped;

	for (uint64_t i = from - 2; i < count; i++) {
		const struct proc_pid_dir *entry = &proc_pid_dirs[i + skipped];

		if (!emit(arg, entry->name, proc_pid_ino(tid, entry->kind, 0), ABI_DT_DIR, i + 3))
			return;
	}
	for (uint64_t i = MAX(from - 2, (uint64_t)count); i < count + proc_pid_file_count; i++) {
		const struct proc_pid_file *file = &proc_pid_files[i - count];

		if (proc_file_is_in(dir, file) &&
		    !emit(arg, file->name, proc_pid_ino(tid, PROC_PID_FILE, (int)(i - count)),
		          inode_dirent_type(file->mode), i + 3))
			return;
	}
}

static void iterate_ns(int tid, uint64_t from, emit_fn *emit, void *arg)
{
	for (uint64_t i = from - 2; i < proc_ns_count; i++) {
		if (!emit(arg, proc_ns_links[i].name, proc_pid_ino(tid, PROC_NS, (int)i),
		          ABI_DT_LNK, i + 3))
			return;
	}
}

static void iterate_fds(struct inode *dir, struct task *task, uint64_t from, emit_fn *emit,
                        void *arg)
{
	bool link = proc_node_of(dir)->kind == PROC_FD_DIR;
	int fd = (int)(from - 2);

	if (task->files == NULL)
		return;
	for (fd = fd_table_next(task->files, fd); fd >= 0;
	     fd = fd_table_next(task->files, fd + 1)) {
		char name[16];

		fmt_print(name, sizeof(name), "%d", fd);
		if (!emit(arg, name, proc_pid_ino(task->tid, link ? PROC_FD : PROC_FDINFO, fd),
		          link ? ABI_DT_LNK : ABI_DT_REG, (uint64_t)fd + 3))
			return;
	}
}

static void iterate_tasks(struct process *process, uint64_t from, emit_fn *emit, void *arg)
{
	struct task *task;
	uint64_t pos = 2;

	list_for_each_entry (task, &process->tasks, struct task, process_node) {
		char name[16];

		fmt_print(name, sizeof(name), "%d", task->tid);
		if (pos >= from &&
		    !emit(arg, name, proc_pid_ino(task->tid, PROC_PID_DIR, 0), ABI_DT_DIR, pos + 1))
			return;
		pos++;
	}
}

static long proc_iterate(struct file *file, emit_fn *emit, void *arg)
{
	struct inode *dir = file->inode;
	struct proc_node *node = proc_node_of(dir);
	uint64_t from = MAX(file->pos, (uint64_t)2);
	struct task *task = NULL;

	if (node->kind != PROC_TREE) {
		task = proc_node_task(dir);
		if (task == NULL)
			return -ENOENT;
	}
	if (file->pos == 0 && !emit(arg, ".", dir->ino, ABI_DT_DIR, 1))
		return 0;
	if (file->pos <= 1 && !emit(arg, "..", inode_parent_ino(dir), ABI_DT_DIR, 2))
		return 0;
	if (node->kind == PROC_TREE) {
		if (iterate_tree(node->entry, from, emit, arg) && node->entry == &proc_tree)
			iterate_processes(from, emit, arg);
	} else if (node->kind == PROC_PID_DIR) {
		iterate_pid(dir, node->tid, from, emit, arg);
	} else if (node->kind == PROC_NS_DIR) {
		iterate_ns(node->tid, from, emit, arg);
	} else if (node->kind == PROC_TASK_DIR) {
		iterate_tasks(task->process, from, emit, arg);
	} else {
		iterate_fds(dir, task, from, emit, arg);
	}
	return 0;
}

/* What a process has open is told to who may look into it, whatever the mode says. */
static int proc_dir_open(struct file *file)
{
	const struct task *task;

	if (proc_node_of(file->inode)->kind != PROC_FDINFO_DIR)
		return 0;
	task = proc_node_task(file->inode);
	if (task == NULL)
		return -ENOENT;
	return proc_may_look(task) ? 0 : -EACCES;
}

const struct file_ops proc_dir_file_ops = {
    .open = proc_dir_open,
    .iterate = proc_iterate,
};
