/* SPDX-License-Identifier: MIT */
/* Shows: time limits of futex waits with many waiters: relative and to a point on either clock,
 * some woken, some late, none early; waits that signals interrupt go on for what is left. */
#include "tests/suite/programs/threads.h"

static _Atomic uint32_t word, other;
static _Atomic int woken, timed_out, early, interrupted_count, odd;

static int64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct timespec spec(int64_t ns)
{
	return (struct timespec){ns / 1000000000, ns % 1000000000};
}

static void count(long result, clockid_t clock, int64_t end)
{
	if (result == 0)
		woken++;
	else if (errno == ETIMEDOUT)
		timed_out++;
	else if (errno == EINTR)
		interrupted_count++;
	else
		odd++;
	if (result != 0 && errno == ETIMEDOUT && now(clock) < end)
		early++;
}

static void *wait_relative(void *argument)
{
	int64_t length = ((intptr_t)argument % 7 + 1) * 1000000;
	struct timespec limit = spec(length);
	int64_t end = now(CLOCK_MONOTONIC) + length;

	count(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &limit), CLOCK_MONOTONIC, end);
	return NULL;
}

static void *wait_absolute(void *argument)
{
	bool real = (intptr_t)argument % 2;
	clockid_t clock = real ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	int64_t end = now(clock) + ((intptr_t)argument % 7 + 1) * 1000000;
	struct timespec limit = spec(end);

	count(futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE | (real ? FUTEX_CLOCK_REALTIME : 0), 0,
	            &limit),
	      clock, end);
	return NULL;
}

static void say_counts(const char *what)
{
	say("%s: woken %d, timed out %d, early %d, interrupted %d, odd %d", what, woken, timed_out,
	    early, interrupted_count, odd);
	woken = timed_out = early = interrupted_count = odd = 0;
}

static void *wait_long(void *argument)
{
	struct timespec limit = spec(100000000000);

	count(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &limit), CLOCK_MONOTONIC, 0);
	return argument;
}

/* Of twenty with a long limit seven are woken, five moved and woken there, the rest at the end. */
static void some_woken(void)
{
	pthread_t threads[20];

	for (int i = 0; i < 20; i++)
		threads[i] = start(wait_long, NULL);
	until_waiting(&word, FUTEX_PRIVATE, 20);
	say_number("wake", futex(&word, FUTEX_WAKE | FUTEX_PRIVATE, 7, NULL));
	say_number("move", futex_two(&word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE, 0, 5, &other, 0));
	say_number("wake the moved", futex(&other, FUTEX_WAKE | FUTEX_PRIVATE, 100, NULL));
	say_number("wake the rest", futex(&word, FUTEX_WAKE | FUTEX_PRIVATE, 100, NULL));
	for (int i = 0; i < 20; i++)
		join(threads[i]);
	say_counts("long");
}

/* Those that were moved still have their limit. */
static void moved_time_out(void)
{
	pthread_t threads[6];

	for (intptr_t i = 0; i < 6; i++)
		threads[i] = start(wait_relative, (void *)6);
	for (int i = 0; i < 20; i++) {
		futex_two(&word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE, 0, 100, &other, 0);
		usleep(200);
	}
	for (int i = 0; i < 6; i++)
		join(threads[i]);
	say_counts("moved");
}

static _Atomic int caught;

static void note(int number)
{
	(void)number;
	caught++;
}

static void *wait_under_signals(void *argument)
{
	int64_t end = now(CLOCK_MONOTONIC) + 10000000;
	struct timespec limit = spec(argument ? end : 10000000);
	long result;

	do {
		result = futex(&word, (argument ? FUTEX_WAIT_BITSET : FUTEX_WAIT) | FUTEX_PRIVATE,
		               0, &limit);
	} while (result != 0 && errno == EINTR);
	count(result, CLOCK_MONOTONIC, end);
	other = 1;
	return NULL;
}

static void under_signals(const char *what, int flags, bool absolute)
{
	pthread_t thread;

	handle(SIGUSR1, note, flags);
	other = 0;
	caught = 0;
	thread = start(wait_under_signals, absolute ? (void *)1 : NULL);
	while (!other) {
		/* A relative wait begins anew: the signals must be further apart than its limit. */
		pthread_kill(thread, SIGUSR1);
		usleep(absolute ? 1000 : 15000);
	}
	join(thread);
	say_counts(what);
	say("caught some: %d", caught > 0);
}

int main(void)
{
	run_threads(28, wait_relative);
	say_counts("relative");
	run_threads(28, wait_absolute);
	say_counts("absolute");
	some_woken();
	moved_time_out();
	under_signals("interrupted", 0, false);
	under_signals("interrupted, to a point", 0, true);
	under_signals("restarted", SA_RESTART, false);
	under_signals("restarted, to a point", SA_RESTART, true);
	return 0;
}
