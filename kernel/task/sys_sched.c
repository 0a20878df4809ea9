/* SPDX-License-Identifier: MIT */
/*
 * Scheduling parameters. The scheduler knows one kind of task; policies, their priorities and
 * deadlines are checked, kept and reported. CPUs are obeyed.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"
#include "pv/smp.h"

#define RT_PRIORITY_MAX   99
#define RR_INTERVAL_NS    100000000u
#define OTHER_INTERVAL_NS 10000000u

/* Of deadlines, as Linux has them: the shortest runtime, the bounds of a period, and how much of
 * all CPUs' time may be promised. */
#define DL_RUNTIME_MIN_NS  1024u
#define DL_PERIOD_MIN_NS   100000u
#define DL_PERIOD_MAX_NS   4194304000ull
#define DL_FRACTION        (1u << 20) /* one CPU */
#define DL_FRACTION_OF_CPU (DL_FRACTION / 100 * 95)

/* Keep the policy and whether children start with the usual one. */
#define POLICY_KEEP (-1)

static int policy_base(int policy)
{
	return policy & ~ABI_SCHED_RESET_ON_FORK;
}

static bool policy_known(int base)
{
	return base == ABI_SCHED_OTHER || base == ABI_SCHED_FIFO || base == ABI_SCHED_RR ||
	       base == ABI_SCHED_BATCH || base == ABI_SCHED_IDLE || base == ABI_SCHED_DEADLINE;
}

static bool policy_real_time(int base)
{
	return base == ABI_SCHED_FIFO || base == ABI_SCHED_RR;
}

static bool policy_fair(int base)
{
	return base == ABI_SCHED_OTHER || base == ABI_SCHED_BATCH;
}

bool sched_may_fork(const struct task *parent)
{
	return parent->policy != ABI_SCHED_DEADLINE;
}

void sched_inherit(struct task *child, const struct task *parent)
{
	int base = policy_base(parent->policy);
	bool reset = parent->policy & ABI_SCHED_RESET_ON_FORK;
	bool special = policy_real_time(base) || base == ABI_SCHED_DEADLINE;

	child->nice = parent->nice;
	if (reset && (special || parent->nice < 0))
		child->nice = 0;
	if (reset && special)
		return;
	child->policy = base;
	child->rt_priority = parent->rt_priority;
}

long sys_sched_yield(const struct sys_args *args)
{
	(void)args;
	sched_yield();
	return 0;
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
	if (!task_may_schedule(task) || !task_has_no_more_rights(task))
		return -EPERM;
	if (!(mask & pv_smp_online_mask()))
		return -EINVAL;
	if (policy_base(task->policy) == ABI_SCHED_DEADLINE && pv_smp_online_mask() & ~mask)
		return -EBUSY;
	sched_set_affinity(task, mask & pv_smp_online_mask());
	return 0;
}

static bool deadline_ok(const struct abi_sched_attr *attr)
{
	uint64_t period = attr->period ? attr->period : attr->deadline;

	return attr->deadline != 0 && attr->runtime >= DL_RUNTIME_MIN_NS &&
	       attr->deadline <= INT64_MAX && period <= INT64_MAX && period >= attr->deadline &&
	       attr->deadline >= attr->runtime && period >= DL_PERIOD_MIN_NS &&
	       period <= DL_PERIOD_MAX_NS;
}

/* How much of one CPU a task with a deadline asks for. */
static uint64_t deadline_fraction(const struct abi_sched_attr *attr)
{
	return attr->runtime * DL_FRACTION / (attr->period ? attr->period : attr->deadline);
}

/* Whether the CPUs have the time that all tasks with deadlines would then ask for. */
static bool deadline_fits(const struct task *task, const struct abi_sched_attr *attr)
{
	uint64_t sum = deadline_fraction(attr), whole = 0;
	const struct process *process;
	const struct task *other;

	for (uint64_t cpus = pv_smp_online_mask(); cpus != 0; cpus &= cpus - 1)
		whole += DL_FRACTION_OF_CPU;
	list_for_each_entry (process, &process_all, struct process, all_node) {
		list_for_each_entry (other, &process->tasks, struct task, process_node) {
			if (other != task && policy_base(other->policy) == ABI_SCHED_DEADLINE)
				sum += deadline_fraction(&other->deadline);
		}
	}
	return sum <= whole;
}

/* Whether only CAP_SYS_NICE permits the change. `policy` is without flag. */
static bool needs_right(const struct task *task, int policy, bool reset,
                        const struct abi_sched_attr *attr)
{
	const struct cred *self = &current()->cred;
	uint64_t priority_limit = task->process->rlimit[ABI_RLIMIT_RTPRIO].soft;
	int old = policy_base(task->policy);

	if (policy_fair(policy) && attr->nice < task->nice && !nice_within_limit(task, attr->nice))
		return true;
	if (policy_real_time(policy) && policy != old && priority_limit == 0)
		return true;
	if (policy_real_time(policy) && (int)attr->priority > task->rt_priority &&
	    attr->priority > priority_limit)
		return true;
	if (policy == ABI_SCHED_DEADLINE)
		return true;
	if (old == ABI_SCHED_IDLE && policy != ABI_SCHED_IDLE &&
	    !nice_within_limit(task, task->nice))
		return true;
	if (self->euid != task->cred.euid && self->euid != task->cred.uid)
		return true;
	return (task->policy & ABI_SCHED_RESET_ON_FORK) && !reset;
}

static int deadline_check(const struct task *task, const struct abi_sched_attr *attr)
{
	if (pv_smp_online_mask() & ~task->affinity)
		return -EPERM;
	return deadline_fits(task, attr) ? 0 : -EBUSY;
}

static void policy_put(struct task *task, int policy, bool reset)
{
	task->policy = policy | (reset ? ABI_SCHED_RESET_ON_FORK : 0);
}

static void scheduling_put(struct task *task, int policy, bool reset,
                           const struct abi_sched_attr *attr)
{
	policy_put(task, policy, reset);
	task->rt_priority = (int)attr->priority;
	if (policy_fair(policy))
		task->nice = attr->nice;
	task->deadline = *attr;
	if (!attr->period)
		task->deadline.period = attr->deadline;
}

/* `policy` is without flag, or POLICY_KEEP. attr->nice is the task's if it is not to change. */
static int scheduling_set(struct task *task, int policy, const struct abi_sched_attr *attr)
{
	bool reset = attr->flags & ABI_SCHED_FLAG_RESET_ON_FORK;

	if (policy == POLICY_KEEP) {
		policy = policy_base(task->policy);
		reset = task->policy & ABI_SCHED_RESET_ON_FORK;
	}
	if (!policy_known(policy) || attr->flags & ~ABI_SCHED_FLAG_ALL ||
	    attr->priority > RT_PRIORITY_MAX)
		return -EINVAL;
	if (policy == ABI_SCHED_DEADLINE && !deadline_ok(attr))
		return -EINVAL;
	if (policy_real_time(policy) != (attr->priority != 0))
		return -EINVAL;
	if (needs_right(task, policy, reset, attr) && !cap_held(ABI_CAP_SYS_NICE))
		return -EPERM;
	if (!task_has_no_more_rights(task))
		return -EPERM;
	if (attr->flags & ABI_SCHED_FLAG_UTIL_CLAMP)
		return -EOPNOTSUPP;
	if (policy == ABI_SCHED_DEADLINE) {
		int result = deadline_check(task, attr);

		if (result != 0)
			return result;
	}
	if (attr->flags & ABI_SCHED_FLAG_KEEP_PARAMS)
		policy_put(task, policy_base(task->policy), reset);
	else
		scheduling_put(task, policy, reset, attr);
	return 0;
}

/* What the calls of before sched_setattr() give. */
static int scheduling_set_user(int tid, int policy, const void *user_param)
{
	struct abi_sched_attr attr = {0};
	struct task *task;

	if (tid < 0 || !user_param)
		return -EINVAL;
	if (copy_from_user(&attr.priority, user_param, sizeof(attr.priority)) != 0)
		return -EFAULT;
	task = task_meant(tid);
	if (!task)
		return -ESRCH;
	attr.nice = task->nice;
	if (policy != POLICY_KEEP && (policy & ABI_SCHED_RESET_ON_FORK)) {
		attr.flags = ABI_SCHED_FLAG_RESET_ON_FORK;
		policy = policy_base(policy);
	}
	return scheduling_set(task, policy, &attr);
}

long sys_sched_setscheduler(const struct sys_args *args)
{
	if (SYS_INT(args, 1) < 0)
		return -EINVAL;
	return scheduling_set_user(SYS_INT(args, 0), SYS_INT(args, 1), SYS_PTR(args, 2));
}

long sys_sched_setparam(const struct sys_args *args)
{
	return scheduling_set_user(SYS_INT(args, 0), POLICY_KEEP, SYS_PTR(args, 1));
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

/* A structure of another size: a shorter one is an older one, and what a longer one has beyond ours
 * must be zero. -E2BIG otherwise, with our size stored for the program. */
static int attr_read_user(uintptr_t user, struct abi_sched_attr *attr)
{
	uint32_t size;
	uint8_t byte;

	if (copy_from_user(&size, (void *)user, sizeof(size)) != 0)
		return -EFAULT;
	if (size == 0)
		size = ABI_SCHED_ATTR_BYTES_MIN;
	if (size < ABI_SCHED_ATTR_BYTES_MIN || size > PAGE_BYTES)
		goto wrong_size;
	for (uint32_t i = sizeof(*attr); i < size; i++) {
		if (copy_from_user(&byte, (void *)(user + i), 1) != 0)
			return -EFAULT;
		if (byte != 0)
			goto wrong_size;
	}
	memset(attr, 0, sizeof(*attr));
	if (copy_from_user(attr, (void *)user, MIN(size, (uint32_t)sizeof(*attr))) != 0)
		return -EFAULT;
	if ((attr->flags & ABI_SCHED_FLAG_UTIL_CLAMP) && size < sizeof(*attr))
		return -EINVAL;
	attr->nice = MIN(MAX(attr->nice, NICE_MIN), NICE_MAX);
	return 0;
wrong_size:
	user_store32(user, sizeof(*attr));
	return -E2BIG;
}

/* What the task has, in the terms of sched_setattr(). */
static void attr_of_task(const struct task *task, struct abi_sched_attr *attr)
{
	int base = policy_base(task->policy);

	if (base == ABI_SCHED_DEADLINE) {
		attr->runtime = task->deadline.runtime;
		attr->deadline = task->deadline.deadline;
		attr->period = task->deadline.period;
		attr->flags |= task->deadline.flags & ABI_SCHED_FLAGS_OF_DEADLINE;
	} else if (policy_real_time(base)) {
		attr->priority = (uint32_t)task->rt_priority;
	} else {
		attr->nice = task->nice;
	}
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
	policy = (int)attr.policy;
	if (policy < 0)
		return -EINVAL;
	if (attr.flags & ABI_SCHED_FLAG_KEEP_POLICY)
		policy = POLICY_KEEP;
	task = task_meant(tid);
	if (!task)
		return -ESRCH;
	if (attr.flags & ABI_SCHED_FLAG_KEEP_PARAMS)
		attr_of_task(task, &attr);
	return scheduling_set(task, policy, &attr);
}

long sys_sched_getattr(const struct sys_args *args)
{
	int tid = SYS_INT(args, 0);
	uint64_t size = SYS_UINT(args, 2);
	struct abi_sched_attr attr = {0};
	const struct task *task;

	if (tid < 0 || !args->arg[1] || size < ABI_SCHED_ATTR_BYTES_MIN || size > PAGE_BYTES ||
	    SYS_UINT(args, 3) != 0)
		return -EINVAL;
	task = task_meant(tid);
	if (!task)
		return -ESRCH;
	attr.size = MIN((uint32_t)size, (uint32_t)sizeof(attr));
	attr.policy = (uint32_t)policy_base(task->policy);
	if (task->policy & ABI_SCHED_RESET_ON_FORK)
		attr.flags = ABI_SCHED_FLAG_RESET_ON_FORK;
	attr_of_task(task, &attr);
	return copy_to_user(SYS_PTR(args, 1), &attr, attr.size);
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
	if (policy_base(task->policy) == ABI_SCHED_RR)
		ns = RR_INTERVAL_NS;
	else if (policy_base(task->policy) == ABI_SCHED_FIFO ||
	         policy_base(task->policy) == ABI_SCHED_DEADLINE)
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
