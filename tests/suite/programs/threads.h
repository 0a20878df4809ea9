/* SPDX-License-Identifier: MIT */
/*
 * What the thread programs of the suite share: starting and joining that end the program when they
 * fail, memory that children share, futex calls, and waiting until a thread sleeps. The numbers of
 * Linux's that musl's headers lack stand here.
 */
#ifndef SUITE_THREADS_H
#define SUITE_THREADS_H

#include "tests/suite/programs/say.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

#define FUTEX_WAIT           0
#define FUTEX_WAKE           1
#define FUTEX_REQUEUE        3
#define FUTEX_CMP_REQUEUE    4
#define FUTEX_WAKE_OP        5
#define FUTEX_LOCK_PI        6
#define FUTEX_UNLOCK_PI      7
#define FUTEX_TRYLOCK_PI     8
#define FUTEX_WAIT_BITSET    9
#define FUTEX_WAKE_BITSET    10
#define FUTEX_PRIVATE        128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_WAITERS        0x80000000u
#define FUTEX_OWNER_DIED     0x40000000u
#define FUTEX_TID_MASK       0x3fffffffu

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Ends the program when a pthread call failed. */
static inline void must(const char *what, int result)
{
	if (result == 0)
		return;
	say("%s: %s", what, strerror(result));
	_exit(96);
}

static inline pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	must("create", pthread_create(&thread, NULL, run, argument));
	return thread;
}

/* The number that the thread ended with. */
static inline long join(pthread_t thread)
{
	void *result;

	must("join", pthread_join(thread, &result));
	return (long)(intptr_t)result;
}

/* Runs `count` threads with the numbers from 0 as arguments; the sum of their results. */
static inline long run_threads(int count, void *(*run)(void *))
{
	pthread_t threads[256];
	long sum = 0;

	for (int i = 0; i < count; i++)
		threads[i] = start(run, (void *)(intptr_t)i);
	for (int i = 0; i < count; i++)
		sum += join(threads[i]);
	return sum;
}

static inline void *shared_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(95);
	return memory;
}

static inline int own_tid(void)
{
	return (int)syscall(SYS_gettid);
}

static inline long futex(const void *word, int operation, uint32_t value,
                         const struct timespec *limit)
{
	return syscall(SYS_futex, word, operation, value, limit, NULL, ~0u);
}

/* The second number of some operations travels in the place of the time limit. */
static inline long futex_two(const void *word, int operation, uint32_t value, long count,
                             const void *other, uint32_t value3)
{
	return syscall(SYS_futex, word, operation, value, count, other, value3);
}

/* Until the futex wait on the word has that many sleepers: moving them to another word and back
 * tells how many they are and wakes none. */
static inline void until_waiting(const void *word, int flags, long count)
{
	uint32_t aside;
	long seen;

	for (;;) {
		seen = futex_two(word, FUTEX_REQUEUE | flags, 0, 1000, &aside, 0);
		futex_two(&aside, FUTEX_REQUEUE | flags, 0, 1000, word, 0);
		if (seen >= count)
			return;
		sleep_ms(1);
	}
}

/* The state letter of a thread of this process, '?' when it is gone; looks into /proc. */
static inline char thread_state(int tid)
{
	char name[64], text[512];
	ssize_t length;
	char *end;
	int fd;

	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", tid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return '?';
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return '?';
	text[length] = '\0';
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

/* Until the thread sleeps; without /proc after a moment. */
static inline void until_asleep(_Atomic int *tid)
{
	while (*tid == 0)
		sleep_ms(1);
	for (int i = 0; i < 2000; i++) {
		char state = thread_state(*tid);

		if (state == 'S' || (state == '?' && i > 10))
			return;
		sleep_ms(1);
	}
}

#endif
