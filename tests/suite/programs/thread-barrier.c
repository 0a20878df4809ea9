/* SPDX-License-Identifier: MIT */
/* Shows: barriers: nobody passes before all have come, round after round, exactly one is told so;
 * among threads and among processes. */
#include "tests/suite/programs/threads.h"

#define COUNT  7
#define ROUNDS 150

struct shared {
	pthread_barrier_t barrier;
	_Atomic long arrived, serial, early;
};

static struct shared *shared;

static void *rounds(void *argument)
{
	for (long i = 0; i < ROUNDS; i++) {
		int result;

		shared->arrived++;
		result = pthread_barrier_wait(&shared->barrier);
		if (result == PTHREAD_BARRIER_SERIAL_THREAD)
			shared->serial++;
		if (shared->arrived < (i + 1) * COUNT)
			shared->early++;
		/* So that the next round's arrivals do not hide a missing one of this. */
		pthread_barrier_wait(&shared->barrier);
	}
	return argument;
}

static void say_and_clear(const char *what)
{
	say("%s: arrived %ld, told so %ld, early %ld", what, shared->arrived, shared->serial,
	    shared->early);
	shared->arrived = shared->serial = shared->early = 0;
}

int main(void)
{
	pthread_barrierattr_t attributes;
	pid_t children[COUNT];

	shared = shared_memory(sizeof(*shared));
	must("init", pthread_barrier_init(&shared->barrier, NULL, COUNT));
	run_threads(COUNT, rounds);
	say_and_clear("threads");
	say("destroy: %s", strerror(pthread_barrier_destroy(&shared->barrier)));
	say("of none: %s", strerror(pthread_barrier_init(&shared->barrier, NULL, 0)));
	pthread_barrierattr_init(&attributes);
	pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	must("init", pthread_barrier_init(&shared->barrier, &attributes, COUNT));
	for (int i = 0; i < COUNT; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			rounds(NULL);
			_exit(0);
		}
	}
	for (int i = 0; i < COUNT; i++)
		say_end("process", children[i]);
	say_and_clear("processes");
	return 0;
}
