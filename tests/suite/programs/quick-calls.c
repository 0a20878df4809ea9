/* SPDX-License-Identifier: MIT */
/* Shows: calls that only say a number, made again and again while others change the number, or
 * interrupt, stop or end the one that asks. */
#include "tests/suite/programs/threads.h"

#include <sys/prctl.h>

#define PARENTS 40
#define SIGNALS 300

static _Atomic int handled;
static _Atomic bool over;

/* The parent ends while its child asks who it is. */
static void parents(void)
{
	int whole = 0, status;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (int i = 0; i < PARENTS; i++) {
		pid_t top = getpid();

		if (fork() == 0) {
			pid_t middle = getpid();

			if (fork() == 0) {
				pid_t parent;

				while ((parent = getppid()) == middle)
					continue;
				_exit(parent == top ? 7 : 1);
			}
			_exit(7);
		}
		while (wait(&status) > 0)
			whole += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	}
	say_number("parents that ended, and children that saw it", whole);
}

static void note(int number)
{
	(void)number;
	handled++;
}

static void *ask(void *argument)
{
	long sum = 0;

	(void)argument;
	while (!over)
		sum += syscall(SYS_gettid) == own_tid() && getpid() > 0 && getuid() == geteuid();
	return (void *)(long)(sum > 0);
}

static void signals(void)
{
	pthread_t thread;

	signal(SIGUSR1, note);
	thread = start(ask, NULL);
	for (int i = 1; i <= SIGNALS; i++) {
		pthread_kill(thread, SIGUSR1);
		while (handled < i)
			sched_yield();
	}
	over = true;
	say_number("the one that asks", join(thread));
	say_number("signals handled", handled);
}

/* Stopped, let go on, moved to a group of its own and ended while it asks. */
static void control(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		pid_t group = getpgrp();

		while (getpgrp() == group)
			continue;
		for (;;)
			getegid();
	}
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	say_number("stopped", WIFSTOPPED(status));
	say_number("moved", setpgid(child, child));
	kill(child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	say_number("continued", WIFCONTINUED(status));
	sleep_ms(5);
	kill(child, SIGTERM);
	say_end("ended", child);
}

int main(void)
{
	parents();
	signals();
	control();
	return 0;
}
