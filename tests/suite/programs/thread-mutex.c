/* SPDX-License-Identifier: MIT */
/* Shows: mutexes of every kind: exclusion under contention, errors of misuse, trying, time limits,
 * and that a recursive one is free only after as many unlocks. */
#include "tests/suite/programs/threads.h"

#define THREADS 6
#define ROUNDS  3000

static pthread_mutex_t lock;
static volatile long counter;
static volatile int inside;
static long violations;

static void *count(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		must("lock", pthread_mutex_lock(&lock));
		if (inside++ != 0)
			violations++;
		counter = counter + 1;
		if (i % 64 == 0)
			sched_yield();
		inside--;
		must("unlock", pthread_mutex_unlock(&lock));
	}
	return argument;
}

static void *try_count(void *argument)
{
	long done = 0;

	while (done < 300) {
		if (pthread_mutex_trylock(&lock) != 0) {
			sched_yield();
			continue;
		}
		counter = counter + 1;
		if (done % 16 == 0)
			sched_yield();
		done++;
		pthread_mutex_unlock(&lock);
	}
	return argument;
}

static void make(int type)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	must("type", pthread_mutexattr_settype(&attributes, type));
	must("init", pthread_mutex_init(&lock, &attributes));
	pthread_mutexattr_destroy(&attributes);
}

static void *from_other(void *argument)
{
	struct timespec limit;

	say("other: trylock: %s", strerror(pthread_mutex_trylock(&lock)));
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_nsec += 3000000;
	if (limit.tv_nsec >= 1000000000) {
		limit.tv_nsec -= 1000000000;
		limit.tv_sec++;
	}
	say("other: timedlock: %s", strerror(pthread_mutex_timedlock(&lock, &limit)));
	limit.tv_nsec = -1;
	say("other: bad time: %s", strerror(pthread_mutex_timedlock(&lock, &limit)));
	return argument;
}

static void contend(const char *name, int type)
{
	make(type);
	counter = 0;
	run_threads(THREADS, count);
	say("%s: %ld, violations %ld", name, counter, violations);
	counter = 0;
	run_threads(THREADS, try_count);
	say("%s: tried %ld", name, counter);
	pthread_mutex_lock(&lock);
	join(start(from_other, NULL));
	pthread_mutex_unlock(&lock);
	say("%s: destroy: %s", name, strerror(pthread_mutex_destroy(&lock)));
}

static void *unlock_foreign(void *argument)
{
	say("unlock another's: %s", strerror(pthread_mutex_unlock(&lock)));
	return argument;
}

static void misuse(void)
{
	make(PTHREAD_MUTEX_ERRORCHECK);
	say("unlock an open one: %s", strerror(pthread_mutex_unlock(&lock)));
	pthread_mutex_lock(&lock);
	say("lock twice: %s", strerror(pthread_mutex_lock(&lock)));
	join(start(unlock_foreign, NULL));
	pthread_mutex_unlock(&lock);
	make(PTHREAD_MUTEX_RECURSIVE);
	for (int i = 0; i < 3; i++)
		say("recursive lock: %s", strerror(pthread_mutex_lock(&lock)));
	for (int i = 0; i < 3; i++) {
		join(start(from_other, NULL));
		say("recursive unlock: %s", strerror(pthread_mutex_unlock(&lock)));
	}
	join(start(unlock_foreign, NULL));
}

int main(void)
{
	contend("normal", PTHREAD_MUTEX_NORMAL);
	contend("recursive", PTHREAD_MUTEX_RECURSIVE);
	contend("errorcheck", PTHREAD_MUTEX_ERRORCHECK);
	misuse();
	return 0;
}
