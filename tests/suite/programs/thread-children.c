/* SPDX-License-Identifier: MIT */
/* Shows: children of a process with threads: any thread may wait for any child, each end is told
 * once, also with SIGCHLD to one of them; groups, and children that threads leave behind. */
#include "tests/suite/programs/threads.h"
#include <sys/prctl.h>

static pid_t children[24];
static _Atomic int taken, sum, none, chld;

static void note(int number)
{
	(void)number;
	chld++;
}

static void *wait_any(void *argument)
{
	int status;

	while (waitpid(-1, &status, 0) > 0) {
		taken++;
		sum += WEXITSTATUS(status);
	}
	none += errno == ECHILD;
	return argument;
}

static void *wait_own(void *argument)
{
	int status;

	for (int i = 0; i < 4; i++) {
		pid_t child = fork();

		if (child == 0) {
			usleep(500);
			_exit((int)(intptr_t)argument * 4 + i);
		}
		if (waitpid(child, &status, 0) == child)
			sum += WEXITSTATUS(status) == (int)(intptr_t)argument * 4 + i;
	}
	return NULL;
}

static void *wait_one_of(void *argument)
{
	siginfo_t info;
	int own = (int)(intptr_t)argument;

	/* Two threads wait for the same child: one gets it. */
	info.si_pid = 0;
	if (waitid(P_PID, (id_t)children[own / 2], &info, WEXITED) == 0 &&
	    info.si_pid == children[own / 2])
		sum += info.si_status;
	else
		none += errno == ECHILD;
	return NULL;
}

static void make_children(int count, long ms)
{
	for (int i = 0; i < count; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			sleep_ms(ms);
			_exit(i);
		}
	}
	taken = sum = none = 0;
}

static void *fork_and_end(void *argument)
{
	pid_t child = fork();

	(void)argument;
	if (child == 0) {
		/* Its parent is the process, not the thread. */
		sleep_ms(5);
		_exit(getppid() == 1 ? 1 : 0);
	}
	return (void *)(intptr_t)child;
}

static void left_behind(void)
{
	int parent = getpid(), status;
	long child = join(start(fork_and_end, NULL));

	(void)parent;
	say_truth("still ours", waitpid((pid_t)child, &status, 0) == (pid_t)child);
	say_status("left behind", status);
}

int main(void)
{
	handle(SIGCHLD, note, SA_RESTART);
	make_children(24, 2);
	run_threads(5, wait_any);
	say("taken %d, sum %d, none left for %d", taken, sum, none);
	sum = 0;
	run_threads(6, wait_own);
	say("each its own: %d", sum);
	make_children(6, 5);
	run_threads(12, wait_one_of);
	say("sum %d, not ours %d", sum, none);
	left_behind();
	say("told of it: %d", chld > 0);
	signal(SIGCHLD, SIG_IGN);
	make_children(10, 1);
	run_threads(3, wait_any);
	say("ignored: taken %d, none left for %d", taken, none);
	return 0;
}
