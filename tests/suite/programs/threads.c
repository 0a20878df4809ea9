/* SPDX-License-Identifier: MIT */
/* Shows: threads: locks and conditions, barriers, their own variables and ends, signals to one,
 * cancelling, robust locks; fork, exec, exit and stop from and with several. */
#include "tests/suite/programs/say.h"
#include <pthread.h>
#include <semaphore.h>

#define WORKERS 6
#define ROUNDS  3000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_key_t key;
static long total;
static int turn;
static __thread long own;
static volatile int caught;
static volatile long spins;
static char *program; /* the path of this one */

static void *count(void *argument)
{
	own = (long)argument;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		total++;
		pthread_mutex_unlock(&lock);
		if (i % 500 == 0)
			sched_yield();
	}
	pthread_barrier_wait(&barrier);
	return (void *)(own * 2);
}

static void counting(void)
{
	pthread_t thread[WORKERS];
	long sum = 0;

	pthread_barrier_init(&barrier, NULL, WORKERS);
	for (long i = 0; i < WORKERS; i++)
		pthread_create(&thread[i], NULL, count, (void *)i);
	for (int i = 0; i < WORKERS; i++) {
		void *result;

		pthread_join(thread[i], &result);
		sum += (long)result;
	}
	say("total %ld, results %ld, own variable of the first thread %ld", total, sum, own);
}

static void *take_turns(void *argument)
{
	int me = argument != NULL;

	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&lock);
		while (turn != me)
			pthread_cond_wait(&changed, &lock);
		turn = !me;
		pthread_cond_signal(&changed);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void turns(void)
{
	pthread_t one, other;

	pthread_create(&one, NULL, take_turns, NULL);
	pthread_create(&other, NULL, take_turns, &turn);
	pthread_join(one, NULL);
	pthread_join(other, NULL);
	say("took turns, now it is %d's", turn);
}

static void at_end(void *value)
{
	say("end of the thread with %d", *(int *)value);
}

static void *with_key(void *argument)
{
	pthread_setspecific(key, argument);
	return NULL;
}

static void timed(void)
{
	struct timespec now;
	sem_t semaphore;
	pthread_t thread;
	int seven = 7;

	pthread_key_create(&key, at_end);
	pthread_create(&thread, NULL, with_key, &seven);
	pthread_join(thread, NULL);
	clock_gettime(CLOCK_REALTIME, &now);
	pthread_mutex_lock(&lock);
	say("condition in the past: %s", strerror(pthread_cond_timedwait(&changed, &lock, &now)));
	pthread_mutex_unlock(&lock);
	sem_init(&semaphore, 0, 0);
	say_number("semaphore in the past", sem_timedwait(&semaphore, &now));
	now.tv_sec = 0;
	now.tv_nsec = 0;
	say_number("semaphore in 1970", sem_timedwait(&semaphore, &now));
}

static void note(int number)
{
	(void)number;
	caught++;
}

static void *wait_forever(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void *spin(void *argument)
{
	for (;;)
		spins++;
	return argument;
}

static void signals(void)
{
	pthread_t thread;
	void *result;

	signal(SIGUSR1, note);
	pthread_create(&thread, NULL, wait_forever, NULL);
	say_number("signal to a thread", pthread_kill(thread, SIGUSR1));
	while (!caught)
		sched_yield();
	pthread_cancel(thread);
	pthread_join(thread, &result);
	say("caught %d, cancelled %d", caught, result == PTHREAD_CANCELED);
	pthread_create(&thread, NULL, spin, NULL);
	while (spins == 0)
		sched_yield();
	say("a spinning thread leaves time for others");
}

static void *lock_and_end(void *mutex)
{
	pthread_mutex_lock(mutex);
	return NULL;
}

static void robust(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t mutex;
	pthread_t thread;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&mutex, &attributes);
	pthread_create(&thread, NULL, lock_and_end, &mutex);
	pthread_join(thread, NULL);
	say("lock of an ended thread: %s", strerror(pthread_mutex_lock(&mutex)));
}

static void *fork_here(void *argument)
{
	pid_t child = fork();

	if (child == 0)
		_exit(11);
	say_end("child of a thread", child);
	return argument;
}

static void fork_in_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, fork_here, NULL);
	pthread_join(thread, NULL);
}

static void *exec_here(void *argument)
{
	execl(argument, "threads", "executed", NULL);
	say_done("exec", -1);
	exit(1);
}

static void exec_in_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, wait_forever, NULL);
	pthread_create(&thread, NULL, exec_here, program);
	wait_forever(NULL);
}

static void *exit_here(void *argument)
{
	exit(42);
	return argument;
}

static void exit_in_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_here, NULL);
	wait_forever(NULL);
}

static void first_ends(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_here, NULL);
	pthread_exit(NULL);
}

static void all_stop(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, spin, NULL);
		spin(NULL);
	}
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	say_status("stop", status);
	kill(child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	say_status("continue", status);
	kill(child, SIGTERM);
	say_end("terminate", child);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "executed") == 0) {
		say("executed: the only thread is the process %d", gettid() == getpid());
		return 33;
	}
	program = argv[0];
	counting();
	turns();
	timed();
	signals();
	robust();
	fork_in_thread();
	in_child("exec in a thread", exec_in_thread);
	in_child("exit in a thread", exit_in_thread);
	in_child("end of the first thread", first_ends);
	all_stop();
	return 3;
}
