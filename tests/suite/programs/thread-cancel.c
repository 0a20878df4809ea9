/* SPDX-License-Identifier: MIT */
/* Shows: cancellation: at every kind of blocking call, deferred and at once, switched off for a
 * while; clean-up handlers in reverse order, and what they leave locked or not. */
#include "tests/suite/programs/threads.h"
#include <poll.h>
#include <sys/eventfd.h>

static _Atomic int tid;
static int ends[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t closed;
static pthread_t sleeper;

static void clean(void *argument)
{
	say("cleaned %s", (const char *)argument);
}

static void unlock(void *argument)
{
	say("condition's mutex was ours again: %s", strerror(pthread_mutex_unlock(argument)));
}

static void in_read(void)
{
	char byte;

	say_number("read", read(ends[0], &byte, 1));
}

static void in_nanosleep(void)
{
	sleep(1000);
}

static void in_wait(void)
{
	pthread_mutex_lock(&lock);
	pthread_cleanup_push(unlock, &lock);
	for (;;)
		pthread_cond_wait(&never, &lock);
	pthread_cleanup_pop(0);
}

static void in_semaphore(void)
{
	sem_wait(&closed);
}

static void in_join(void)
{
	pthread_join(sleeper, NULL);
}

static void in_poll(void)
{
	struct pollfd one = {.fd = ends[0], .events = POLLIN};

	poll(&one, 1, -1);
}

static void in_pause(void)
{
	pause();
}

static void in_sigwait(void)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigwait(&set, &number);
}

static void in_waitpid(void)
{
	waitpid(-1, NULL, 0);
}

static void (*const blocking[])(void) = {in_read, in_nanosleep, in_wait,    in_semaphore, in_join,
                                         in_poll, in_pause,     in_sigwait, in_waitpid};
static const char *const names[] = {"read", "nanosleep", "wait",    "semaphore", "join",
                                    "poll", "pause",     "sigwait", "waitpid"};

static void *block(void *argument)
{
	long which = (intptr_t)argument;

	pthread_cleanup_push(clean, (void *)names[which]);
	tid = own_tid();
	blocking[which]();
	pthread_cleanup_pop(1);
	return (void *)7;
}

static void say_cancelled(const char *what, pthread_t thread)
{
	void *result;

	must("join", pthread_join(thread, &result));
	say("%s: cancelled %d", what, result == PTHREAD_CANCELED);
}

static void *sleep_on(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void everywhere(void)
{
	sleeper = start(sleep_on, NULL);
	for (size_t i = 0; i < COUNT_OF(blocking); i++) {
		pthread_t thread;

		tid = 0;
		thread = start(block, (void *)i);
		until_asleep(&tid);
		must("cancel", pthread_cancel(thread));
		say_cancelled(names[i], thread);
	}
	pthread_cancel(sleeper);
	say_cancelled("sleeper", sleeper);
}

static void *spin(void *argument)
{
	int old;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	pthread_cleanup_push(clean, "spinning");
	tid = own_tid();
	for (;;)
		HIDE(old);
	pthread_cleanup_pop(0);
	return argument;
}

static _Atomic int go_on;

static void *not_yet(void *argument)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	tid = own_tid();
	while (!go_on)
		sleep_ms(1);
	pthread_testcancel();
	say("not cancelled while it is off");
	pthread_cleanup_push(clean, "third");
	pthread_cleanup_push(clean, "second");
	pthread_cleanup_push(clean, "popped");
	pthread_cleanup_pop(1);
	pthread_cleanup_push(clean, "first");
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	pthread_testcancel();
	say("still here");
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return argument;
}

static void *before_start(void *argument)
{
	pthread_testcancel();
	for (;;)
		sleep_ms(1);
	return argument;
}

static void *exit_early(void *argument)
{
	pthread_cleanup_push(clean, "at pthread_exit");
	pthread_exit((void *)9);
	pthread_cleanup_pop(0);
	return argument;
}

int main(void)
{
	pthread_t thread;

	if (pipe(ends))
		return 1;
	sem_init(&closed, 0, 0);
	/* A child that stays, for waitpid. */
	pid_t child = fork();

	if (child == 0)
		sleep_on(NULL);
	everywhere();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	tid = 0;
	thread = start(spin, NULL);
	while (!tid)
		sched_yield();
	pthread_cancel(thread);
	say_cancelled("at once", thread);
	tid = 0;
	thread = start(not_yet, NULL);
	while (!tid)
		sched_yield();
	pthread_cancel(thread);
	go_on = 1;
	say_cancelled("deferred", thread);
	for (int i = 0; i < 50; i++) {
		thread = start(before_start, NULL);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
	say("fifty cancelled at their start");
	say("exit: %ld", join(start(exit_early, NULL)));
	return 0;
}
