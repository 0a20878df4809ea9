/* SPDX-License-Identifier: MIT */
/* Shows: time and threads: many sleeps at once, timers that run a function or
 * signal one thread, interval timers under load, waits with limits that are never early. */
#include "tests/suite/programs/threads.h"
#include <sys/time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static _Atomic int late, in_function, ticks, wrong_thread;
static _Atomic int expected_tid;
static uint32_t word;

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

/* The kind of wait differs, the end is never early. */
static void *wait_a_while(void *argument)
{
	intptr_t kind = (intptr_t)argument;
	int64_t before = now(), length = (kind % 5 + 1) * 1500000;
	struct timespec limit = {0, length};

	switch (kind % 3) {
	case 0:
		nanosleep(&limit, NULL);
		break;
	case 1:
		futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &limit);
		break;
	default:
		limit.tv_sec = (before + length) / 1000000000;
		limit.tv_nsec = (before + length) % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &limit, NULL);
		break;
	}
	late += now() >= before + length;
	return NULL;
}

static void function(union sigval value)
{
	in_function += value.sival_int;
}

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (own_tid() != expected_tid || info->si_code != SI_TIMER)
		wrong_thread++;
	ticks++;
}

static void *wait_for_ticks(void *argument)
{
	struct itimerspec times = {{0, 1000000}, {0, 1000000}};
	struct sigevent event;
	timer_t timer;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = SIGUSR1;
	event.sigev_notify_thread_id = own_tid();
	expected_tid = own_tid();
	say_number("timer", timer_create(CLOCK_MONOTONIC, &event, &timer));
	timer_settime(timer, 0, &times, NULL);
	while (ticks < 10)
		pause();
	timer_delete(timer);
	return argument;
}

static void *compute(void *argument)
{
	while (ticks < 10)
		HIDE(argument);
	return argument;
}

static void for_one_thread(void)
{
	pthread_t threads[2];

	handle_info(SIGUSR1, note, 0);
	for (int i = 0; i < 2; i++)
		threads[i] = start(compute, NULL);
	join(start(wait_for_ticks, NULL));
	for (int i = 0; i < 2; i++)
		join(threads[i]);
	say("in another thread %d", wrong_thread);
}

static void with_function(void)
{
	struct itimerspec soon = {.it_value = {0, 1000000}};
	struct sigevent event;
	timer_t timers[5];

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD;
	event.sigev_notify_function = function;
	for (int i = 0; i < 5; i++) {
		event.sigev_value.sival_int = 1 << i;
		say_number("timer", timer_create(CLOCK_MONOTONIC, &event, &timers[i]));
		timer_settime(timers[i], 0, &soon, NULL);
	}
	while (in_function != 31)
		usleep(1000);
	say("all functions ran");
	for (int i = 0; i < 5; i++)
		timer_delete(timers[i]);
}

static _Atomic int alarms;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

static void *compute_under_alarms(void *argument)
{
	uint64_t value = 1, i = 0;

	(void)argument;
	for (; alarms < 15 || i < 100000; i++)
		value = value * 6364136223846793005u + 1442695040888963407u;
	for (uint64_t k = 0; k < i; k++)
		value = (value - 1442695040888963407u) * 0xc097ef87329e28a5u;
	return (void *)(intptr_t)(value == 1);
}

static void process_wide(void)
{
	struct itimerval times = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};

	handle(SIGALRM, count_alarm, SA_RESTART);
	setitimer(ITIMER_REAL, &times, NULL);
	say("right under alarms: %ld", run_threads(3, compute_under_alarms));
	setitimer(ITIMER_REAL, &off, NULL);
}

int main(void)
{
	run_threads(30, wait_a_while);
	say("not early: %d", late);
	for_one_thread();
	with_function();
	process_wide();
	return 0;
}
