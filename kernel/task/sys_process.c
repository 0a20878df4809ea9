/* SPDX-License-Identifier: MIT */
/*
 * Numbers of processes, process groups and sessions; arch_prctl and personality.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"
#include "pv/cpu.h"

long sys_getpid(const struct sys_args *args)
{
	(void)args;
	return current()->process->pid;
}

long sys_gettid(const struct sys_args *args)
{
	(void)args;
	return current()->tid;
}

long sys_getppid(const struct sys_args *args)
{
	(void)args;
	return __atomic_load_n(&current()->process->parent_pid, __ATOMIC_RELAXED);
}

long sys_getpgrp(const struct sys_args *args)
{
	(void)args;
	return __atomic_load_n(&current()->process->pgid, __ATOMIC_RELAXED);
}

long sys_getpgid(const struct sys_args *args)
{
	const struct task *task = task_meant(SYS_INT(args, 0));

	return task ? task->process->pgid : -ESRCH;
}

long sys_getsid(const struct sys_args *args)
{
	const struct task *task = task_meant(SYS_INT(args, 0));

	return task ? task->process->sid : -ESRCH;
}

long sys_setpgid(const struct sys_args *args)
{
	const struct process *self = current()->process;
	struct task *task = SYS_INT(args, 0) ? task_find(SYS_INT(args, 0)) : self->leader;
	int pgid = SYS_INT(args, 1);
	struct process *process;

	if (pgid < 0)
		return -EINVAL;
	if (!task)
		return -ESRCH;
	process = task->process;
	if (task != process->leader)
		return -EINVAL;
	if (pgid == 0)
		pgid = process->pid;
	if (process != self) {
		if (process->parent != self)
			return -ESRCH;
		if (process->sid != self->sid)
			return -EPERM;
		if (process->executed)
			return -EACCES;
	}
	if (process->pid == process->sid)
		return -EPERM;
	if (pgid != process->pid && !group_number_known(pgid, self->sid))
		return -EPERM;
	process->pgid = pgid;
	return 0;
}

long sys_setsid(const struct sys_args *args)
{
	struct process *process = current()->process;
	const struct process *other;

	(void)args;
	list_for_each_entry (other, &process_all, struct process, all_node) {
		if (other->pgid == process->pid)
			return -EPERM;
	}
	process->sid = process->pid;
	process->pgid = process->pid;
	process->tty = NULL;
	return process->sid;
}

long sys_arch_prctl(const struct sys_args *args)
{
	uint64_t base = args->arg[1];

	switch (SYS_INT(args, 0)) {
	case ABI_ARCH_SET_FS:
		if (base >= PV_USER_END)
			return -EPERM;
		pv_cpu_set_user_fs_base(base);
		return 0;
	case ABI_ARCH_SET_GS:
		if (base >= PV_USER_END)
			return -EPERM;
		pv_cpu_set_user_gs_base(base);
		return 0;
	case ABI_ARCH_GET_FS:
		base = pv_cpu_user_fs_base();
		break;
	case ABI_ARCH_GET_GS:
		base = pv_cpu_user_gs_base();
		break;
	default:
		return -EINVAL;
	}
	return copy_to_user(SYS_PTR(args, 1), &base, sizeof(base));
}

long sys_personality(const struct sys_args *args)
{
	struct task *task = current();
	uint32_t old = task->personality;

	if (SYS_UINT(args, 0) != UINT32_MAX)
		task->personality = SYS_UINT(args, 0);
	return old;
}
