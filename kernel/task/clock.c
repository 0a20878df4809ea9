/* SPDX-License-Identifier: MIT */
/*
 * Clocks and the calls that read them. Real time is Xen's wall clock and an offset of ours, which
 * changes when the clock is set (clock_set.c).
 */
#include "kernel/task/clock.h"

#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/cpu_clock.h"
#include "kernel/task/task.h"
#include "kernel/wait.h"
#include "pv/time.h"

/* 292 years: more than any deadline, and far from overflow. */
#define NS_MAX ((uint64_t)INT64_MAX)

/* Ticks of the CPU's clock that a coarse time is old at most: well below a millisecond. */
#define COARSE_TICKS (1u << 20)

struct wait_queue clock_set_wait = {LIST_INIT(clock_set_wait.waiters)};

static int64_t realtime_offset_ns; /* to the hypervisor's wall clock */
static struct {
	uint64_t ns, read_ticks;
} recent; /* 0: to be read again */

uint64_t clock_realtime_ns(void)
{
	return pv_time_wall_ns() + (uint64_t)realtime_offset_ns;
}

uint64_t clock_realtime_coarse_ns(void)
{
	uint64_t now = pv_time_ticks();

	if (now - recent.read_ticks >= COARSE_TICKS || recent.ns == 0) {
		recent.read_ticks = now;
		recent.ns = clock_realtime_ns();
	}
	return recent.ns;
}

void clock_set_realtime(int64_t ns)
{
	realtime_offset_ns = ns - (int64_t)pv_time_wall_ns();
	recent.ns = 0;
	wait_wake_all(&clock_set_wait);
}

struct abi_timespec timespec_from_ns(uint64_t ns)
{
	return (struct abi_timespec){(int64_t)(ns / NS_PER_SEC), (int64_t)(ns % NS_PER_SEC)};
}

struct abi_timeval timeval_from_ns(uint64_t ns)
{
	return (struct abi_timeval){(int64_t)(ns / NS_PER_SEC), (int64_t)(ns % NS_PER_SEC / 1000)};
}

static int parts_to_ns(int64_t sec, int64_t part, int64_t parts_per_sec, uint64_t *ns)
{
	if (sec < 0 || part < 0 || part >= parts_per_sec)
		return -EINVAL;
	if ((uint64_t)sec >= NS_MAX / NS_PER_SEC)
		*ns = NS_MAX;
	else
		*ns = (uint64_t)sec * NS_PER_SEC +
		      (uint64_t)part * (NS_PER_SEC / (uint64_t)parts_per_sec);
	return 0;
}

int timespec_to_ns(const struct abi_timespec *time, uint64_t *ns)
{
	return parts_to_ns(time->sec, time->nsec, (int64_t)NS_PER_SEC, ns);
}

int timeval_to_ns(const struct abi_timeval *time, uint64_t *ns)
{
	return parts_to_ns(time->sec, time->usec, 1000000, ns);
}

int timespec_read_user(const void *user, uint64_t *ns)
{
	struct abi_timespec time;

	if (copy_from_user(&time, user, sizeof(time)) != 0)
		return -EFAULT;
	return timespec_to_ns(&time, ns);
}

int timespec_write_user(void *user, uint64_t ns)
{
	struct abi_timespec time = timespec_from_ns(ns);

	return copy_to_user(user, &time, sizeof(time));
}

uint64_t clock_after(uint64_t delta_ns)
{
	uint64_t now = pv_time_monotonic_ns();

	return delta_ns > NS_MAX - now ? NS_MAX : now + delta_ns;
}

static int cpu_clock_read(int number, uint64_t *ns)
{
	struct cpu_clock clock;
	int result = cpu_clock_find(number, true, &clock);

	if (result != 0)
		return result;
	task_account_system();
	*ns = cpu_clock_ns(&clock);
	return 0;
}

int clock_read(int clock, uint64_t *ns)
{
	switch (clock) {
	case ABI_CLOCK_REALTIME:
	case ABI_CLOCK_REALTIME_COARSE:
	case ABI_CLOCK_REALTIME_ALARM:
	case ABI_CLOCK_TAI:
		*ns = clock_realtime_ns();
		return 0;
	case ABI_CLOCK_MONOTONIC:
	case ABI_CLOCK_MONOTONIC_RAW:
	case ABI_CLOCK_MONOTONIC_COARSE:
	case ABI_CLOCK_BOOTTIME:
	case ABI_CLOCK_BOOTTIME_ALARM:
		*ns = pv_time_monotonic_ns();
		return 0;
	default:
		return cpu_clock_read(clock, ns);
	}
}

bool clock_can_be_set(int clock)
{
	return clock == ABI_CLOCK_REALTIME || clock == ABI_CLOCK_REALTIME_ALARM ||
	       clock == ABI_CLOCK_TAI;
}

bool clock_deadline(int clock, uint64_t ns, uint64_t *deadline_ns)
{
	uint64_t wall;

	switch (clock) {
	case ABI_CLOCK_REALTIME:
	case ABI_CLOCK_REALTIME_ALARM:
	case ABI_CLOCK_TAI:
		wall = clock_realtime_ns();
		*deadline_ns = ns > wall ? clock_after(ns - wall) : 0;
		return true;
	case ABI_CLOCK_MONOTONIC:
	case ABI_CLOCK_BOOTTIME:
	case ABI_CLOCK_BOOTTIME_ALARM:
		*deadline_ns = MIN(ns, NS_MAX);
		return true;
	default:
		return false;
	}
}

void clock_wait_begin(struct clock_wait *wait, int clock, uint64_t ns)
{
	wait->clock = clock;
	wait->ns = ns;
	list_init(&wait->entry.node);
	if (ns != WAIT_FOREVER && clock_can_be_set(clock))
		wait_enqueue(&clock_set_wait, &wait->entry);
}

int clock_wait_sleep(struct clock_wait *wait)
{
	uint64_t deadline_ns = WAIT_FOREVER;

	if (wait->ns != WAIT_FOREVER)
		clock_deadline(wait->clock, wait->ns, &deadline_ns);
	return task_sleep(true, deadline_ns);
}

void clock_wait_end(struct clock_wait *wait)
{
	wait_dequeue(&wait->entry);
}

long sys_clock_gettime(const struct sys_args *args)
{
	uint64_t ns;
	int result = clock_read(SYS_INT(args, 0), &ns);

	return result != 0 ? result : timespec_write_user(SYS_PTR(args, 1), ns);
}

long sys_clock_getres(const struct sys_args *args)
{
	int clock = SYS_INT(args, 0);
	uint64_t ns;
	int result = clock_read(clock, &ns);
	bool coarse = clock == ABI_CLOCK_REALTIME_COARSE || clock == ABI_CLOCK_MONOTONIC_COARSE;

	if (result != 0 || !args->arg[1])
		return result;
	return timespec_write_user(SYS_PTR(args, 1), coarse ? 4000000 : 1);
}

long sys_gettimeofday(const struct sys_args *args)
{
	struct abi_timeval time = timeval_from_ns(clock_realtime_ns());

	if (args->arg[0] && copy_to_user(SYS_PTR(args, 0), &time, sizeof(time)) != 0)
		return -EFAULT;
	if (args->arg[1] &&
	    copy_to_user(SYS_PTR(args, 1), &clock_timezone, sizeof(clock_timezone)) != 0)
		return -EFAULT;
	return 0;
}

long sys_time(const struct sys_args *args)
{
	int64_t seconds = (int64_t)(clock_realtime_ns() / NS_PER_SEC);

	if (args->arg[0] && copy_to_user(SYS_PTR(args, 0), &seconds, sizeof(seconds)) != 0)
		return -EFAULT;
	return seconds;
}
