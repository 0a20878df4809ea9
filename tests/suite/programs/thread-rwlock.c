/* SPDX-License-Identifier: MIT */
/* Shows: read-write locks: readers together, writers alone, trying, time limits, deadlocks that are
 * refused; and spinning locks, all under contention. */
#include "tests/suite/programs/threads.h"

#define ROUNDS 800

static pthread_rwlock_t lock;
static pthread_spinlock_t spin;
static volatile long first, second;
static _Atomic long torn, readers, together;
static pthread_barrier_t barrier;

static void *use(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		if ((i + (intptr_t)argument) % 4 == 0) {
			pthread_rwlock_wrlock(&lock);
			torn += readers != 0;
			first = first + 1;
			if (i % 16 == 0)
				sched_yield();
			second = second + 1;
			pthread_rwlock_unlock(&lock);
		} else {
			pthread_rwlock_rdlock(&lock);
			readers++;
			torn += first != second;
			if (i % 16 == 0)
				sched_yield();
			readers--;
			pthread_rwlock_unlock(&lock);
		}
	}
	return NULL;
}

/* All hold it for reading at once, or none would get past the barrier. */
static void *read_together(void *argument)
{
	pthread_rwlock_rdlock(&lock);
	pthread_barrier_wait(&barrier);
	together++;
	pthread_rwlock_unlock(&lock);
	return argument;
}

static void say_tries(const char *who)
{
	struct timespec past = {1, 0};

	say("%s: read %s", who, strerror(pthread_rwlock_timedrdlock(&lock, &past)));
	say("%s: write %s", who, strerror(pthread_rwlock_timedwrlock(&lock, &past)));
}

static void *try_reading(void *argument)
{
	int result = pthread_rwlock_tryrdlock(&lock);

	say("try reading: %s", strerror(result));
	if (result == 0)
		pthread_rwlock_unlock(&lock);
	result = pthread_rwlock_trywrlock(&lock);
	say("try writing: %s", strerror(result));
	if (result == 0)
		pthread_rwlock_unlock(&lock);
	return argument;
}

static void *timed(void *argument)
{
	say_tries("timed");
	return argument;
}

static void *with_spinning(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_spin_lock(&spin);
		first = first + 1;
		pthread_spin_unlock(&spin);
	}
	return argument;
}

int main(void)
{
	pthread_rwlock_init(&lock, NULL);
	run_threads(8, use);
	say("written %ld and %ld, torn %ld", first, second, torn);
	pthread_barrier_init(&barrier, NULL, 6);
	run_threads(6, read_together);
	say("read together: %ld", together);
	join(start(try_reading, NULL));
	pthread_rwlock_rdlock(&lock);
	join(start(try_reading, NULL));
	pthread_rwlock_unlock(&lock);
	pthread_rwlock_wrlock(&lock);
	join(start(try_reading, NULL));
	join(start(timed, NULL));
	pthread_rwlock_unlock(&lock);
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	first = 0;
	run_threads(6, with_spinning);
	say("spinning: %ld", first);
	pthread_spin_lock(&spin);
	say("try: %s", strerror(pthread_spin_trylock(&spin)));
	return 0;
}
