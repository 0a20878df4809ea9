/* SPDX-License-Identifier: MIT */
/*
 * Numbers of processes, process groups and sessions; prctl and arch_prctl.
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

/* The process a call means by number; 0 is the caller. */
static struct process *process_meant(int pid)
{
	return pid == 0 ? current()->process : process_find(pid);
}

long sys_getpgid(const struct sys_args *args)
{
	const struct process *process = process_meant(SYS_INT(args, 0));

	return process ? process->pgid : -ESRCH;
}

long sys_getsid(const struct sys_args *args)
{
	const struct process *process = process_meant(SYS_INT(args, 0));

	return process ? process->sid : -ESRCH;
}

long sys_setpgid(const struct sys_args *args)
{
	const struct process *self = current()->process;
	struct process *process = process_meant(SYS_INT(args, 0));
	int pgid = SYS_INT(args, 1);

	if (pgid < 0)
		return -EINVAL;
	if (!process)
		return -ESRCH;
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

static int name_from_user(struct task *task, const void *user)
{
	char name[sizeof(task->name)];
	long len = strncpy_from_user(name, user, sizeof(name) - 1);

	if (len == -EFAULT)
		return -EFAULT;
	name[len >= 0 ? (size_t)len : sizeof(name) - 1] = '\0';
	memset(task->name, 0, sizeof(task->name));
	str_copy(task->name, name, sizeof(task->name));
	return 0;
}

static long set_flag(uint64_t value, bool *flag)
{
	*flag = value != 0;
	return 0;
}

static long store_int(uintptr_t user, int value)
{
	return copy_to_user((void *)user, &value, sizeof(value));
}

static long set_death_signal(struct process *process, uint64_t signal)
{
	if (signal > ABI_SIGNAL_COUNT)
		return -EINVAL;
	process->parent_death_signal = (int)signal;
	return 0;
}

long sys_prctl(const struct sys_args *args)
{
	struct task *task = current();
	struct process *process = task->process;
	uint64_t value = args->arg[1];

	switch (SYS_INT(args, 0)) {
	case ABI_PR_SET_NAME:
		return name_from_user(task, SYS_PTR(args, 1));
	case ABI_PR_GET_NAME:
		return copy_to_user(SYS_PTR(args, 1), task->name, sizeof(task->name));
	case ABI_PR_SET_PDEATHSIG:
		return set_death_signal(process, value);
	case ABI_PR_GET_PDEATHSIG:
		return store_int(value, process->parent_death_signal);
	case ABI_PR_GET_DUMPABLE:
		return process->dumpable;
	case ABI_PR_SET_DUMPABLE:
		return value > 1 ? -EINVAL : set_flag(value, &process->dumpable);
	case ABI_PR_SET_CHILD_SUBREAPER:
		return set_flag(value, &process->subreaper);
	case ABI_PR_GET_CHILD_SUBREAPER:
		return store_int(value, process->subreaper);
	case ABI_PR_GET_TIMERSLACK:
		return task->timer_slack_ns;
	case ABI_PR_SET_TIMERSLACK:
		task->timer_slack_ns = value && value <= UINT32_MAX ? (uint32_t)value : 50000;
		return 0;
	case ABI_PR_CAPBSET_READ:
		return value > ABI_CAP_LAST ? -EINVAL : 1;
	case ABI_PR_GET_KEEPCAPS:
	case ABI_PR_GET_SECUREBITS:
	case ABI_PR_GET_SECCOMP:
		return 0;
	case ABI_PR_GET_NO_NEW_PRIVS:
		return process->no_new_privs;
	case ABI_PR_SET_NO_NEW_PRIVS:
		return value != 1 || args->arg[2] || args->arg[3] || args->arg[4]
		           ? -EINVAL
		           : set_flag(1, &process->no_new_privs);
	default:
		return -EINVAL;
	}
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
