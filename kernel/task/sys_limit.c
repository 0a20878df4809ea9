/* SPDX-License-Identifier: MIT */
/*
 * Resource limits, priorities and scheduling parameters. The scheduler knows one kind of task;
 * policies and nice values are kept and reported.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"
#include "pv/smp.h"

#define NOFILE_MAX        1048576u
#define NICE_MIN          (-20)
#define NICE_MAX          19
#define RT_PRIORITY_MAX   99
#define RR_INTERVAL_NS    100000000u
#define OTHER_INTERVAL_NS 10000000u

static int limit_check(const struct process *process, unsigned int which,
                       const struct abi_rlimit *limit)
{
	if (limit->soft > limit->hard)
		return -EINVAL;
	if (which == ABI_RLIMIT_NOFILE && limit->hard > NOFILE_MAX)
		return -EPERM;
	if (limit->hard > process->rlimit[which].hard && current()->process->euid != 0)
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

static bool same_user(const struct process *target)
{
	const struct process *self = current()->process;

	return self->euid == 0 ||
	       (self->uid == target->uid && self->uid == target->euid && self->uid == target->suid);
}

long sys_prlimit64(const struct sys_args *args)
{
	struct process *process =
	    SYS_INT(args, 0) ? process_find(SYS_INT(args, 0)) : current()->process;
	unsigned int which = SYS_UINT(args, 1);
	struct abi_rlimit limit, old;
	int result = 0;

	if (which >= ABI_RLIMIT_COUNT)
		return -EINVAL;
	if (args->arg[2] && copy_from_user(&limit, SYS_PTR(args, 2), sizeof(limit)) != 0)
		return -EFAULT;
	if (!process)
		return -ESRCH;
	if (process != current()->process && !same_user(process))
		return -EPERM;
	old = process->rlimit[which];
	if (args->arg[2])
		result = limit_set(process, which, &limit);
	if (result == 0 && args->arg[3])
		result = copy_to_user(SYS_PTR(args, 3), &old, sizeof(old));
	return result;
}

/* Whether a getpriority()/setpriority() call means this task. */
static bool priority_meant(const struct task *task, int which, int who)
{
	const struct process *process = task->process, *self = current()->process;

	switch (which) {
	case ABI_PRIO_PROCESS:
		return who ? task->tid == who : task == current();
	case ABI_PRIO_PGRP:
		return process->pgid == (who ? who : self->pgid);
	default:
		return process->uid == (who ? (uint32_t)who : self->uid);
	}
}

long sys_getpriority(const struct sys_args *args)
{
	const struct process *process;
	const struct task *task;
	long best = -ESRCH;

	if (SYS_UINT(args, 0) > ABI_PRIO_USER)
		return -EINVAL;
	list_for_each_entry (process, &process_all, struct process, all_node) {
		/* 40 is the highest, 1 the lowest. */
		list_for_each_entry (task, &process->tasks, struct task, process_node) {
			if (priority_meant(task, SYS_INT(args, 0), SYS_INT(args, 1)))
				best = MAX(best, (long)(NICE_MAX + 1 - task->nice));
		}
	}
	return best;
}

static int nice_set(struct task *task, int nice)
{
	const struct process *process = task->process, *self = current()->process;

	if (self->euid != 0 && self->euid != process->euid && self->euid != process->uid)
		return -EPERM;
	if (nice < task->nice && self->euid != 0)
		return -EACCES;
	task->nice = nice;
	return 0;
}

long sys_setpriority(const struct sys_args *args)
{
	int nice = MIN(MAX(SYS_INT(args, 2), NICE_MIN), NICE_MAX);
	struct process *process;
	struct task *task;
	long result = -ESRCH;

	if (SYS_UINT(args, 0) > ABI_PRIO_USER)
		return -EINVAL;
	list_for_each_entry (process, &process_all, struct process, all_node) {
		list_for_each_entry (task, &process->tasks, struct task, process_node) {
			int one;

			if (!priority_meant(task, SYS_INT(args, 0), SYS_INT(args, 1)))
				continue;
			one = nice_set(task, nice);
			if (result == -ESRCH || one != 0)
				result = one;
		}
	}
	return result;
}

long sys_sched_yield(const struct sys_args *args)
{
	(void)args;
	sched_yield();
	return 0;
}

static struct task *task_meant(int tid)
{
	return tid == 0 ? current() : task_find(tid);
}

long sys_sched_getaffinity(const struct sys_args *args)
{
	const struct task *task = task_meant(SYS_INT(args, 0));
	uint64_t mask;

	if (args->arg[1] < sizeof(mask) || args->arg[1] % sizeof(mask) != 0)
		return -EINVAL;
	if (!task)
		return -ESRCH;
	mask = task->affinity & pv_smp_online_mask();
	if (copy_to_user(SYS_PTR(args, 2), &mask, sizeof(mask)) != 0)
		return -EFAULT;
	return sizeof(mask);
}

long sys_sched_setaffinity(const struct sys_args *args)
{
	struct task *task = task_meant(SYS_INT(args, 0));
	uint64_t mask = 0;

	if (copy_from_user(&mask, SYS_PTR(args, 2), MIN(args->arg[1], (uint64_t)sizeof(mask))) != 0)
		return -EFAULT;
	if (!task)
		return -ESRCH;
	if (!(mask & pv_smp_online_mask()))
		return -EINVAL;
	sched_set_affinity(task, mask & pv_smp_online_mask());
	return 0;
}

static int policy_set(struct task *task, int policy, int priority)
{
	int base = policy & ~ABI_SCHED_RESET_ON_FORK;
	bool real_time = base == ABI_SCHED_FIFO || base == ABI_SCHED_RR;

	if (!real_time && base != ABI_SCHED_OTHER && base != ABI_SCHED_BATCH &&
	    base != ABI_SCHED_IDLE)
		return -EINVAL;
	if (real_time ? priority < 1 || priority > RT_PRIORITY_MAX : priority != 0)
		return -EINVAL;
	if (real_time && current()->process->euid != 0)
		return -EPERM;
	task->policy = policy;
	task->rt_priority = priority;
	return 0;
}

static int policy_set_user(int tid, int policy, const void *user_param)
{
	struct task *task;
	int priority;

	if (policy < 0 || tid < 0 || !user_param)
		return -EINVAL;
	if (copy_from_user(&priority, user_param, sizeof(priority)) != 0)
		return -EFAULT;
	task = task_meant(tid);
	return task ? policy_set(task, policy, priority) : -ESRCH;
}

long sys_sched_setscheduler(const struct sys_args *args)
{
	return policy_set_user(SYS_INT(args, 0), SYS_INT(args, 1), SYS_PTR(args, 2));
}

long sys_sched_setparam(const struct sys_args *args)
{
	const struct task *task = task_meant(SYS_INT(args, 0));

	if (SYS_INT(args, 0) < 0 || !args->arg[1])
		return -EINVAL;
	return task ? policy_set_user(SYS_INT(args, 0), task->policy, SYS_PTR(args, 1)) : -ESRCH;
}

long sys_sched_getscheduler(const struct sys_args *args)
{
	const struct task *task = task_meant(SYS_INT(args, 0));

	if (SYS_INT(args, 0) < 0)
		return -EINVAL;
	return task ? task->policy : -ESRCH;
}

long sys_sched_getparam(const struct sys_args *args)
{
	const struct task *task = task_meant(SYS_INT(args, 0));

	if (SYS_INT(args, 0) < 0 || !args->arg[1])
		return -EINVAL;
	if (!task)
		return -ESRCH;
	return copy_to_user(SYS_PTR(args, 1), &task->rt_priority, sizeof(task->rt_priority));
}

/* -E2BIG, and the size we know stored for the program: it asks for more, or for less than ever was.
 */
static int attr_read_user(uintptr_t user, struct abi_sched_attr *attr)
{
	uint32_t size;

	if (copy_from_user(&size, (void *)user, sizeof(size)) != 0)
		return -EFAULT;
	if (size == 0)
		size = sizeof(*attr);
	if (size != sizeof(*attr)) {
		user_store32(user, sizeof(*attr));
		return -E2BIG;
	}
	return copy_from_user(attr, (void *)user, sizeof(*attr));
}

long sys_sched_setattr(const struct sys_args *args)
{
	int tid = SYS_INT(args, 0), policy, result;
	struct abi_sched_attr attr;
	struct task *task;

	if (tid < 0 || !args->arg[1] || SYS_UINT(args, 2) != 0)
		return -EINVAL;
	result = attr_read_user(args->arg[1], &attr);
	if (result != 0)
		return result;
	task = task_meant(tid);
	if (!task)
		return -ESRCH;
	if (attr.policy > ABI_SCHED_DEADLINE ||
	    (attr.flags & ~(uint64_t)ABI_SCHED_FLAG_RESET_ON_FORK))
		return -EINVAL;
	policy = (int)attr.policy;
	if (attr.flags & ABI_SCHED_FLAG_RESET_ON_FORK)
		policy |= ABI_SCHED_RESET_ON_FORK;
	attr.nice = MIN(MAX(attr.nice, NICE_MIN), NICE_MAX);
	if (attr.nice < task->nice && current()->process->euid != 0)
		return -EPERM;
	result = policy_set(task, policy, (int)attr.priority);
	if (result == 0 && attr.priority == 0)
		task->nice = attr.nice;
	return result;
}

long sys_sched_getattr(const struct sys_args *args)
{
	int tid = SYS_INT(args, 0);
	uint64_t size = SYS_UINT(args, 2);
	struct abi_sched_attr attr = {.size = sizeof(attr)};
	const struct task *task;

	if (tid < 0 || !args->arg[1] || size < sizeof(attr) || size > PAGE_BYTES ||
	    SYS_UINT(args, 3) != 0)
		return -EINVAL;
	task = task_meant(tid);
	if (!task)
		return -ESRCH;
	attr.policy = (uint32_t)(task->policy & ~ABI_SCHED_RESET_ON_FORK);
	if (task->policy & ABI_SCHED_RESET_ON_FORK)
		attr.flags = ABI_SCHED_FLAG_RESET_ON_FORK;
	attr.priority = (uint32_t)task->rt_priority;
	attr.nice = attr.priority ? 0 : task->nice;
	return copy_to_user(SYS_PTR(args, 1), &attr, sizeof(attr));
}

static long priority_bound(int policy, long real_time)
{
	switch (policy) {
	case ABI_SCHED_FIFO:
	case ABI_SCHED_RR:
		return real_time;
	case ABI_SCHED_OTHER:
	case ABI_SCHED_BATCH:
	case ABI_SCHED_IDLE:
	case ABI_SCHED_DEADLINE:
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_sched_get_priority_max(const struct sys_args *args)
{
	return priority_bound(SYS_INT(args, 0), RT_PRIORITY_MAX);
}

long sys_sched_get_priority_min(const struct sys_args *args)
{
	return priority_bound(SYS_INT(args, 0), 1);
}

long sys_sched_rr_get_interval(const struct sys_args *args)
{
	const struct task *task = task_meant(SYS_INT(args, 0));
	uint64_t ns = OTHER_INTERVAL_NS;

	if (SYS_INT(args, 0) < 0)
		return -EINVAL;
	if (!task)
		return -ESRCH;
	if ((task->policy & ~ABI_SCHED_RESET_ON_FORK) == ABI_SCHED_RR)
		ns = RR_INTERVAL_NS;
	else if ((task->policy & ~ABI_SCHED_RESET_ON_FORK) == ABI_SCHED_FIFO)
		ns = 0;
	return timespec_write_user(SYS_PTR(args, 1), ns);
}

long sys_getcpu(const struct sys_args *args)
{
	const uint32_t cpu = pv_cpu_id(), zero = 0;

	if (args->arg[0] && copy_to_user(SYS_PTR(args, 0), &cpu, sizeof(cpu)) != 0)
		return -EFAULT;
	if (args->arg[1] && copy_to_user(SYS_PTR(args, 1), &zero, sizeof(zero)) != 0)
		return -EFAULT;
	return 0;
}
