/* SPDX-License-Identifier: MIT */
/* Shows: condition variables: a bounded queue of many producers and consumers, broadcasts that wake
 * all, signals that wake at least one, time limits on both clocks, and among processes. */
#include "tests/suite/programs/threads.h"

#define ROOM  5
#define ITEMS 600

struct shared {
	pthread_mutex_t lock;
	pthread_cond_t changed, other;
	int queue[ROOM], first, count, waiting, turn, end;
	long sum;
};

static struct shared *shared;

static void wait_for_change(pthread_cond_t *condition)
{
	must("wait", pthread_cond_wait(condition, &shared->lock));
}

static void *produce(void *argument)
{
	for (int i = 1; i <= ITEMS; i++) {
		pthread_mutex_lock(&shared->lock);
		while (shared->count == ROOM)
			wait_for_change(&shared->other);
		shared->queue[(shared->first + shared->count++) % ROOM] = i;
		pthread_cond_signal(&shared->changed);
		pthread_mutex_unlock(&shared->lock);
	}
	return argument;
}

static void *consume(void *argument)
{
	(void)argument;
	for (int i = 1; i <= ITEMS; i++) {
		pthread_mutex_lock(&shared->lock);
		while (shared->count == 0)
			wait_for_change(&shared->changed);
		shared->sum += shared->queue[shared->first];
		shared->first = (shared->first + 1) % ROOM;
		shared->count--;
		pthread_cond_signal(&shared->other);
		pthread_mutex_unlock(&shared->lock);
	}
	return NULL;
}

static void *both(void *argument)
{
	return (intptr_t)argument % 2 ? produce(argument) : consume(argument);
}

static void *wait_for_end(void *argument)
{
	(void)argument;
	pthread_mutex_lock(&shared->lock);
	shared->waiting++;
	pthread_cond_signal(&shared->other);
	while (!shared->end)
		wait_for_change(&shared->changed);
	pthread_mutex_unlock(&shared->lock);
	return (void *)1;
}

static void broadcast(void)
{
	pthread_t threads[30];
	long ended = 0;

	for (int i = 0; i < 30; i++)
		threads[i] = start(wait_for_end, NULL);
	pthread_mutex_lock(&shared->lock);
	while (shared->waiting < 30)
		wait_for_change(&shared->other);
	shared->end = 1;
	pthread_cond_broadcast(&shared->changed);
	pthread_mutex_unlock(&shared->lock);
	for (int i = 0; i < 30; i++)
		ended += join(threads[i]);
	say("broadcast: %ld went on", ended);
}

/* Each waits for its turn; the order is fixed however they are scheduled. */
static void *in_turn(void *argument)
{
	int own = (int)(intptr_t)argument;

	for (int round = 0; round < 20; round++) {
		pthread_mutex_lock(&shared->lock);
		while (shared->turn % 5 != own)
			wait_for_change(&shared->changed);
		shared->sum = shared->sum * 7 % 1000003 + own;
		shared->turn++;
		pthread_cond_broadcast(&shared->changed);
		pthread_mutex_unlock(&shared->lock);
	}
	return NULL;
}

static void limits(clockid_t clock, const char *name)
{
	pthread_condattr_t attributes;
	struct timespec limit, after;
	pthread_cond_t condition;
	int result;

	pthread_condattr_init(&attributes);
	must("clock", pthread_condattr_setclock(&attributes, clock));
	pthread_cond_init(&condition, &attributes);
	clock_gettime(clock, &limit);
	limit.tv_nsec += 4000000;
	if (limit.tv_nsec >= 1000000000) {
		limit.tv_nsec -= 1000000000;
		limit.tv_sec++;
	}
	pthread_mutex_lock(&shared->lock);
	do {
		result = pthread_cond_timedwait(&condition, &shared->lock, &limit);
	} while (result == 0);
	pthread_mutex_unlock(&shared->lock);
	clock_gettime(clock, &after);
	say("%s: %s, not early %d", name, strerror(result),
	    after.tv_sec > limit.tv_sec ||
	        (after.tv_sec == limit.tv_sec && after.tv_nsec >= limit.tv_nsec));
}

static void processes(void)
{
	pid_t children[6];

	shared->sum = 0;
	for (int i = 0; i < 6; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			both((void *)(intptr_t)i);
			_exit(i);
		}
	}
	for (int i = 0; i < 6; i++)
		say_end("process", children[i]);
	say("processes: sum %ld, left %d", shared->sum, shared->count);
}

int main(void)
{
	pthread_mutexattr_t mutex_attributes;
	pthread_condattr_t attributes;

	shared = shared_memory(sizeof(*shared));
	pthread_mutexattr_init(&mutex_attributes);
	pthread_mutexattr_setpshared(&mutex_attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->lock, &mutex_attributes);
	pthread_condattr_init(&attributes);
	pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->changed, &attributes);
	pthread_cond_init(&shared->other, &attributes);
	run_threads(8, both);
	say("threads: sum %ld, left %d", shared->sum, shared->count);
	broadcast();
	shared->sum = 1;
	run_threads(5, in_turn);
	say("in turn: %ld after %d", shared->sum, shared->turn);
	limits(CLOCK_REALTIME, "realtime");
	limits(CLOCK_MONOTONIC, "monotonic");
	processes();
	return 0;
}
