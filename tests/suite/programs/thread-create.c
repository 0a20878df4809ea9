/* SPDX-License-Identifier: MIT */
/* Shows: thousands of threads one after the other and many at once, joined and detached, that make
 * threads themselves; their memory and numbers come back. */
#include "tests/suite/programs/threads.h"

static _Atomic long sum, alive;
static sem_t ended;
static pthread_barrier_t barrier;

static void *add(void *argument)
{
	sum += (intptr_t)argument;
	return argument;
}

static void *end_detached(void *argument)
{
	(void)argument;
	sum++;
	sem_post(&ended);
	return NULL;
}

static void *make_two(void *argument)
{
	intptr_t depth = (intptr_t)argument;

	alive++;
	if (depth > 0) {
		pthread_t one = start(make_two, (void *)(depth - 1));
		pthread_t other = start(make_two, (void *)(depth - 1));

		join(one);
		join(other);
	}
	return NULL;
}

static void *meet(void *argument)
{
	alive++;
	pthread_barrier_wait(&barrier);
	return argument;
}

static void *detach_oneself(void *argument)
{
	pthread_detach(pthread_self());
	return end_detached(argument);
}

static void detached(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sem_init(&ended, 0, 0);
	sum = 0;
	for (int i = 0; i < 400; i++) {
		if (i % 2)
			must("create", pthread_create(&thread, NULL, detach_oneself, NULL));
		else
			must("create", pthread_create(&thread, &attributes, end_detached, NULL));
		if (i % 8 == 7) {
			for (int k = 0; k < 8; k++)
				sem_wait(&ended);
		}
	}
	say("detached: %ld", sum);
}

int main(void)
{
	for (intptr_t i = 1; i <= 1000; i++)
		join(start(add, (void *)i));
	say("one after the other: %ld", sum);
	sum = 0;
	for (int i = 0; i < 20; i++)
		run_threads(50, add);
	say("fifty at a time: %ld", sum);
	detached();
	make_two((void *)7);
	say("a tree: %ld", alive);
	alive = 0;
	pthread_barrier_init(&barrier, NULL, 200);
	run_threads(200, meet);
	say("at once: %ld", alive);
	return 0;
}
