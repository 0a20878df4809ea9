/* SPDX-License-Identifier: MIT */
/*
 * prctl, but for what it says about capabilities (sys_cap.c).
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

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

static long set_dumpable(struct vm *vm, uint64_t value)
{
	if (value != ABI_DUMPABLE_NO && value != ABI_DUMPABLE_USER)
		return -EINVAL;
	vm->dumpable = (uint32_t)value;
	return 0;
}

static bool later_args_zero(const struct sys_args *args)
{
	return !args->arg[2] && !args->arg[3] && !args->arg[4];
}

static long set_no_new_privs(const struct sys_args *args)
{
	if (args->arg[1] != 1 || !later_args_zero(args))
		return -EINVAL;
	current()->cred.no_new_privs = true;
	return 0;
}

static long get_no_new_privs(const struct sys_args *args)
{
	return args->arg[1] || !later_args_zero(args) ? -EINVAL : current()->cred.no_new_privs;
}

static long set_timer_slack(struct task *task, uint64_t ns)
{
	task->timer_slack_ns = ns ? ns : task->timer_slack_default_ns;
	return 0;
}

/* What concerns the process or its memory. */
static long prctl_process(const struct sys_args *args)
{
	struct task *task = current();
	struct process *process = task->process;
	uint64_t value = args->arg[1];

	switch (SYS_INT(args, 0)) {
	case ABI_PR_SET_PDEATHSIG:
		return set_death_signal(process, value);
	case ABI_PR_GET_PDEATHSIG:
		return store_int(value, process->parent_death_signal);
	case ABI_PR_GET_DUMPABLE:
		return task->vm->dumpable;
	case ABI_PR_SET_DUMPABLE:
		return set_dumpable(task->vm, value);
	case ABI_PR_SET_CHILD_SUBREAPER:
		process->subreaper = value != 0;
		return 0;
	case ABI_PR_GET_CHILD_SUBREAPER:
		return store_int(value, process->subreaper);
	default:
		return prctl_capabilities(args);
	}
}

long sys_prctl(const struct sys_args *args)
{
	struct task *task = current();
	uint64_t value = args->arg[1];

	switch (SYS_INT(args, 0)) {
	case ABI_PR_SET_NAME:
		return name_from_user(task, SYS_PTR(args, 1));
	case ABI_PR_GET_NAME:
		return copy_to_user(SYS_PTR(args, 1), task->name, sizeof(task->name));
	case ABI_PR_GET_TIMING:
	case ABI_PR_GET_SECCOMP:
		return 0;
	case ABI_PR_SET_TIMING: /* 0: by statistics, the only way */
		return value == 0 ? 0 : -EINVAL;
	case ABI_PR_GET_TIMERSLACK:
		return (long)task->timer_slack_ns;
	case ABI_PR_SET_TIMERSLACK:
		return set_timer_slack(task, value);
	/* The counter can be read by every program, always. */
	case ABI_PR_GET_TSC:
		return store_int(value, ABI_PR_TSC_ENABLE);
	case ABI_PR_SET_TSC:
		return value == ABI_PR_TSC_ENABLE ? 0 : -EINVAL;
	case ABI_PR_GET_TID_ADDRESS:
		return copy_to_user(SYS_PTR(args, 1), &task->clear_child_tid,
		                    sizeof(task->clear_child_tid));
	case ABI_PR_GET_NO_NEW_PRIVS:
		return get_no_new_privs(args);
	case ABI_PR_SET_NO_NEW_PRIVS:
		return set_no_new_privs(args);
	default:
		return prctl_process(args);
	}
}
