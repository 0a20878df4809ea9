/* SPDX-License-Identifier: MIT */
/* Shows: processes that never call the kernel do not keep others from running: sleepers wake,
 * signals end loops, several share the processor, a stopped one lets go. */
#include "tests/suite/programs/say.h"

static pid_t spinner(volatile unsigned long *counter)
{
	pid_t child = fork();

	if (child == 0)
		for (;;)
			++*counter;
	return child;
}

int main(void)
{
	volatile unsigned long *counters =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long seen[3], stopped;
	pid_t child[3];
	int i, status, turns;

	for (i = 0; i < 3; i++)
		child[i] = spinner(&counters[i]);
	for (i = 0; i < 10; i++)
		sleep_ms(1);
	say("slept beside them");
	for (turns = 0; turns < 4000; turns++) {
		if (counters[0] && counters[1] && counters[2])
			break;
		sleep_ms(1);
	}
	say("all have run: %d %d %d", counters[0] > 0, counters[1] > 0, counters[2] > 0);
	for (i = 0; i < 3; i++)
		seen[i] = counters[i];
	sleep_ms(150);
	say("all go on: %d %d %d", counters[0] > seen[0], counters[1] > seen[1],
	    counters[2] > seen[2]);
	kill(child[0], SIGSTOP);
	waitpid(child[0], &status, WUNTRACED);
	say_status("first", status);
	stopped = counters[0];
	sleep_ms(20);
	say_truth("stands still", counters[0] == stopped);
	kill(child[0], SIGCONT);
	for (turns = 0; turns < 4000 && counters[0] == stopped; turns++)
		sleep_ms(1);
	say_truth("runs again", counters[0] != stopped);
	for (i = 0; i < 3; i++) {
		kill(child[i], i == 1 ? SIGTERM : SIGKILL);
		say_end("ended", child[i]);
	}
	return 0;
}
