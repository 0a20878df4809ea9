/* SPDX-License-Identifier: MIT */
/*
 * The calls that set the real-time clock: for those with CAP_SYS_TIME. It is the guest's own; the
 * machine below keeps its time. There is no oscillator of ours to steer, so that clock_adjtime()
 * steps the clock (ADJ_SETOFFSET) and reads, and slews nothing.
 *
 * The order of the checks is Linux's (kernel/time/posix-timers.c, time.c, timekeeping.c, ntp.c).
 */
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/task.h"
#include "pv/time.h"

/* So far from the end that thirty years of uptime fit behind it. */
#define SETTABLE_SECONDS (INT64_MAX / (int64_t)NS_PER_SEC - 30ll * 365 * 24 * 3600)

#define TICK_US            10000     /* of the interface, a hundredth of a second */
#define TOLERANCE_PPM      500       /* what an oscillator may be wrong by */
#define ERROR_UNKNOWN_US   16000000  /* nobody has ever compared the clock */
#define MINUTES_WEST_LIMIT (15 * 60) /* either way */

struct abi_timezone clock_timezone;

static bool settable(const struct abi_timespec *time)
{
	return time->sec >= 0 && time->sec < SETTABLE_SECONDS && time->nsec >= 0 &&
	       time->nsec < (int64_t)NS_PER_SEC;
}

/* Real time may not be before 1970 at boot. */
static int step_to(int64_t ns)
{
	if (ns < 0 || (uint64_t)ns < pv_time_monotonic_ns())
		return -EINVAL;
	clock_set_realtime(ns);
	return 0;
}

static int set_time(const struct abi_timespec *time)
{
	if (!settable(time))
		return -EINVAL;
	if (!cap_held(ABI_CAP_SYS_TIME))
		return -EPERM;
	return step_to(time->sec * (int64_t)NS_PER_SEC + time->nsec);
}

long sys_clock_settime(const struct sys_args *args)
{
	int clock = SYS_INT(args, 0);
	struct abi_timespec time;
	uint64_t ns;

	if (clock != ABI_CLOCK_REALTIME && clock >= 0)
		return -EINVAL;
	if (copy_from_user(&time, SYS_PTR(args, 1), sizeof(time)) != 0)
		return -EFAULT;
	/* The CPU time of somebody is there to be read. */
	if (clock < 0)
		return clock_read(clock, &ns) != 0 ? -EINVAL : -EPERM;
	return set_time(&time);
}

static int set_timezone(const struct abi_timezone *zone)
{
	if (zone->minutes_west > MINUTES_WEST_LIMIT || zone->minutes_west < -MINUTES_WEST_LIMIT)
		return -EINVAL;
	clock_timezone = *zone;
	return 0;
}

long sys_settimeofday(const struct sys_args *args)
{
	struct abi_timespec time = {0, 0};
	struct abi_timezone zone;
	int result = 0;

	if (args->arg[0]) {
		if (copy_from_user(&time, SYS_PTR(args, 0), sizeof(time)) != 0)
			return -EFAULT;
		if (time.nsec < 0 || time.nsec > 1000000)
			return -EINVAL;
		time.nsec *= 1000;
	}
	if (args->arg[1] && copy_from_user(&zone, SYS_PTR(args, 1), sizeof(zone)) != 0)
		return -EFAULT;
	if (!settable(&time))
		return -EINVAL;
	if (!cap_held(ABI_CAP_SYS_TIME))
		return -EPERM;
	if (args->arg[1])
		result = set_timezone(&zone);
	return result == 0 && args->arg[0] ? set_time(&time) : result;
}

/* ADJ_SETOFFSET: the step is whole seconds of any sign and a fraction that is not negative. */
static int step_by(const struct abi_timex *timex)
{
	bool nano = timex->modes & ABI_ADJ_NANO;
	int64_t part = timex->time.usec, sec = timex->time.sec;

	if (part < 0 || part >= (nano ? (int64_t)NS_PER_SEC : 1000000))
		return -EINVAL;
	if (sec <= -SETTABLE_SECONDS || sec >= SETTABLE_SECONDS)
		return -EINVAL;
	sec += (int64_t)(clock_realtime_ns() / NS_PER_SEC);
	if (sec < 0 || sec >= SETTABLE_SECONDS)
		return -EINVAL;
	return step_to(sec * (int64_t)NS_PER_SEC + (int64_t)(clock_realtime_ns() % NS_PER_SEC) +
	               part * (nano ? 1 : 1000));
}

static int adjust(const struct abi_timex *timex)
{
	uint32_t modes = timex->modes;

	if (modes & ABI_ADJ_ADJTIME) {
		if (!(modes & ABI_ADJ_OFFSET))
			return -EINVAL;
		if (modes & ABI_ADJ_OFFSET_READONLY)
			return 0; /* nothing is left to slew */
	}
	if (modes != 0 && !cap_held(ABI_CAP_SYS_TIME))
		return -EPERM;
	if ((modes & ABI_ADJ_TICK) &&
	    (timex->tick < TICK_US - TICK_US / 10 || timex->tick > TICK_US + TICK_US / 10))
		return -EINVAL;
	if (modes & ~(ABI_ADJ_SETOFFSET | ABI_ADJ_NANO))
		return -EOPNOTSUPP;
	return modes & ABI_ADJ_SETOFFSET ? step_by(timex) : 0;
}

static long adjtime(uintptr_t user)
{
	struct abi_timex timex;
	uint32_t modes;
	int result;

	if (copy_from_user(&timex, (void *)user, sizeof(timex)) != 0)
		return -EFAULT;
	result = adjust(&timex);
	if (result != 0)
		return result;
	modes = timex.modes;
	timex = (struct abi_timex){
	    .modes = modes,
	    .maxerror = ERROR_UNKNOWN_US,
	    .esterror = ERROR_UNKNOWN_US,
	    .status = ABI_STA_UNSYNC,
	    .constant = 2,
	    .precision = 1,
	    .tolerance = (int64_t)TOLERANCE_PPM << 16,
	    .time = timeval_from_ns(clock_realtime_ns()),
	    .tick = TICK_US,
	};
	if (copy_to_user((void *)user, &timex, sizeof(timex)) != 0)
		return -EFAULT;
	return ABI_TIME_ERROR;
}

long sys_adjtimex(const struct sys_args *args)
{
	return adjtime(args->arg[0]);
}

long sys_clock_adjtime(const struct sys_args *args)
{
	int clock = SYS_INT(args, 0);
	uint64_t ns;

	if (clock == ABI_CLOCK_REALTIME)
		return adjtime(args->arg[1]);
	return clock_read(clock, &ns) != 0 ? -EINVAL : -EOPNOTSUPP;
}
