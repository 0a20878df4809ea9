/* SPDX-License-Identifier: MIT */
/*
 * nanosleep, clock_nanosleep, pause, and the call that goes on with an interrupted sleep.
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/cpu_clock.h"
#include "kernel/task/internal.h"
#include "pv/time.h"

/* 0 when the deadline has passed, -EINTR. */
static int sleep_until(uint64_t deadline_ns)
{
	while (pv_time_monotonic_ns() < deadline_ns) {
		if (task_sleep(true, deadline_ns) == -EINTR)
			return -EINTR;
	}
	return 0;
}

/* Until the clock shows `ns`: likewise. */
static int sleep_until_shown(int clock, uint64_t ns)
{
	struct clock_wait wait;
	uint64_t deadline;
	int result = 0;

	clock_wait_begin(&wait, clock, ns);
	while (result != -EINTR) {
		clock_deadline(clock, ns, &deadline);
		if (pv_time_monotonic_ns() >= deadline)
			break;
		result = clock_wait_sleep(&wait);
	}
	clock_wait_end(&wait);
	return result == -EINTR ? -EINTR : 0;
}

/* A relative sleep, which goes on after an interruption until the deadline it had at first. */
static long sleep_relative(struct restart_block *block)
{
	uint64_t now;

	if (sleep_until(block->deadline_ns) == 0)
		return 0;
	now = pv_time_monotonic_ns();
	if (block->user_remain &&
	    timespec_write_user((void *)block->user_remain,
	                        now < block->deadline_ns ? block->deadline_ns - now : 0) != 0)
		return -EFAULT;
	return -ERESTART_BLOCK;
}

static long begin_relative(uint64_t ns, uintptr_t user_remain)
{
	struct restart_block *block = &current()->restart;

	*block = (struct restart_block){
	    .resume = sleep_relative,
	    .deadline_ns = clock_after(ns),
	    .user_remain = user_remain,
	};
	return sleep_relative(block);
}

long sys_nanosleep(const struct sys_args *args)
{
	uint64_t ns;
	int result = timespec_read_user(SYS_PTR(args, 0), &ns);

	return result != 0 ? result : begin_relative(ns, args->arg[1]);
}

/* A sleep on a CPU-time clock. */
struct cpu_sleep {
	struct cpu_alarm alarm;
	struct task *task;
	bool over;
};

static void cpu_sleep_over(struct cpu_alarm *alarm)
{
	struct cpu_sleep *sleep = container_of(alarm, struct cpu_sleep, alarm);

	sleep->over = true;
	task_wake(sleep->task);
}

/* 0 when the clock has shown `ns`; -EINTR: *left is what is left. */
static int sleep_until_used(const struct cpu_clock *clock, uint64_t ns, uint64_t *left)
{
	struct cpu_sleep sleep = {.task = current(), .over = cpu_clock_ns(clock) >= ns};
	int result = 0;

	cpu_alarm_attach(&sleep.alarm, clock, cpu_sleep_over);
	if (!sleep.over)
		cpu_alarm_arm(&sleep.alarm, ns);
	while (!sleep.over && result == 0)
		result = task_sleep(true, WAIT_FOREVER);
	*left = 0;
	if (!sleep.over && sleep.alarm.clock.process) {
		uint64_t used = cpu_clock_ns(&sleep.alarm.clock);

		*left = ns > used ? ns - used : 0;
	}
	cpu_alarm_detach(&sleep.alarm);
	return sleep.over ? 0 : result;
}

static long sleep_cpu_relative(struct restart_block *block)
{
	struct cpu_clock clock;
	uint64_t left;

	if (cpu_clock_find(block->clock, false, &clock) != 0)
		return -EINVAL;
	if (sleep_until_used(&clock, block->deadline_ns, &left) == 0)
		return 0;
	if (block->user_remain && timespec_write_user((void *)block->user_remain, left) != 0)
		return -EFAULT;
	return -ERESTART_BLOCK;
}

static long cpu_nanosleep(int number, bool absolute, uint64_t ns, uintptr_t user_remain)
{
	struct restart_block *block = &current()->restart;
	struct cpu_clock clock;
	uint64_t left, now;

	/* Its own clock stands while it sleeps. */
	if (cpu_clock_find(number, false, &clock) != 0 || clock.task == current())
		return -EINVAL;
	task_account_system();
	if (absolute)
		return sleep_until_used(&clock, ns, &left) == 0 ? 0 : -ERESTARTNOHAND;
	now = cpu_clock_ns(&clock);
	*block = (struct restart_block){
	    .resume = sleep_cpu_relative,
	    .clock = number,
	    .deadline_ns = ns < INT64_MAX - now ? now + ns : INT64_MAX,
	    .user_remain = user_remain,
	};
	return sleep_cpu_relative(block);
}

/* The thread's own clock by its plain number is no clock to sleep on, by Linux's table. */
static bool sleeps_on_cpu_time(int clock)
{
	return clock_is_cpu(clock) && clock != ABI_CLOCK_THREAD_CPUTIME_ID;
}

long sys_clock_nanosleep(const struct sys_args *args)
{
	int clock = SYS_INT(args, 0);
	bool absolute = SYS_INT(args, 1) & ABI_TIMER_ABSTIME;
	uint64_t ns, deadline;
	int result;

	if (!sleeps_on_cpu_time(clock) && !clock_deadline(clock, 0, &deadline))
		return clock_read(clock, &ns) == 0 ? -EOPNOTSUPP : -EINVAL;
	result = timespec_read_user(SYS_PTR(args, 2), &ns);
	if (result != 0)
		return result;
	if (clock_is_cpu(clock))
		return cpu_nanosleep(clock, absolute, ns, args->arg[3]);
	if (!absolute)
		return begin_relative(ns, args->arg[3]);
	return sleep_until_shown(clock, ns) == 0 ? 0 : -ERESTARTNOHAND;
}

long sys_restart_syscall(const struct sys_args *args)
{
	struct restart_block *block = &current()->restart;

	(void)args;
	return block->resume ? block->resume(block) : -EINTR;
}

long sys_pause(const struct sys_args *args)
{
	(void)args;
	while (task_sleep(true, WAIT_FOREVER) != -EINTR)
		;
	return -ERESTARTNOHAND;
}
