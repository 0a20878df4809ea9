/* SPDX-License-Identifier: MIT */
/* Shows: what each thread has of its own: variables with and without a first value and with an
 * alignment, errno, keys whose destructors run again while they set values; and what is run once.
 */
#include "tests/suite/programs/threads.h"

static __thread int zeroed;
static __thread int first = 1234;
static __thread long many[500];
static __thread _Alignas(64) char aligned[64];

static pthread_key_t key, other_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic int once_count, destroyed, wrong;
static pthread_barrier_t barrier;

static void run_once(void)
{
	/* The others must wait for the end of this. */
	sleep_ms(5);
	once_count++;
}

static void *use(void *argument)
{
	int own = (int)(intptr_t)argument + 1;

	if (zeroed != 0 || first != 1234 || (uintptr_t)aligned % 64 != 0)
		wrong++;
	for (size_t i = 0; i < COUNT_OF(many); i++)
		wrong += many[i] != 0;
	zeroed = own;
	first = -own;
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = own;
	pthread_barrier_wait(&barrier);
	errno = own;
	sched_yield();
	if (errno != own)
		wrong++;
	pthread_once(&once, run_once);
	if (once_count != 1)
		wrong++;
	pthread_barrier_wait(&barrier);
	for (size_t i = 0; i < COUNT_OF(many); i++)
		wrong += many[i] != own;
	return (void *)(intptr_t)(zeroed - first);
}

/* A value that is set in a destructor is destroyed in turn, a few times at most. */
static void destroy(void *value)
{
	intptr_t left = (intptr_t)value;

	destroyed++;
	if (left > 1)
		pthread_setspecific(key, (void *)(left - 1));
}

static void *with_keys(void *argument)
{
	pthread_setspecific(key, (void *)3);
	pthread_setspecific(other_key, argument);
	if (pthread_getspecific(other_key) != argument)
		wrong++;
	if ((intptr_t)argument % 2)
		pthread_exit(NULL);
	return NULL;
}

int main(void)
{
	pthread_barrier_init(&barrier, NULL, 40);
	say("sum %ld", run_threads(40, use));
	say("once %d, wrong %d", once_count, wrong);
	say("main's own: %d, %d", zeroed, first);
	must("key", pthread_key_create(&key, destroy));
	must("key", pthread_key_create(&other_key, NULL));
	run_threads(50, with_keys);
	say("destroyed %d, wrong %d", destroyed, wrong);
	say("main has none: %d", pthread_getspecific(key) == NULL);
	must("delete", pthread_key_delete(key));
	run_threads(3, with_keys);
	say("destroyed %d after the key went", destroyed);
	return 0;
}
