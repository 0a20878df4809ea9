/* SPDX-License-Identifier: MIT */
/* Shows: kill of a group, of the own group, of everything in a group but those that ignore it;
 * numbers that do not exist; setpgid and getpgid; groups of ended processes. */
#include "tests/suite/programs/say.h"

static pid_t member(pid_t group, int ready)
{
	pid_t child = fork();

	if (child == 0) {
		setpgid(0, group);
		if (write(ready, "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	setpgid(child, group ? group : child);
	return child;
}

static void await(int ready, int count)
{
	char byte;

	while (count-- > 0)
		if (read(ready, &byte, 1) != 1)
			_exit(1);
}

static volatile int seen;

static void note(int number)
{
	seen = number;
}

int main(void)
{
	pid_t first, second, third;
	int ready[2];

	if (pipe(ready))
		return 1;
	first = member(0, ready[1]);
	second = member(first, ready[1]);
	third = member(0, ready[1]);
	await(ready[0], 3);
	say_truth("same group", getpgid(second) == first && getpgid(first) == first);
	say_truth("own group", getpgid(third) == third);
	say_number("signal 0 to the group", kill(-first, 0));
	say_number("SIGTERM to the group", kill(-first, SIGTERM));
	say_end("first", first);
	say_end("second", second);
	say_number("third lives", kill(third, 0));
	say_number("the group is gone", kill(-first, 0));
	say_number("killpg", killpg(third, SIGKILL));
	say_end("third", third);
	handle(SIGUSR1, note, 0);
	say_number("own group by 0", kill(0, SIGUSR1));
	say("handler: %d", seen);
	first = member(0, ready[1]);
	second = member(0, ready[1]);
	await(ready[0], 2);
	kill(-first, SIGKILL);
	say_number("wait for a group", waitpid(-first, NULL, 0) == first);
	say_number("no such child group", waitpid(-first, NULL, WNOHANG));
	kill(second, SIGKILL);
	say_truth("wait for any", waitpid(-1, NULL, 0) == second);
	say_number("no such process", kill(999999, SIGTERM));
	say_number("no such group", kill(-999999, SIGTERM));
	say_number("getpgid of nobody", getpgid(999999));
	return 0;
}
