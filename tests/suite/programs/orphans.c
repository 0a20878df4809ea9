/* SPDX-License-Identifier: MIT */
/* Shows: a process whose parent ends gets another parent; a zombie keeps its number until
 * collected; SIGCHLD ignored means no zombies. */
#include "tests/suite/programs/say.h"

static void orphan(int gate, pid_t old)
{
	char byte;

	/* The pipe's end-of-file tells that the parent has gone. */
	if (read(gate, &byte, 1) != 0)
		_exit(1);
	while (getppid() == old)
		sleep_ms(1);
	say("has a new parent");
	_exit(0);
}

static void make_orphan(void)
{
	int gate[2], done[2];
	char byte;

	if (pipe(gate) || pipe(done))
		_exit(1);
	if (fork() == 0) {
		pid_t middle = getpid();

		if (fork() == 0) {
			close(gate[1]);
			close(done[0]);
			orphan(gate[0], middle);
		}
		_exit(0);
	}
	close(gate[1]);
	close(done[1]);
	wait(NULL);
	if (read(done[0], &byte, 1) == 0)
		say("orphan has ended");
}

int main(void)
{
	pid_t child;
	int status;

	make_orphan();
	child = fork();
	if (child == 0)
		_exit(3);
	sleep_ms(30);
	say_number("a zombie can be signalled", kill(child, 0));
	say_number("even killed", kill(child, SIGKILL));
	say_end("and keeps its status", child);
	say_number("then it is gone", kill(child, 0));
	signal(SIGCHLD, SIG_IGN);
	child = fork();
	if (child == 0)
		_exit(5);
	say_number("no zombie to wait for", waitpid(child, &status, 0));
	say_number("gone at once", kill(child, 0));
	return 0;
}
