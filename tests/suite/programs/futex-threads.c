/* SPDX-License-Identifier: MIT */
/* Shows: futexes under contention: a lock and a condition made by hand with wait, wake, requeue and
 * wake-op, private and shared; wake-ups are neither lost nor more than asked for. */
#include "tests/suite/programs/threads.h"

#define THREADS 6
#define ROUNDS  1500

struct shared {
	_Atomic uint32_t lock; /* 0 free, 1 held, 2 held and waited for */
	_Atomic uint32_t sequence;
	_Atomic uint32_t gate[2];
	_Atomic long counter, asleep;
};

static struct shared *shared;
static int flags;

static void take(void)
{
	uint32_t seen = 0;

	if (atomic_compare_exchange_strong(&shared->lock, &seen, 1))
		return;
	while (atomic_exchange(&shared->lock, 2) != 0)
		futex(&shared->lock, FUTEX_WAIT | flags, 2, NULL);
}

static void give(void)
{
	if (atomic_exchange(&shared->lock, 0) == 2)
		futex(&shared->lock, FUTEX_WAKE | flags, 1, NULL);
}

static void *count(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		long seen;

		take();
		seen = shared->counter;
		if (i % 32 == 0)
			sched_yield();
		shared->counter = seen + 1;
		give();
	}
	return argument;
}

/* Two threads hand a word to and fro. */
static void *ping(void *argument)
{
	uint32_t own = (uint32_t)(intptr_t)argument;

	for (int i = 0; i < 1000; i++) {
		while (shared->gate[own] == 0)
			futex(&shared->gate[own], FUTEX_WAIT | flags, 0, NULL);
		shared->gate[own] = 0;
		shared->counter++;
		shared->gate[1 - own] = 1;
		futex(&shared->gate[1 - own], FUTEX_WAKE | flags, 1, NULL);
	}
	return NULL;
}

/* The classic use of requeue: all wait on the sequence, are moved to the lock. */
static void *wait_for_news(void *argument)
{
	(void)argument;
	take();
	uint32_t seen = shared->sequence;

	shared->asleep++;
	give();
	while (shared->sequence == seen)
		futex(&shared->sequence, FUTEX_WAIT | flags, seen, NULL);
	/* Moved or woken: others may still wait behind us. */
	while (atomic_exchange(&shared->lock, 2) != 0)
		futex(&shared->lock, FUTEX_WAIT | flags, 2, NULL);
	shared->counter++;
	give();
	return NULL;
}

static void news(void)
{
	pthread_t threads[20];
	long moved;

	shared->counter = shared->asleep = 0;
	for (int i = 0; i < 20; i++)
		threads[i] = start(wait_for_news, NULL);
	while (shared->asleep < 20)
		sched_yield();
	until_waiting(&shared->sequence, flags, 20);
	take();
	shared->lock = 2;
	shared->sequence++;
	moved = futex_two(&shared->sequence, FUTEX_CMP_REQUEUE | flags, 1, 1000, &shared->lock,
	                  shared->sequence);
	say_number("woken and moved", moved);
	give();
	for (int i = 0; i < 20; i++)
		join(threads[i]);
	say("heard of it: %ld", (long)shared->counter);
}

static void *wait_for_word(void *argument)
{
	(void)argument;
	return (void *)futex(&shared->sequence, FUTEX_WAIT | flags, shared->sequence, NULL);
}

/* Wakes exactly as many as are asked for. */
static void exact(void)
{
	pthread_t threads[12];
	long left = 12, failed = 0;

	for (int i = 0; i < 12; i++)
		threads[i] = start(wait_for_word, NULL);
	until_waiting(&shared->sequence, flags, 12);
	for (uint32_t i = 1; left > 0; i++) {
		long woken = futex(&shared->sequence, FUTEX_WAKE | flags, i, NULL);

		say("asked for %u, woke %ld", i, woken);
		left -= woken;
	}
	for (int i = 0; i < 12; i++)
		failed += join(threads[i]) != 0;
	say("failed %ld", failed);
}

/* Adds one to a word and wakes its waiter when the old value was 4: of many that add, one does. */
static void *add_and_wake(void *argument)
{
	(void)argument;
	/* add 1, compare the old value with 4, equal */
	return (void *)futex_two(&shared->gate[0], FUTEX_WAKE_OP | flags, 0, 1, &shared->gate[1],
	                         1u << 28 | 1u << 12 | 4);
}

static void *wait_for_five(void *argument)
{
	uint32_t seen;

	while ((seen = shared->gate[1]) < 5)
		futex(&shared->gate[1], FUTEX_WAIT | flags, seen, NULL);
	return argument;
}

static void wake_op(void)
{
	pthread_t waiter;

	for (int i = 0; i < 30; i++) {
		shared->gate[1] = 0;
		waiter = start(wait_for_five, NULL);
		/* The waiter may sleep on any value below five; only the last is announced. */
		run_threads(5, add_and_wake);
		futex(&shared->gate[1], FUTEX_WAKE | flags, 1, NULL);
		join(waiter);
		shared->counter += shared->gate[1];
	}
}

static void all(const char *what)
{
	shared->counter = 0;
	run_threads(THREADS, count);
	say("%s: locked %ld", what, (long)shared->counter);
	shared->counter = 0;
	shared->gate[0] = 1;
	run_threads(2, ping);
	say("%s: handed over %ld", what, (long)shared->counter);
	news();
	exact();
	shared->counter = 0;
	wake_op();
	say("%s: added %ld", what, (long)shared->counter);
}

int main(void)
{
	pid_t children[THREADS];

	shared = shared_memory(sizeof(*shared));
	flags = FUTEX_PRIVATE;
	all("private");
	flags = 0;
	all("shared");
	shared->counter = 0;
	for (int i = 0; i < THREADS; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(count(NULL) ? 1 : 0);
	}
	for (int i = 0; i < THREADS; i++)
		say_end("process", children[i]);
	say("processes: locked %ld", (long)shared->counter);
	return 0;
}
