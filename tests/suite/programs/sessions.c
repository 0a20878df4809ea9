/* SPDX-License-Identifier: MIT */
/* Shows: sessions and groups: what a session's leader may not do, moving between groups, groups
 * of other sessions, children after exec, numbers inherited by fork. */
#include "tests/suite/programs/say.h"

static void leader(void)
{
	pid_t self = getpid();

	say_truth("inherited group", getpgrp() != self);
	say_truth("new session", setsid() == self);
	say_truth("leads session and group", getsid(0) == self && getpgrp() == self);
	say_number("a leader cannot start another", setsid());
	say_number("nor change its group", setpgid(0, 0));
}

static void move(void)
{
	pid_t first = fork(), second;

	if (first == 0)
		for (;;)
			pause();
	second = fork();
	if (second == 0)
		for (;;)
			pause();
	say_number("group of its own", setpgid(first, 0));
	say_truth("it is", getpgid(first) == first);
	say_number("second joins", setpgid(second, first));
	say_number("back to ours", setpgid(second, getpgrp()));
	say_truth("it is ours", getpgid(second) == getpgrp());
	say_number("group that is none", setpgid(second, 999999));
	say_number("negative group", setpgid(second, -5));
	say_number("no process", setpgid(999999, 0));
	say_number("not a child", setpgid(getppid(), 0));
	say_truth("same session", getsid(first) == getsid(0));
	say_number("session of nobody", getsid(999999));
	kill(first, SIGKILL);
	kill(second, SIGKILL);
	waitpid(first, NULL, 0);
	waitpid(second, NULL, 0);
}

static void other_session(void)
{
	int ready[2];
	char byte;
	pid_t child;

	if (pipe(ready))
		return;
	child = fork();
	if (child == 0) {
		setsid();
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &byte, 1) != 1)
		return;
	say_number("child in another session", setpgid(child, 0));
	say_number("joining its group", setpgid(0, child));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	pid_t child;
	int ready[2];
	char byte;

	if (argc > 1) {
		if (write(4, "r", 1) != 1)
			return 1;
		for (;;)
			pause();
	}
	say_truth("started as a session's leader", getsid(0) == getpid());
	in_child("leader", leader);
	move();
	other_session();
	if (pipe(ready) || dup2(ready[1], 4) != 4)
		return 1;
	child = fork();
	if (child == 0) {
		execl(argv[0], argv[0], "again", (char *)NULL);
		_exit(1);
	}
	if (read(ready[0], &byte, 1) != 1)
		return 1;
	say_number("child after its exec", setpgid(child, child));
	kill(child, SIGKILL);
	say_end("child", child);
	return 0;
}
