/* SPDX-License-Identifier: MIT */
/* Shows: signals sent to one thread: its handler runs there, masks and pending sets are each
 * thread's own and inherited at creation, numbers that mean nobody, and counts under a storm. */
#include "tests/suite/programs/threads.h"

#define STORM 300

static __thread int own_count;
static _Atomic int tids[8], ended, total, wrong_place;
static _Atomic int expected_tid;

static void note(int number)
{
	(void)number;
	own_count++;
	if (expected_tid && own_tid() != expected_tid)
		wrong_place++;
	total++; /* the sender goes on with this */
}

static void block(int how, int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	must("mask", pthread_sigmask(how, &set, NULL));
}

static bool is_pending(int number)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, number);
}

static void *wait_for_end(void *argument)
{
	tids[(intptr_t)argument] = own_tid();
	while (!ended)
		usleep(500);
	return (void *)(intptr_t)own_count;
}

static int tgkill_to(int tgid, int tid, int number)
{
	return (int)syscall(SYS_tgkill, tgid, tid, number);
}

static void directed(void)
{
	pthread_t threads[4];

	handle(SIGUSR1, note, SA_RESTART);
	for (int i = 0; i < 4; i++)
		threads[i] = start(wait_for_end, (void *)(intptr_t)i);
	for (int i = 0; i < 4; i++) {
		while (!tids[i])
			sched_yield();
		expected_tid = tids[i];
		for (int k = 0; k <= i; k++) {
			int before = total;

			must("kill", pthread_kill(threads[i], SIGUSR1));
			while (total == before)
				sched_yield();
		}
	}
	expected_tid = 0;
	ended = 1;
	for (int i = 0; i < 4; i++)
		say("thread %d got %ld", i, join(threads[i]));
	say("in another thread: %d", wrong_place);
	/* Their numbers are nobody's now. */
	say_number("gone", tgkill_to(getpid(), tids[0], SIGUSR1));
	say_number("wrong group", tgkill_to(getpid() + 1, own_tid(), SIGUSR1));
	say_number("no group", tgkill_to(0, own_tid(), SIGUSR1));
	say_number("no thread", tgkill_to(getpid(), 0, SIGUSR1));
	say_number("no such signal", tgkill_to(getpid(), own_tid(), 99));
	say_number("is it there", tgkill_to(getpid(), own_tid(), 0));
	say_number("tkill of none", syscall(SYS_tkill, -1, SIGUSR1));
}

static void *own_pending(void *argument)
{
	bool inherited;
	sigset_t set;

	pthread_sigmask(SIG_BLOCK, NULL, &set);
	inherited = sigismember(&set, SIGUSR1);
	say("inherited mask %d, pending %d", inherited, is_pending(SIGUSR1));
	pthread_kill(pthread_self(), SIGUSR2);
	say("own pending %d", is_pending(SIGUSR2));
	block(SIG_UNBLOCK, SIGUSR2);
	say("delivered %d, pending %d", own_count, is_pending(SIGUSR2));
	return argument;
}

/* What is pending for the process is seen by all, what is for a thread by it alone. */
static void pending(void)
{
	handle(SIGUSR2, note, 0);
	own_count = 0;
	block(SIG_BLOCK, SIGUSR1);
	block(SIG_BLOCK, SIGUSR2);
	pthread_kill(pthread_self(), SIGUSR1);
	join(start(own_pending, NULL));
	say("ours is still pending %d, theirs never was %d", is_pending(SIGUSR1),
	    is_pending(SIGUSR2));
	kill(getpid(), SIGUSR2);
	say("the process's is %d", is_pending(SIGUSR2));
	join(start(own_pending, NULL));
	say("taken by the other: pending %d", is_pending(SIGUSR2));
	block(SIG_UNBLOCK, SIGUSR1);
	block(SIG_UNBLOCK, SIGUSR2);
	say("main got %d", own_count);
}

static _Atomic int storm_count;

static void count_storm(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	storm_count += info->si_value.sival_int;
}

/* Signals with a queue: none is lost however they come together. */
static void *queue_many(void *argument)
{
	(void)argument;
	for (int i = 0; i < STORM; i++) {
		while (sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 1}))
			sched_yield();
	}
	return NULL;
}

static void storm(void)
{
	handle_info(SIGRTMIN + 1, count_storm, SA_RESTART);
	run_threads(4, queue_many);
	while (storm_count < 4 * STORM)
		sched_yield();
	say("storm: %d", storm_count);
}

/* Each hits the next; all handle while they hit. */
static pthread_t ring[6];
static pthread_barrier_t barrier;

static void *hit_next(void *argument)
{
	intptr_t own = (intptr_t)argument;

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < STORM; i++)
		pthread_kill(ring[(own + 1) % 6], SIGUSR1);
	pthread_barrier_wait(&barrier);
	return (void *)(intptr_t)(own_count > 0 && own_count <= STORM);
}

static void hits(void)
{
	long got = 0;

	pthread_barrier_init(&barrier, NULL, 7);
	for (intptr_t i = 0; i < 6; i++)
		ring[i] = start(hit_next, (void *)i);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 6; i++)
		got += join(ring[i]);
	say("hit: %ld", got);
}

int main(void)
{
	directed();
	pending();
	storm();
	hits();
	return 0;
}
