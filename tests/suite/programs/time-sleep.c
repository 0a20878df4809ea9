/* SPDX-License-Identifier: MIT */
/* Shows: nanosleep and clock_nanosleep, relative and absolute, in the past, with bad values; a
 * sleeper comes back in its time whoever else sleeps, for longer or shorter, since before or after.
 */
#include "tests/suite/programs/say.h"

#define SLEEPERS 5u

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void sleep_until(long long when)
{
	struct timespec time = {.tv_sec = when / 1000000000, .tv_nsec = when % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

/* Sleepers among others: `first` and `second` are due soon, the others in hours. These two come
 * back, none before its time, and the others do not; however late anybody runs. */
static void among_others(unsigned int first, unsigned int second)
{
	long long start = now(), ms = 1000000, hour = 3600000 * ms;
	unsigned int back = 0;
	pid_t pids[SLEEPERS];
	int status;

	for (unsigned int i = 0; i < SLEEPERS; i++) {
		long long when = start + (i == first    ? 15 * ms
		                          : i == second ? 30 * ms
		                                        : (SLEEPERS - i) * hour);

		pids[i] = fork();
		if (pids[i] == 0) {
			sleep_until(when);
			_exit(now() < when);
		}
	}
	for (unsigned int ended = 0; ended < 2; ended++) {
		pid_t pid = wait(&status);

		for (unsigned int i = 0; i < SLEEPERS; i++)
			if (pids[i] == pid && status == 0)
				back |= 1u << i;
	}
	say("sleepers %u and %u are back: %#x", first, second, back);
	for (unsigned int i = 0; i < SLEEPERS; i++) {
		if (i == first || i == second)
			continue;
		kill(pids[i], SIGKILL);
		say_end("another", pids[i]);
	}
}

int main(void)
{
	struct timespec length = {.tv_nsec = 30000000}, rest = {.tv_sec = 9, .tv_nsec = 9};
	long long before = now();

	say_number("nanosleep", nanosleep(&length, &rest));
	say_truth("long enough", now() - before >= 30000000);
	say("rest untouched: %ld %ld", (long)rest.tv_sec, rest.tv_nsec);
	length.tv_nsec = 0;
	say_number("zero", nanosleep(&length, NULL));
	length.tv_nsec = 1;
	say_number("one nanosecond", nanosleep(&length, NULL));
	length.tv_nsec = 1000000000;
	say_number("too many nanoseconds", nanosleep(&length, NULL));
	length = (struct timespec){.tv_sec = -1};
	say_number("negative", nanosleep(&length, NULL));
	before = now() + 40000000;
	length = (struct timespec){.tv_sec = before / 1000000000, .tv_nsec = before % 1000000000};
	say("absolute: %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &length, NULL));
	say_truth("not before", now() >= before);
	say("absolute, past: %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &length, NULL));
	clock_gettime(CLOCK_REALTIME, &length);
	length.tv_nsec = 0;
	say("realtime, past: %d", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &length, NULL));
	say("bad clock: %d", clock_nanosleep(77, 0, &length, NULL));
	for (unsigned int first = 0; first < SLEEPERS; first++)
		among_others(first, (first + 2) % SLEEPERS);
	return 0;
}
