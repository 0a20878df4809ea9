/* SPDX-License-Identifier: MIT */
/*
 * Resource limits, and priorities by nice values, which are kept and reported.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

#define NOFILE_MAX 1048576u

static int limit_check(const struct process *process, unsigned int which,
                       const struct abi_rlimit *limit)
{
	if (limit->soft > limit->hard)
		return -EINVAL;
	if (which == ABI_RLIMIT_NOFILE && limit->hard > NOFILE_MAX)
		return -EPERM;
	if (limit->hard > process->rlimit[which].hard && !cap_held(ABI_CAP_SYS_RESOURCE))
		return -EPERM;
	return 0;
}

static int limit_set(struct process *process, unsigned int which, const struct abi_rlimit *limit)
{
	int result = limit_check(process, which, limit);

	if (result != 0)
		return result;
	process->rlimit[which] = *limit;
	if (which == ABI_RLIMIT_CPU)
		cpu_timer_start(process);
	return 0;
}

long sys_getrlimit(const struct sys_args *args)
{
	unsigned int which = SYS_UINT(args, 0);

	if (which >= ABI_RLIMIT_COUNT)
		return -EINVAL;
	return copy_to_user(SYS_PTR(args, 1), &current()->process->rlimit[which],
	                    sizeof(struct abi_rlimit));
}

long sys_setrlimit(const struct sys_args *args)
{
	unsigned int which = SYS_UINT(args, 0);
	struct abi_rlimit limit;

	if (copy_from_user(&limit, SYS_PTR(args, 1), sizeof(limit)) != 0)
		return -EFAULT;
	if (which >= ABI_RLIMIT_COUNT)
		return -EINVAL;
	return limit_set(current()->process, which, &limit);
}

long sys_prlimit64(const struct sys_args *args)
{
	struct task *task = task_meant(SYS_INT(args, 0));
	unsigned int which = SYS_UINT(args, 1);
	struct abi_rlimit limit, old;
	int result = 0;

	if (args->arg[2] && copy_from_user(&limit, SYS_PTR(args, 2), sizeof(limit)) != 0)
		return -EFAULT;
	if (!task)
		return -ESRCH;
	if (!task_may_limit(task))
		return -EPERM;
	if (which >= ABI_RLIMIT_COUNT)
		return -EINVAL;
	old = task->process->rlimit[which];
	if (args->arg[2])
		result = limit_set(task->process, which, &limit);
	if (result == 0 && args->arg[3])
		result = copy_to_user(SYS_PTR(args, 3), &old, sizeof(old));
	return result;
}

/* What a call about priorities does with one task: `result` is the answer so far. */
typedef long priority_visit(struct task *task, long result, int nice);

static bool priority_meant(const struct task *task, int which, int who)
{
	const struct process *self = current()->process;

	if (which == ABI_PRIO_PGRP)
		return task->process->pgid == (who ? who : self->pgid);
	return task->cred.uid == (who ? (uint32_t)who : current()->cred.uid);
}

/* Those that a call means, also processes that have ended and wait for their parents. */
static long priority_walk(const struct sys_args *args, priority_visit *visit, int nice)
{
	int which = SYS_INT(args, 0), who = SYS_INT(args, 1);
	const struct process *process;
	struct task *task;
	long result = -ESRCH;

	if (which < 0 || which > ABI_PRIO_USER)
		return -EINVAL;
	if (which == ABI_PRIO_PROCESS) {
		task = task_meant(who);
		return task ? visit(task, result, nice) : result;
	}
	list_for_each_entry (process, &process_all, struct process, all_node) {
		if (process->zombie && priority_meant(process->leader, which, who))
			result = visit(process->leader, result, nice);
		list_for_each_entry (task, &process->tasks, struct task, process_node) {
			if (priority_meant(task, which, who))
				result = visit(task, result, nice);
		}
	}
	return result;
}

/* 40 is the highest, 1 the lowest. */
static long priority_higher(struct task *task, long result, int nice)
{
	(void)nice;
	return MAX(result, (long)(NICE_MAX + 1 - task->nice));
}

long sys_getpriority(const struct sys_args *args)
{
	return priority_walk(args, priority_higher, 0);
}

bool nice_within_limit(const struct task *task, int nice)
{
	return (uint64_t)(NICE_MAX + 1 - nice) <= task->process->rlimit[ABI_RLIMIT_NICE].soft;
}

/* One that fails is the answer; those before and behind it are changed all the same. */
static long nice_set(struct task *task, long result, int nice)
{
	if (!task_may_schedule(task))
		return -EPERM;
	if (nice < task->nice && !nice_within_limit(task, nice) && !cap_held(ABI_CAP_SYS_NICE))
		return -EACCES;
	if (!task_has_no_more_rights(task))
		return -EPERM;
	task->nice = nice;
	return result == -ESRCH ? 0 : result;
}

long sys_setpriority(const struct sys_args *args)
{
	return priority_walk(args, nice_set, MIN(MAX(SYS_INT(args, 2), NICE_MIN), NICE_MAX));
}
