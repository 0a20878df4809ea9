/* SPDX-License-Identifier: MIT */
/* Shows: a stopped process with threads: all stand still, the parent hears of it once, all go on;
 * a stopped one is killed; stops while it creates and ends threads. */
#include "tests/suite/programs/threads.h"

#define THREADS 5

static _Atomic long *counters;

static void *count(void *argument)
{
	for (;;)
		counters[(intptr_t)argument]++;
	return argument;
}

static void *count_and_sleep(void *argument)
{
	for (;;) {
		counters[(intptr_t)argument]++;
		usleep(200);
	}
	return argument;
}

static void run(void)
{
	for (intptr_t i = 1; i < THREADS; i++)
		start(i % 2 ? count : count_and_sleep, (void *)i);
	count_and_sleep(NULL);
}

static void *nothing(void *argument)
{
	return argument;
}

static void create_and_join(void)
{
	for (;;) {
		run_threads(3, nothing);
		counters[0]++;
	}
}

static long sum(void)
{
	long all = 0;

	for (int i = 0; i < THREADS; i++)
		all += counters[i];
	return all;
}

static void until_all_count(void)
{
	long before[THREADS];

	for (int i = 0; i < THREADS; i++)
		before[i] = counters[i];
	for (int i = 0; i < THREADS; i++) {
		while (counters[i] == before[i])
			sleep_ms(1);
	}
}

static void stop_and_go(pid_t child, int number, bool all)
{
	int status, moved = 0;

	for (int turn = 0; turn < 6; turn++) {
		long before;

		if (all)
			until_all_count();
		kill(child, number);
		waitpid(child, &status, WUNTRACED);
		if (turn == 0)
			say_status("stop", status);
		before = sum();
		sleep_ms(4);
		moved += sum() != before;
		if (waitpid(child, &status, WUNTRACED | WNOHANG) != 0)
			say_status("again", status);
		kill(child, SIGCONT);
		waitpid(child, &status, WCONTINUED);
		if (turn == 0)
			say_status("continue", status);
		while (sum() == before)
			sleep_ms(1);
	}
	say("moved while stopped: %d", moved);
}

int main(void)
{
	pid_t child;
	int status;

	counters = shared_memory(4096);
	child = fork();
	if (child == 0)
		run();
	stop_and_go(child, SIGSTOP, true);
	stop_and_go(child, SIGSTOP, true);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	say_status("stop", status);
	kill(child, SIGTERM);
	say_number("still stopped", waitpid(child, &status, WNOHANG));
	kill(child, SIGKILL);
	say_end("kill", child);
	child = fork();
	if (child == 0)
		create_and_join();
	stop_and_go(child, SIGSTOP, false);
	kill(child, SIGTERM);
	say_end("terminate", child);
	return 0;
}
