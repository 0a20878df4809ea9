/* SPDX-License-Identifier: MIT */
/* Shows: who may not set the clock, and what is no time to set. Here no clock is ever set: the
 * right is given up first, and with it nothing is left but errors. */
#include "tests/suite/programs/say.h"
#include <sys/time.h>
#include <sys/timex.h>

static void set(const char *what, clockid_t clock, time_t sec, long nsec)
{
	struct timespec time = {.tv_sec = sec, .tv_nsec = nsec};

	say_number(what, syscall(SYS_clock_settime, clock, &time));
}

static void adjust(const char *what, unsigned int modes, long part)
{
	struct timex timex = {.modes = modes, .time.tv_usec = part, .tick = 10000};

	say_number(what, adjtimex(&timex) < 0 ? -1 : 0);
}

int main(void)
{
	struct timeval day = {.tv_sec = 1000000000};
	struct timezone zone = {.tz_minuteswest = 1};
	struct timex timex = {0};

	if (setgid(50) != 0 || setuid(1000) != 0 || setuid(0) == 0)
		return 1;
	set("clock_settime", CLOCK_REALTIME, 1000000000, 0);
	set("a fraction too large", CLOCK_REALTIME, 1000000000, 1000000000);
	set("a fraction below zero", CLOCK_REALTIME, 1000000000, -1);
	set("before 1970", CLOCK_REALTIME, -1, 0);
	set("too late", CLOCK_REALTIME, INT64_MAX, 0);
	set("monotonic", CLOCK_MONOTONIC, 1000000000, 0);
	set("own CPU time", CLOCK_PROCESS_CPUTIME_ID, 1, 0);
	set("CPU time by number", -6, 1, 0);
	set("no such clock", 77, 1, 0);
	say_number("bad pointer", syscall(SYS_clock_settime, CLOCK_REALTIME, 8));
	say_number("bad pointer, wrong clock", syscall(SYS_clock_settime, CLOCK_MONOTONIC, 8));
	say_number("settimeofday", syscall(SYS_settimeofday, &day, NULL));
	day.tv_usec = 1000000;
	say_number("a whole second of microseconds", syscall(SYS_settimeofday, &day, NULL));
	say_number("the zone", syscall(SYS_settimeofday, NULL, &zone));
	say_number("bad zone pointer", syscall(SYS_settimeofday, NULL, 8));
	adjust("read", 0, 0);
	adjust("step", ADJ_SETOFFSET, 0);
	adjust("step by too much of a second", ADJ_SETOFFSET, 1000000);
	adjust("frequency", ADJ_FREQUENCY, 0);
	adjust("read what adjtime() has left", ADJ_OFFSET_SS_READ, 0);
	adjust("adjtime", ADJ_OFFSET_SINGLESHOT, 0);
	adjust("adjtime without an offset", 0x8000, 0);
	say_number("clock_adjtime", clock_adjtime(CLOCK_REALTIME, &timex) < 0 ? -1 : 0);
	say("tick %ld, tolerance %ld", timex.tick, timex.tolerance);
	say_number("of another clock", clock_adjtime(CLOCK_MONOTONIC, &timex));
	say_number("of none", clock_adjtime(77, &timex));
	say_number("bad pointer", syscall(SYS_clock_adjtime, CLOCK_REALTIME, 8));
	return 0;
}
