/* SPDX-License-Identifier: MIT */
/* Shows: robust mutexes: owners that end with locks held, as threads and as killed processes, are
 * reported to the next one, also to one that waits; what is not made consistent is lost. */
#include "tests/suite/programs/threads.h"

#define LOCKS 20

struct shared {
	pthread_mutex_t lock[LOCKS];
	_Atomic int ready;
};

static struct shared *shared;

static void make(pthread_mutex_t *lock, int type)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_settype(&attributes, type);
	must("init", pthread_mutex_init(lock, &attributes));
}

static void *end_with_all(void *argument)
{
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_lock(&shared->lock[i]);
	/* One in the middle is let go again. */
	pthread_mutex_unlock(&shared->lock[7]);
	return argument;
}

static void *wait_for_first(void *argument)
{
	int result;

	shared->ready++;
	result = pthread_mutex_lock(&shared->lock[0]);
	if (result == EOWNERDEAD)
		pthread_mutex_consistent(&shared->lock[0]);
	pthread_mutex_unlock(&shared->lock[0]);
	(void)argument;
	return (void *)(intptr_t)(result == EOWNERDEAD);
}

static void say_all(const char *what)
{
	int dead = 0, fine = 0, other = 0;

	for (int i = 0; i < LOCKS; i++) {
		int result = pthread_mutex_lock(&shared->lock[i]);

		dead += result == EOWNERDEAD;
		fine += result == 0;
		other += result != 0 && result != EOWNERDEAD;
		if (result == EOWNERDEAD)
			pthread_mutex_consistent(&shared->lock[i]);
		if (result == 0 || result == EOWNERDEAD)
			pthread_mutex_unlock(&shared->lock[i]);
	}
	say("%s: owner dead %d, fine %d, other %d", what, dead, fine, other);
}

static void threads(void)
{
	for (int i = 0; i < LOCKS; i++)
		make(&shared->lock[i], i % 2 ? PTHREAD_MUTEX_NORMAL : PTHREAD_MUTEX_RECURSIVE);
	join(start(end_with_all, NULL));
	say_all("after a thread");
	say_all("again");
}

/* Processes wait for a lock whose holder is killed: exactly one hears of it. */
static void killed_holder(int number)
{
	pid_t waiters[4], holder = fork();
	int reports = 0;

	if (holder == 0) {
		pthread_mutex_lock(&shared->lock[0]);
		shared->ready = 1;
		for (;;)
			pause();
	}
	while (!shared->ready)
		sched_yield();
	for (int i = 0; i < 4; i++) {
		waiters[i] = fork();
		if (waiters[i] == 0)
			_exit(wait_for_first(NULL) ? 1 : 0);
	}
	while (shared->ready < 5)
		sched_yield();
	sleep_ms(5);
	kill(holder, number);
	say_end("holder", holder);
	for (int i = 0; i < 4; i++) {
		int status;

		waitpid(waiters[i], &status, 0);
		reports += WEXITSTATUS(status);
	}
	say("reports %d", reports);
	shared->ready = 0;
}

static void not_consistent(void)
{
	make(&shared->lock[0], PTHREAD_MUTEX_NORMAL);
	join(start(end_with_all, NULL));
	say("lock: %s", strerror(pthread_mutex_lock(&shared->lock[0])));
	say("unlock: %s", strerror(pthread_mutex_unlock(&shared->lock[0])));
	say("lock: %s", strerror(pthread_mutex_lock(&shared->lock[0])));
	say("trylock: %s", strerror(pthread_mutex_trylock(&shared->lock[0])));
	say("consistent: %s", strerror(pthread_mutex_consistent(&shared->lock[1])));
}

/* A thread that owns locks executes a new program or ends its process. */
static void process_ends(void)
{
	pid_t child;

	for (int i = 0; i < LOCKS; i++)
		make(&shared->lock[i], PTHREAD_MUTEX_NORMAL);
	child = fork();
	if (child == 0) {
		end_with_all(NULL);
		_exit(5);
	}
	say_end("child that exits", child);
	say_all("after its exit");
	child = fork();
	if (child == 0) {
		end_with_all(NULL);
		execl("/bin/true", "true", NULL);
		_exit(6);
	}
	say_end("child that executes", child);
	say_all("after its exec");
}

int main(void)
{
	shared = shared_memory(sizeof(*shared));
	threads();
	killed_holder(SIGKILL);
	killed_holder(SIGTERM);
	not_consistent();
	process_ends();
	return 0;
}
