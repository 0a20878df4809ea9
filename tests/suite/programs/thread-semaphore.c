/* SPDX-License-Identifier: MIT */
/* Shows: semaphores without a name and with one, among threads and processes: as many pass as were
 * posted, none more; values, time limits, errors, interrupted waits. */
#include "tests/suite/programs/threads.h"

struct shared {
	sem_t slots, posted;
	_Atomic int inside, most, passed;
};

static struct shared *shared;
static volatile sig_atomic_t caught;

static void *enter(void *argument)
{
	for (int i = 0; i < 100; i++) {
		int now;

		while (sem_wait(&shared->slots))
			;
		now = ++shared->inside;
		if (now > shared->most)
			shared->most = now;
		if (i % 8 == 0)
			sched_yield();
		shared->inside--;
		shared->passed++;
		sem_post(&shared->slots);
	}
	return argument;
}

static void *post_many(void *argument)
{
	for (int i = 0; i < 500; i++)
		sem_post(&shared->posted);
	return argument;
}

static void *take_many(void *argument)
{
	for (int i = 0; i < 500; i++)
		sem_wait(&shared->posted);
	return argument;
}

static void *either(void *argument)
{
	return (intptr_t)argument % 2 ? post_many(NULL) : take_many(NULL);
}

static void say_value(const char *what, sem_t *semaphore)
{
	int value = -1;

	say_number(what, sem_getvalue(semaphore, &value));
	say("value %d", value);
}

static void note(int number)
{
	(void)number;
	caught++;
}

static void *wait_interrupted(void *argument)
{
	_Atomic int *tid = argument;

	*tid = own_tid();
	say_number("wait", sem_wait(&shared->posted));
	return NULL;
}

static void interrupted(void)
{
	_Atomic int tid = 0;
	pthread_t thread;

	handle(SIGUSR1, note, 0);
	thread = start(wait_interrupted, &tid);
	until_asleep(&tid);
	pthread_kill(thread, SIGUSR1);
	join(thread);
	say("caught %d", (int)caught);
}

static void in_process(const char *name)
{
	sem_t *there = sem_open(name, 0), *back = sem_open("/suite-back", 0);

	if (there == SEM_FAILED || back == SEM_FAILED)
		_exit(94);
	for (int i = 0; i < 200; i++) {
		sem_wait(there);
		sem_post(back);
	}
	_exit(0);
}

static void named(void)
{
	sem_t *there = sem_open("/suite-there", O_CREAT | O_EXCL, 0600, 0);
	sem_t *back = sem_open("/suite-back", O_CREAT | O_EXCL, 0600, 0);
	pid_t child;

	if (there == SEM_FAILED || back == SEM_FAILED) {
		say_done("sem_open", -1);
		return;
	}
	say_truth("once only", sem_open("/suite-there", O_CREAT | O_EXCL, 0600, 0) == SEM_FAILED &&
	                           errno == EEXIST);
	say_truth("same again", sem_open("/suite-there", 0) == there);
	child = fork();
	if (child == 0)
		in_process("/suite-there");
	for (int i = 0; i < 200; i++) {
		sem_post(there);
		sem_wait(back);
	}
	say_end("other side", child);
	say_number("unlink", sem_unlink("/suite-there"));
	say_number("unlink again", sem_unlink("/suite-there"));
	say_truth("gone", sem_open("/suite-there", 0) == SEM_FAILED && errno == ENOENT);
	say_value("still open", there);
	sem_unlink("/suite-back");
	say_number("close", sem_close(back));
}

int main(void)
{
	struct timespec past = {1, 0};
	pid_t children[4];

	shared = shared_memory(sizeof(*shared));
	must("init", sem_init(&shared->slots, 1, 3));
	must("init", sem_init(&shared->posted, 1, 0));
	run_threads(8, enter);
	say("threads: passed %d, three at most %d", shared->passed, shared->most <= 3);
	run_threads(8, either);
	say_value("posted and taken", &shared->posted);
	for (int i = 0; i < 4; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			either((void *)(intptr_t)i);
			_exit((int)(intptr_t)enter(NULL));
		}
	}
	for (int i = 0; i < 4; i++)
		say_end("process", children[i]);
	say("processes: passed %d, three at most %d", shared->passed, shared->most <= 3);
	say_value("posted and taken", &shared->posted);
	say_number("try", sem_trywait(&shared->posted));
	say_number("past", sem_timedwait(&shared->posted, &past));
	say_number("too many", sem_init(&shared->posted, 0, 0x80000000u));
	interrupted();
	named();
	return 0;
}
