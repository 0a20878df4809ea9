/* SPDX-License-Identifier: MIT */
/* Shows: PR_SET_PDEATHSIG tells a child of its parent's end; a subreaper takes orphans; both are
 * gone where they must be. */
#include "tests/suite/programs/say.h"
#include <sys/prctl.h>

static void told(int ends[2])
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	if (write(ends[1], "r", 1) != 1)
		_exit(1);
	sigwait(&set, &number);
	say("told by signal %d", number);
	_exit(6);
}

static void parent(int ends[2])
{
	char byte;
	pid_t child = fork();

	if (child == 0)
		told(ends);
	if (read(ends[0], &byte, 1) != 1)
		_exit(1);
	_exit(3);
}

int main(void)
{
	int ends[2], value = -1, status;
	pid_t child;

	if (pipe(ends))
		return 1;
	say_number("subreaper", prctl(PR_SET_CHILD_SUBREAPER, 1));
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	say("is one: %d", value);
	child = fork();
	if (child == 0)
		parent(ends);
	waitpid(child, &value, 0);
	child = wait(&status); /* only now does nobody else write */
	say_status("parent", value);
	say_truth("orphan came to us", child > 0);
	say_status("orphan", status);
	say_number("no more", wait(NULL));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_GET_PDEATHSIG, &value);
	say("own: %d", value);
	child = fork();
	if (child == 0) {
		prctl(PR_GET_PDEATHSIG, &value);
		say("child's: %d", value);
		prctl(PR_GET_CHILD_SUBREAPER, &value);
		say("child is a subreaper: %d", value);
		_exit(0);
	}
	say_end("child", child);
	say_number("bad signal", prctl(PR_SET_PDEATHSIG, 99));
	return 0;
}
