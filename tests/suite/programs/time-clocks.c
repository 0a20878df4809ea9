/* SPDX-License-Identifier: MIT */
/* Shows: clocks go forward and agree with each other, resolutions, processor time counts work and
 * not sleep, gettimeofday and time fit, errors. */
#include "tests/suite/programs/say.h"
#include <sys/time.h>
#include <sys/times.h>

static long long now(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time))
		return -1;
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void work(long long ns)
{
	long long end = now(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (now(CLOCK_PROCESS_CPUTIME_ID) < end)
		;
}

static void forward(const char *what, clockid_t clock)
{
	long long last = now(clock), start = last;
	int i, back = 0;

	for (i = 0; i < 2000; i++) {
		long long next = now(clock);

		back += next < last;
		last = next;
	}
	say("%s: works %d, went back %d times, moved %d", what, start >= 0, back, last > start);
}

int main(void)
{
	struct timespec value, resolution;
	struct timeval day;
	struct tms ticks;
	long long before, processor;

	forward("realtime", CLOCK_REALTIME);
	forward("monotonic", CLOCK_MONOTONIC);
	forward("monotonic raw", CLOCK_MONOTONIC_RAW);
	forward("boottime", CLOCK_BOOTTIME);
	forward("process", CLOCK_PROCESS_CPUTIME_ID);
	forward("thread", CLOCK_THREAD_CPUTIME_ID);
	say_truth("coarse works",
	          now(CLOCK_MONOTONIC_COARSE) > 0 && now(CLOCK_REALTIME_COARSE) > 0);
	say_number("bad clock", clock_gettime(999, &value));
	say_number("resolution", clock_getres(CLOCK_MONOTONIC, &resolution));
	say("%ld.%09ld", (long)resolution.tv_sec, resolution.tv_nsec);
	gettimeofday(&day, NULL);
	before = now(CLOCK_REALTIME) / 1000 - (day.tv_sec * 1000000LL + day.tv_usec);
	say_truth("gettimeofday agrees", before >= 0 && before < 1000000);
	say_truth("time agrees", labs(time(NULL) - day.tv_sec) <= 1);
	before = now(CLOCK_MONOTONIC);
	processor = now(CLOCK_PROCESS_CPUTIME_ID);
	sleep_ms(100);
	say_truth("slept long enough", now(CLOCK_MONOTONIC) - before >= 100000000);
	say_truth("processor time did not run",
	          now(CLOCK_PROCESS_CPUTIME_ID) - processor < 60000000);
	before = now(CLOCK_MONOTONIC);
	work(30000000);
	say_truth("processor time is no more than time", now(CLOCK_MONOTONIC) - before >= 29000000);
	say_truth("times", times(&ticks) != -1 && ticks.tms_utime + ticks.tms_stime >= 1);
	return 0;
}
