/* SPDX-License-Identifier: MIT */
/*
 * Interval timers of a process: real time by a kernel timer, CPU time by the checks of
 * cpu_timer.c.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/alarm.h"
#include "kernel/task/clock.h"
#include "kernel/task/cpu_clock.h"
#include "kernel/task/internal.h"
#include "kernel/task/posix_timer.h"
#include "kernel/task/task.h"
#include "pv/time.h"

/* It goes on when the signal is taken: a period of any length costs nothing before. */
static void real_expire(struct timer *timer)
{
	signal_send_process(container_of(timer, struct process, real_timer), ABI_SIGALRM, NULL);
}

void itimer_real_taken(struct process *process)
{
	struct process_itimer *itimer = &process->itimer[ABI_ITIMER_REAL];

	if (itimer->interval_ns == 0 || itimer->deadline_ns == 0 || process->real_timer.armed)
		return;
	deadline_forward(&itimer->deadline_ns, itimer->interval_ns, pv_time_monotonic_ns());
	timer_arm(&process->real_timer, itimer->deadline_ns);
}

void process_timers_init(struct process *process)
{
	timer_init(&process->real_timer, real_expire);
	list_init(&process->cpu_alarms);
	list_init(&process->posix_timers);
}

void process_timers_drop(struct process *process)
{
	timer_cancel(&process->real_timer);
	memset(process->itimer, 0, sizeof(process->itimer));
	process->cpu_timer = false;
	posix_timers_drop(process);
	cpu_alarms_end(process, NULL);
}

void process_timers_exec(struct process *process)
{
	posix_timers_drop(process);
}

static uint64_t itimer_clock(const struct process *process, int which)
{
	return which == ABI_ITIMER_REAL ? pv_time_monotonic_ns() : cpu_timer_used(process, which);
}

static uint64_t itimer_remaining(const struct process *process, int which)
{
	uint64_t deadline = process->itimer[which].deadline_ns;
	uint64_t now = itimer_clock(process, which);

	if (deadline == 0 || (which == ABI_ITIMER_REAL && !process->real_timer.armed))
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
