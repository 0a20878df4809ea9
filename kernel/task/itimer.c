/* SPDX-License-Identifier: MIT */
/*
 * Interval timers of a process: real time by a kernel timer, CPU time by checks that the
 * scheduler's timer makes while the process runs; and the limit on CPU time, which is checked with
 * them.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/cpu.h"
#include "kernel/task/internal.h"
#include "kernel/task/posix_timer.h"
#include "kernel/task/task.h"
#include "pv/time.h"

/* The first moment after `now` on the grid of the interval. */
uint64_t timer_next_interval(uint64_t deadline_ns, uint64_t interval_ns, uint64_t now,
                             uint64_t *missed)
{
	*missed = 0;
	if (now >= deadline_ns)
		*missed = (now - deadline_ns) / interval_ns;
	return deadline_ns + (*missed + 1) * interval_ns;
}

static void real_expire(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, real_timer);
	struct process_itimer *itimer = &process->itimer[ABI_ITIMER_REAL];
	uint64_t missed;

	if (itimer->interval_ns == 0) {
		itimer->deadline_ns = 0;
	} else {
		itimer->deadline_ns = timer_next_interval(itimer->deadline_ns, itimer->interval_ns,
		                                          pv_time_monotonic_ns(), &missed);
		timer_arm(timer, itimer->deadline_ns);
	}
	signal_send_process(process, ABI_SIGALRM, NULL);
}

void process_timers_init(struct process *process)
{
	timer_init(&process->real_timer, real_expire);
	list_init(&process->posix_timers);
}

void process_timers_drop(struct process *process)
{
	timer_cancel(&process->real_timer);
	memset(process->itimer, 0, sizeof(process->itimer));
	process->cpu_timer = false;
	posix_timers_drop(process);
}

void process_timers_exec(struct process *process)
{
	posix_timers_drop(process);
}

/* What the timer counts: user time, or all CPU time. */
static uint64_t cpu_clock(const struct process *process, int which)
{
	struct abi_rusage_times times;

	process_times(process, &times);
	return which == ABI_ITIMER_VIRTUAL ? times.user_ns : times.user_ns + times.system_ns;
}

static uint64_t cpu_limit_ns(const struct process *process)
{
	uint64_t seconds = process->rlimit[ABI_RLIMIT_CPU].soft;

	return seconds >= INT64_MAX / NS_PER_SEC ? TIMER_NEVER : seconds * NS_PER_SEC;
}

static void cpu_timer_update(struct process *process)
{
	process->cpu_timer = process->itimer[ABI_ITIMER_VIRTUAL].deadline_ns != 0 ||
	                     process->itimer[ABI_ITIMER_PROF].deadline_ns != 0 ||
	                     cpu_limit_ns(process) != TIMER_NEVER;
}

void cpu_timer_start(struct process *process)
{
	struct task *task;

	cpu_timer_update(process);
	if (!process->cpu_timer)
		return;
	if (process == current()->process)
		sched_timer_request(cpu_timer_deadline(process));
	/* A CPU whose task computes and computes would not look by itself. */
	list_for_each_entry (task, &process->tasks, struct task, process_node)
		sched_kick(task);
}

/* CPUs that run its tasks now: its time goes so many times as fast as any clock. */
static unsigned int running_count(const struct process *process)
{
	unsigned int count = 0;
	struct task *task;

	list_for_each_entry (task, &process->tasks, struct task, process_node)
		count += task->cpu && task->cpu->current == task;
	return MAX(count, 1u);
}

uint64_t cpu_timer_deadline(const struct process *process)
{
	uint64_t remaining = TIMER_NEVER;
	uint64_t limit = cpu_limit_ns(process);

	for (int which = ABI_ITIMER_VIRTUAL; which <= ABI_ITIMER_PROF; which++) {
		uint64_t deadline = process->itimer[which].deadline_ns;
		uint64_t used = cpu_clock(process, which);

		if (deadline != 0)
			remaining = MIN(remaining, deadline > used ? deadline - used : 0);
	}
	if (limit != TIMER_NEVER) {
		uint64_t used = cpu_clock(process, ABI_ITIMER_PROF);

		remaining = MIN(remaining, limit > used ? limit - used : 0);
	}
	/* Not closer than a tick of Linux's usual clock, so that a late timer cannot fill the CPU.
	 */
	if (remaining == TIMER_NEVER)
		return TIMER_NEVER;
	return clock_after(MAX(remaining / running_count(process), 1000000ull));
}

static void cpu_limit_check(struct process *process)
{
	struct abi_rlimit *limit = &process->rlimit[ABI_RLIMIT_CPU];
	uint64_t seconds = cpu_clock(process, ABI_ITIMER_PROF) / NS_PER_SEC;

	if (seconds >= limit->hard) {
		signal_send_process(process, ABI_SIGKILL, NULL);
	} else if (seconds >= limit->soft) {
		signal_send_process(process, ABI_SIGXCPU, NULL);
		limit->soft++; /* again in a second */
	}
}

void cpu_timer_check(struct process *process)
{
	task_account_system();
	for (int which = ABI_ITIMER_VIRTUAL; which <= ABI_ITIMER_PROF; which++) {
		struct process_itimer *itimer = &process->itimer[which];
		uint64_t used = cpu_clock(process, which);
		uint64_t missed;

		if (itimer->deadline_ns == 0 || used < itimer->deadline_ns)
			continue;
		if (itimer->interval_ns == 0)
			itimer->deadline_ns = 0;
		else
			itimer->deadline_ns = timer_next_interval(
			    itimer->deadline_ns, itimer->interval_ns, used, &missed);
		signal_send_process(
		    process, which == ABI_ITIMER_VIRTUAL ? ABI_SIGVTALRM : ABI_SIGPROF, NULL);
	}
	cpu_limit_check(process);
	cpu_timer_update(process);
}

static uint64_t itimer_clock(const struct process *process, int which)
{
	return which == ABI_ITIMER_REAL ? pv_time_monotonic_ns() : cpu_clock(process, which);
}

static uint64_t itimer_remaining(const struct process *process, int which)
{
	uint64_t deadline = process->itimer[which].deadline_ns;
	uint64_t now = itimer_clock(process, which);

	if (deadline == 0)
		return 0;
	return deadline > now ? deadline - now : 1000;
}

static void itimer_set(struct process *process, int which, uint64_t value_ns, uint64_t interval_ns)
{
	struct process_itimer *itimer = &process->itimer[which];

	itimer->interval_ns = interval_ns;
	itimer->deadline_ns = value_ns ? itimer_clock(process, which) + value_ns : 0;
	if (which == ABI_ITIMER_REAL)
		timer_arm(&process->real_timer,
		          itimer->deadline_ns ? itimer->deadline_ns : TIMER_NEVER);
	cpu_timer_start(process);
}

static struct abi_itimerval itimer_value(const struct process *process, int which)
{
	return (struct abi_itimerval){
	    .interval = timeval_from_ns(process->itimer[which].interval_ns),
	    .value = timeval_from_ns(itimer_remaining(process, which)),
	};
}

long sys_getitimer(const struct sys_args *args)
{
	unsigned int which = SYS_UINT(args, 0);
	struct abi_itimerval value;

	if (which > ABI_ITIMER_PROF)
		return -EINVAL;
	task_account_system();
	value = itimer_value(current()->process, (int)which);
	return copy_to_user(SYS_PTR(args, 1), &value, sizeof(value));
}

long sys_setitimer(const struct sys_args *args)
{
	struct process *process = current()->process;
	unsigned int which = SYS_UINT(args, 0);
	struct abi_itimerval value = {0}, old;
	uint64_t value_ns, interval_ns;

	if (args->arg[1] && copy_from_user(&value, SYS_PTR(args, 1), sizeof(value)) != 0)
		return -EFAULT;
	if (which > ABI_ITIMER_PROF || timeval_to_ns(&value.value, &value_ns) != 0 ||
	    timeval_to_ns(&value.interval, &interval_ns) != 0)
		return -EINVAL;
	task_account_system();
	old = itimer_value(process, (int)which);
	itimer_set(process, (int)which, value_ns, interval_ns);
	if (args->arg[2] && copy_to_user(SYS_PTR(args, 2), &old, sizeof(old)) != 0)
		return -EFAULT;
	return 0;
}

long sys_alarm(const struct sys_args *args)
{
	struct process *process = current()->process;
	uint64_t left = itimer_remaining(process, ABI_ITIMER_REAL);

	itimer_set(process, ABI_ITIMER_REAL, SYS_UINT(args, 0) * NS_PER_SEC, 0);
	/* Seconds rounded to the nearest, but a set alarm is never reported as none. */
	return left == 0 ? 0 : (long)MAX((left + NS_PER_SEC / 2) / NS_PER_SEC, 1ull);
}
