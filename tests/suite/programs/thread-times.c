/* SPDX-License-Identifier: MIT */
/* Shows: the time that threads use, each for itself and all together: clocks of a thread, of
 * another one, of the process, and what getrusage says of each. */
#include "tests/suite/programs/threads.h"
#include <sys/resource.h>
#include <sys/times.h>

static _Atomic int stop, running, sleeper_tid;

static int64_t now(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time))
		return -1;
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static int64_t usage(int who)
{
	struct rusage use;

	if (getrusage(who, &use))
		return -1;
	return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000ll +
	       (use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000ll;
}

/* Until this thread has used that much of the processor, however slow it is. */
static void burn_ms(long ms)
{
	int64_t end = now(CLOCK_THREAD_CPUTIME_ID) + ms * 1000000;

	while (now(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static void *burn(void *argument)
{
	int64_t before = now(CLOCK_THREAD_CPUTIME_ID), own;

	burn_ms(15);
	own = now(CLOCK_THREAD_CPUTIME_ID);
	/* Its own clock is no more than the process's. */
	(void)argument;
	return (void *)(intptr_t)(before >= 0 && own >= before + 15000000 &&
	                          now(CLOCK_PROCESS_CPUTIME_ID) >= own);
}

static void *burn_until_stopped(void *argument)
{
	running = 1;
	while (!stop)
		HIDE(argument);
	return NULL;
}

static void *sleep_until_stopped(void *argument)
{
	sleeper_tid = own_tid();
	while (!stop)
		futex(&stop, FUTEX_WAIT | FUTEX_PRIVATE, 0, NULL);
	return argument;
}

/* Another thread's clock goes on while that computes, and stands while it sleeps. */
static void another(void)
{
	pthread_t thread = start(burn_until_stopped, NULL);
	clockid_t clock;
	int64_t before;

	while (!running)
		sched_yield();
	must("clock", pthread_getcpuclockid(thread, &clock));
	before = now(clock);
	while (now(clock) < before + 5000000)
		sched_yield();
	say("it computes, its clock goes on");
	stop = 1;
	join(thread);
	stop = 0;
	thread = start(sleep_until_stopped, NULL);
	until_waiting(&stop, FUTEX_PRIVATE, 1);
	until_asleep(&sleeper_tid);
	must("clock", pthread_getcpuclockid(thread, &clock));
	before = now(clock);
	sleep_ms(5);
	say("it sleeps, its clock stands: %d", now(clock) == before);
	stop = 1;
	futex(&stop, FUTEX_WAKE | FUTEX_PRIVATE, 1, NULL);
	join(thread);
}

static void *usage_of_thread(void *argument)
{
	int64_t thread = usage(RUSAGE_THREAD), process = usage(RUSAGE_SELF);

	say("thread's below process's: %d", thread >= 0 && thread + 30000000 <= process);
	burn_ms(12);
	say("it grows with it: %d",
	    usage(RUSAGE_THREAD) >= thread + 8000000 && usage(RUSAGE_SELF) >= process + 8000000);
	return argument;
}

static void *change_nothing(void *argument)
{
	struct rusage use = {.ru_nvcsw = 0};

	/* A short sleep may be over before the processor was given away. */
	for (int i = 0; i < 200 && use.ru_nvcsw == 0; i++) {
		sleep_ms(5);
		getrusage(RUSAGE_THREAD, &use);
	}
	say("it gave the processor away itself: %d", use.ru_nvcsw >= 1);
	return argument;
}

int main(void)
{
	int64_t before, children;
	struct tms ticks;
	pid_t child;

	say("good %ld", run_threads(4, burn));
	/* Threads that have ended still count. */
	say("process: %d", now(CLOCK_PROCESS_CPUTIME_ID) >= 60000000);
	say("usage: %d", usage(RUSAGE_SELF) >= 50000000);
	another();
	join(start(usage_of_thread, NULL));
	join(start(change_nothing, NULL));
	before = usage(RUSAGE_CHILDREN);
	child = fork();
	if (child == 0)
		_exit((int)run_threads(3, burn));
	say_end("child", child);
	children = usage(RUSAGE_CHILDREN);
	say("children: %d", before == 0 && children >= 35000000);
	times(&ticks);
	say("ticks: %d", ticks.tms_utime + ticks.tms_stime >= 5 && ticks.tms_cutime >= 0);
	say_number("nobody's", getrusage(5, &(struct rusage){.ru_nvcsw = 0}));
	return 0;
}
