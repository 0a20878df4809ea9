/* SPDX-License-Identifier: MIT */
/* Shows: interval timers and the limit of CPU time while several threads compute and the one
 * that set them sleeps; the time of all threads counts, nothing comes much too early or too
 * late. A limit holds in children. */
#include "tests/suite/programs/threads.h"
#include <sys/resource.h>
#include <sys/time.h>

#define WORKERS 3
#define TICKS   4
#define TICK_MS 20

static _Atomic int working, ticks;
static _Atomic long used_ms;

static long process_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void note(int number)
{
	(void)number;
	if (++ticks == TICKS)
		used_ms = process_ms();
}

/* No call of the kernel's: only a timer can look at this thread. */
static void *compute(void *argument)
{
	working++;
	while (ticks < TICKS)
		HIDE(argument);
	return NULL;
}

static void start_workers(pthread_t *threads)
{
	for (int i = 0; i < WORKERS; i++)
		threads[i] = start(compute, NULL);
	while (working < WORKERS)
		sched_yield();
}

static void tick(const char *what, int which, int signal)
{
	struct itimerval every = {{0, TICK_MS * 1000}, {0, TICK_MS * 1000}},
	                 none = {{0, 0}, {0, 0}};
	pthread_t threads[WORKERS];
	sigset_t set;
	long before;

	ticks = working = 0;
	handle(signal, note, 0);
	start_workers(threads);
	sigemptyset(&set);
	sigaddset(&set, signal);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* not here, where all is asleep */
	before = process_ms();
	say_number(what, setitimer(which, &every, NULL));
	for (int i = 0; i < WORKERS; i++)
		join(threads[i]);
	setitimer(which, &none, NULL);
	used_ms -= before;
	/* Linux may count in ticks of its clock. */
	say_truth("not early", used_ms >= TICKS * TICK_MS / 2);
	say_truth("not late", used_ms < 1000);
}

static void over_limit(void)
{
	struct rlimit limit = {(rlim_t)process_ms() / 1000 + 1, RLIM_INFINITY};
	pthread_t threads[WORKERS];

	ticks = working = 0;
	start_workers(threads);
	say_number("limit", setrlimit(RLIMIT_CPU, &limit));
	join(threads[0]);
}

static void compute_for_ever(void)
{
	ticks = 0;
	compute(NULL);
}

static void inherited_limit(void)
{
	struct rlimit limit = {1, 1};

	say_number("limit", setrlimit(RLIMIT_CPU, &limit));
	in_child("its child", compute_for_ever);
}

int main(void)
{
	tick("profiling", ITIMER_PROF, SIGPROF);
	tick("virtual", ITIMER_VIRTUAL, SIGVTALRM);
	in_child("limit of CPU time", over_limit);
	in_child("parent of one with a limit", inherited_limit);
	return 0;
}
