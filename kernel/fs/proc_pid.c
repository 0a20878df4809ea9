/* SPDX-License-Identifier: MIT */
/*
 * The files of /proc/PID, in the order they are listed, and the small ones among them.
 */
#include "kernel/fs/procfs.h"
#include "kernel/mm/vm.h"
#include "kernel/task/posix_timer.h"
#include "kernel/task/task.h"

static void show_comm(struct seq *seq, struct task *task)
{
	seq_printf(seq, "%s\n", task->name);
}

static long write_comm(struct task *task, const char *text, size_t len)
{
	size_t bytes = len;

	if (task->process != current()->process)
		return -EINVAL;
	if (bytes > 0 && text[bytes - 1] == '\n')
		bytes--;
	bytes = MIN(bytes, sizeof(task->name) - 1);
	memcpy(task->name, text, bytes);
	task->name[bytes] = 0;
	return (long)len;
}

static void show_limit(struct seq *seq, uint64_t value)
{
	if (value == ABI_RLIM_INFINITY)
		seq_printf(seq, "%-20s ", "unlimited");
	else
		seq_printf(seq, "%-20llu ", (unsigned long long)value);
}

static void show_limits(struct seq *seq, struct task *task)
{
	static const char *const names[ABI_RLIMIT_COUNT][2] = {
	    {"Max cpu time", "seconds"},     {"Max file size", "bytes"},
	    {"Max data size", "bytes"},      {"Max stack size", "bytes"},
	    {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
	    {"Max processes", "processes"},  {"Max open files", "files"},
	    {"Max locked memory", "bytes"},  {"Max address space", "bytes"},
	    {"Max file locks", "locks"},     {"Max pending signals", "signals"},
	    {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},
	    {"Max realtime priority", ""},   {"Max realtime timeout", "us"},
	};

	seq_printf(seq, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < ABI_RLIMIT_COUNT; i++) {
		seq_printf(seq, "%-25s ", names[i][0]);
		show_limit(seq, task->process->rlimit[i].soft);
		show_limit(seq, task->process->rlimit[i].hard);
		if (names[i][1][0] != 0)
			seq_printf(seq, "%-10s", names[i][1]);
		seq_printf(seq, "\n");
	}
}

/* Nobody counts who would be killed first. */
static void show_zero(struct seq *seq, struct task *task)
{
	(void)task;
	seq_printf(seq, "0\n");
}

/* There is one hierarchy, without controllers, and everybody is in its root. */
static void show_cgroup(struct seq *seq, struct task *task)
{
	(void)task;
	seq_printf(seq, "0::/\n");
}

/* Where the task waits has no name here: what Linux says of one that runs, or without names. */
static void show_wchan(struct seq *seq, struct task *task)
{
	(void)task;
	seq_printf(seq, "0");
}

/* Addresses of the kernel are not told, and there are no names: the trace is empty. */
static void show_stack(struct seq *seq, struct task *task)
{
	(void)seq;
	(void)task;
}

static void show_personality(struct seq *seq, struct task *task)
{
	seq_printf(seq, "%08x\n", task->personality);
}

static void show_coredump_filter(struct seq *seq, struct task *task)
{
	if (task->vm != NULL)
		seq_printf(seq, "%08x\n", task->vm->coredump_filter);
}

/* A number in any of C's bases. */
static long write_coredump_filter(struct task *task, const char *text, size_t len)
{
	uint64_t value;

	if (!proc_may_look(task))
		return -EACCES;
	if (!proc_parse_number(text, &value) || value > UINT32_MAX)
		return -EINVAL;
	if (task->vm == NULL)
		return -ESRCH;
	task->vm->coredump_filter = (uint32_t)value & VM_DUMP_ALL;
	return (long)len;
}

static void show_timers(struct seq *seq, struct task *task)
{
	posix_timers_show(seq, task->process);
}

/* The one user namespace has all numbers as they are. */
static void show_id_map(struct seq *seq, struct task *task)
{
	(void)task;
	seq_printf(seq, "%10u %10u %10u\n", 0u, 0u, UINT32_MAX);
}

static void show_setgroups(struct seq *seq, struct task *task)
{
	(void)task;
	seq_printf(seq, "allow\n");
}

/* Children that the task itself has made would be told apart from those of its process's others; a
 * process's children are those of its leader here. */
static void show_children(struct seq *seq, struct task *task)
{
	const struct process *child;

	if (task != task->process->leader)
		return;
	list_for_each_entry (child, &task->process->children, struct process, sibling)
		seq_printf(seq, "%d ", child->pid);
}

static struct inode *follow_exe(struct task *task)
{
	if (task->vm == NULL || task->vm->exe == NULL)
		return err_ptr(-ENOENT);
	inode_get(task->vm->exe);
	return task->vm->exe;
}

static struct inode *follow_cwd(struct task *task)
{
	if (task->fs == NULL)
		return err_ptr(-ENOENT);
	inode_get(task->fs->cwd);
	return task->fs->cwd;
}

static struct inode *follow_root(struct task *task)
{
	if (task->fs == NULL)
		return err_ptr(-ENOENT);
	inode_get(task->fs->root);
	return task->fs->root;
}

#define REG(mode) (ABI_S_IFREG | (mode))
#define LNK       (ABI_S_IFLNK | 0777)

const struct proc_pid_file proc_pid_files[] = {
    {.name = "environ", .mode = REG(0400), .flags = PROC_GUARDED, .show = proc_show_environ},
    {.name = "auxv", .mode = REG(0400), .flags = PROC_GUARDED, .show = proc_show_auxv},
    {.name = "status", .mode = REG(0444), .show = proc_show_status},
    {.name = "personality", .mode = REG(0400), .flags = PROC_GUARDED, .show = show_personality},
    {.name = "limits", .mode = REG(0444), .show = show_limits},
    {.name = "sched", .mode = REG(0444), .show = proc_show_sched},
    {.name = "comm", .mode = REG(0644), .show = show_comm, .write = write_comm},
    {.name = "syscall", .mode = REG(0400), .flags = PROC_GUARDED, .show = proc_show_syscall},
    {.name = "cmdline", .mode = REG(0444), .show = proc_show_cmdline},
    {.name = "stat", .mode = REG(0444), .show = proc_show_stat},
    {.name = "statm", .mode = REG(0444), .show = proc_show_statm},
    {.name = "maps", .mode = REG(0444), .flags = PROC_GUARDED, .show_next = proc_next_map},
    {.name = "children", .mode = REG(0444), .flags = PROC_ONLY_OF_TASK, .show = show_children},
    {.name = "mem", .mode = REG(0600), .ops = &proc_mem_file_ops},
    {.name = "cwd", .mode = LNK, .follow = follow_cwd},
    {.name = "root", .mode = LNK, .follow = follow_root},
    {.name = "exe", .mode = LNK, .follow = follow_exe},
    {.name = "mounts", .mode = REG(0444), .show = proc_show_mounts, .ops = &proc_mounts_file_ops},
    {.name = "mountinfo",
     .mode = REG(0444),
     .show = proc_show_mountinfo,
     .ops = &proc_mounts_file_ops},
    {.name = "clear_refs", .mode = REG(0200), .write = proc_write_clear_refs},
    {.name = "smaps", .mode = REG(0444), .flags = PROC_GUARDED, .show_next = proc_next_smap},
    {.name = "smaps_rollup",
     .mode = REG(0444),
     .flags = PROC_GUARDED,
     .show = proc_show_smaps_rollup},
    {.name = "pagemap", .mode = REG(0400), .ops = &proc_pagemap_file_ops},
    {.name = "wchan", .mode = REG(0444), .show = show_wchan},
    {.name = "stack", .mode = REG(0400), .flags = PROC_GUARDED, .show = show_stack},
    {.name = "schedstat", .mode = REG(0444), .show = proc_show_schedstat},
    {.name = "cgroup", .mode = REG(0444), .show = show_cgroup},
    {.name = "oom_score", .mode = REG(0444), .show = show_zero},
    {.name = "oom_adj", .mode = REG(0644), .show = proc_show_oom_adj, .write = proc_write_oom_adj},
    {.name = "oom_score_adj",
     .mode = REG(0644),
     .show = proc_show_oom_score_adj,
     .write = proc_write_oom_score_adj},
    {.name = "coredump_filter",
     .mode = REG(0644),
     .flags = PROC_GUARDED | PROC_NOT_OF_TASK,
     .show = show_coredump_filter,
     .write = write_coredump_filter},
    {.name = "timers", .mode = REG(0444), .flags = PROC_NOT_OF_TASK, .show = show_timers},
    {.name = "uid_map", .mode = REG(0644), .show = show_id_map},
    {.name = "gid_map", .mode = REG(0644), .show = show_id_map},
    {.name = "setgroups", .mode = REG(0644), .show = show_setgroups},
};

const size_t proc_pid_file_count = ARRAY_COUNT(proc_pid_files);
