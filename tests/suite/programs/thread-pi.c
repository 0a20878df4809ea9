/* SPDX-License-Identifier: MIT */
/* Shows: mutexes with priority inheritance: exclusion under contention, a deadlock that is refused,
 * time limits, an owner that ends; and the futex calls under them with their errors. */
#include "tests/suite/programs/threads.h"

static pthread_mutex_t lock;
static volatile long counter;
static uint32_t word;

static void make(int type, int robust)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	must("protocol", pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT));
	pthread_mutexattr_settype(&attributes, type);
	pthread_mutexattr_setrobust(&attributes, robust);
	must("init", pthread_mutex_init(&lock, &attributes));
}

static void *count(void *argument)
{
	for (int i = 0; i < 1000; i++) {
		must("lock", pthread_mutex_lock(&lock));
		counter = counter + 1;
		if (i % 32 == 0)
			sched_yield();
		must("unlock", pthread_mutex_unlock(&lock));
	}
	return argument;
}

static void *limited(void *argument)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec -= 1;
	say("trylock: %s", strerror(pthread_mutex_trylock(&lock)));
	say("timedlock: %s", strerror(pthread_mutex_timedlock(&lock, &limit)));
	return argument;
}

static void *end_with_it(void *argument)
{
	pthread_mutex_lock(&lock);
	return argument;
}

static void mutexes(void)
{
	make(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	run_threads(6, count);
	say("normal: %ld", counter);
	make(PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
	run_threads(6, count);
	say("recursive: %ld", counter);
	make(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
	run_threads(6, count);
	say("errorcheck: %ld", counter);
	pthread_mutex_lock(&lock);
	say("lock twice: %s", strerror(pthread_mutex_lock(&lock)));
	join(start(limited, NULL));
	pthread_mutex_unlock(&lock);
	make(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
	join(start(end_with_it, NULL));
	say("owner ended: %s", strerror(pthread_mutex_lock(&lock)));
	say("consistent: %s", strerror(pthread_mutex_consistent(&lock)));
	say("unlock: %s", strerror(pthread_mutex_unlock(&lock)));
	run_threads(6, count);
	say("and on: %ld", counter);
}

static void *lock_and_let_go(void *argument)
{
	long result = futex(&word, FUTEX_LOCK_PI, 0, NULL);

	say_truth("got it", result == 0 && (word & FUTEX_TID_MASK) == (uint32_t)own_tid());
	say_number("unlock", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	return argument;
}

static void calls(void)
{
	struct timespec past = {0, 0};
	pthread_t thread;
	long result;

	say_number("lock a free one", futex(&word, FUTEX_LOCK_PI, 0, NULL));
	say_truth("ours", word == (uint32_t)own_tid());
	say_number("lock again", futex(&word, FUTEX_LOCK_PI, 0, NULL));
	say_number("try again", futex(&word, FUTEX_TRYLOCK_PI, 0, NULL));
	thread = start(lock_and_let_go, NULL);
	while (!(__atomic_load_n(&word, __ATOMIC_SEQ_CST) & FUTEX_WAITERS))
		sched_yield();
	result = futex(&word, FUTEX_UNLOCK_PI, 0, NULL);
	join(thread);
	say_number("unlock with a waiter", result);
	say("free again: %x", word);
	say_number("unlock a free one", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	word = 1;
	say_number("unlock another's", futex(&word, FUTEX_UNLOCK_PI, 0, NULL));
	word = FUTEX_TID_MASK;
	say_number("lock of nobody", futex(&word, FUTEX_LOCK_PI, 0, &past));
	say_number("unaligned", futex((char *)&word + 1, FUTEX_LOCK_PI, 0, NULL));
	say_number("nowhere", futex(NULL, FUTEX_LOCK_PI, 0, NULL));
	word = 0;
	say_number("try a free one", futex(&word, FUTEX_TRYLOCK_PI, 0, NULL));
	word = 0;
}

static bool awaited(const uint32_t *at)
{
	return __atomic_load_n(at, __ATOMIC_SEQ_CST) & FUTEX_WAITERS;
}

static void *end_when_awaited(void *argument)
{
	futex(argument, FUTEX_LOCK_PI, 0, NULL);
	while (!awaited(argument))
		sched_yield();
	syscall(SYS_exit, 0);
	return NULL;
}

/* An owner that ends hands over to the one that waits, which is told by a bit. */
static void say_inherited(const char *what, const uint32_t *at)
{
	long result = futex(at, FUTEX_LOCK_PI, 0, NULL);

	say_number(what, result);
	say("ours %d, owner died %d", (*at & FUTEX_TID_MASK) == (uint32_t)own_tid(),
	    (*at & FUTEX_OWNER_DIED) != 0);
	say_number("unlock", futex(at, FUTEX_UNLOCK_PI, 0, NULL));
	say("free: %x", *at);
}

static void until_taken(const uint32_t *at)
{
	while (__atomic_load_n(at, __ATOMIC_SEQ_CST) == 0)
		sched_yield();
}

static void owner_ends(void)
{
	uint32_t *shared = shared_memory(4096);
	pid_t child, killer;

	for (int i = 0; i < 10; i++) {
		pthread_t thread;

		word = 0;
		pthread_create(&thread, NULL, end_when_awaited, &word);
		until_taken(&word);
		if (i == 0)
			say_inherited("after a thread", &word);
		else if (futex(&word, FUTEX_LOCK_PI, 0, NULL) ||
		         futex(&word, FUTEX_UNLOCK_PI, 0, NULL))
			say("round %d failed", i);
	}
	child = fork();
	if (child == 0)
		end_when_awaited(shared);
	until_taken(shared);
	say_inherited("after a process", shared);
	say_end("process", child);
	child = fork();
	if (child == 0) {
		futex(shared, FUTEX_LOCK_PI, 0, NULL);
		for (;;)
			pause();
	}
	until_taken(shared);
	killer = fork();
	if (killer == 0) {
		while (!awaited(shared))
			sched_yield();
		kill(child, SIGKILL);
		_exit(0);
	}
	say_inherited("after a killed one", shared);
	say_end("killed", child);
	say_end("killer", killer);
}

int main(void)
{
	mutexes();
	calls();
	in_child("owners that end", owner_ends);
	return 0;
}
