/* SPDX-License-Identifier: MIT */
/*
 * What CPU time sets off: ITIMER_VIRTUAL and ITIMER_PROF, alarms on CPU-time clocks, the limit on
 * CPU time. The scheduler's timer looks while the process runs, at most once a millisecond.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/task/alarm.h"
#include "kernel/task/clock.h"
#include "kernel/task/cpu.h"
#include "kernel/task/cpu_clock.h"
#include "kernel/task/internal.h"

uint64_t cpu_timer_used(const struct process *process, int which)
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

static bool alarm_waits(const struct process *process)
{
	const struct cpu_alarm *alarm;

	list_for_each_entry (alarm, &process->cpu_alarms, struct cpu_alarm, node) {
		if (alarm->armed)
			return true;
	}
	return false;
}

static void cpu_timer_update(struct process *process)
{
	process->cpu_timer = alarm_waits(process) ||
	                     process->itimer[ABI_ITIMER_VIRTUAL].deadline_ns != 0 ||
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

static uint64_t alarms_remaining(const struct process *process)
{
	uint64_t remaining = TIMER_NEVER;
	const struct cpu_alarm *alarm;

	list_for_each_entry (alarm, &process->cpu_alarms, struct cpu_alarm, node) {
		uint64_t used;

		if (!alarm->armed)
			continue;
		used = cpu_clock_ns(&alarm->clock);
		remaining =
		    MIN(remaining, alarm->deadline_ns > used ? alarm->deadline_ns - used : 0);
	}
	return remaining;
}

uint64_t cpu_timer_deadline(const struct process *process)
{
	uint64_t remaining = TIMER_NEVER;
	uint64_t limit = cpu_limit_ns(process);

	for (int which = ABI_ITIMER_VIRTUAL; which <= ABI_ITIMER_PROF; which++) {
		uint64_t deadline = process->itimer[which].deadline_ns;
		uint64_t used = cpu_timer_used(process, which);

		if (deadline != 0)
			remaining = MIN(remaining, deadline > used ? deadline - used : 0);
	}
	if (limit != TIMER_NEVER) {
		uint64_t used = cpu_timer_used(process, ABI_ITIMER_PROF);

		remaining = MIN(remaining, limit > used ? limit - used : 0);
	}
	remaining = MIN(remaining, alarms_remaining(process));
	/* Not closer than a tick of Linux's usual clock, so that a late timer cannot fill the CPU.
	 */
	if (remaining == TIMER_NEVER)
		return TIMER_NEVER;
	return clock_after(MAX(remaining / running_count(process), 1000000ull));
}

static void alarms_check(struct process *process)
{
	struct cpu_alarm *alarm, *next;

	list_for_each_entry_safe (alarm, next, &process->cpu_alarms, struct cpu_alarm, node) {
		if (!alarm->armed || cpu_clock_ns(&alarm->clock) < alarm->deadline_ns)
			continue;
		alarm->armed = false;
		alarm->expire(alarm);
	}
}

static void cpu_limit_check(struct process *process)
{
	struct abi_rlimit *limit = &process->rlimit[ABI_RLIMIT_CPU];
	uint64_t seconds = cpu_timer_used(process, ABI_ITIMER_PROF) / NS_PER_SEC;

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
		uint64_t used = cpu_timer_used(process, which);

		if (itimer->deadline_ns == 0 || used < itimer->deadline_ns)
			continue;
		if (itimer->interval_ns == 0)
			itimer->deadline_ns = 0;
		else
			deadline_forward(&itimer->deadline_ns, itimer->interval_ns, used);
		signal_send_process(
		    process, which == ABI_ITIMER_VIRTUAL ? ABI_SIGVTALRM : ABI_SIGPROF, NULL);
	}
	alarms_check(process);
	cpu_limit_check(process);
	cpu_timer_update(process);
}
