/* SPDX-License-Identifier: MIT */
/* Shows: vfork holds the parent until the child executes or ends, and shares its memory;
 * posix_spawn. */
#include "tests/suite/programs/say.h"
#include <spawn.h>

static volatile int shared;

int main(int argc, char **argv)
{
	char *arguments[] = {argv[0], (char[]){"child"}, NULL};
	char *none[] = {NULL};
	pid_t child;
	int result;

	if (argc > 1) {
		say("executed with %s", argv[1]);
		return 6;
	}
	child = vfork();
	if (child == 0) {
		shared = 5;
		_exit(4);
	}
	say("memory of the child's time: %d", shared);
	say_end("vfork and exit", child);
	child = vfork();
	if (child == 0) {
		execve(argv[0], arguments, none);
		_exit(1);
	}
	say_end("vfork and exec", child);
	child = vfork();
	if (child == 0) {
		execve("/no/such/program", arguments, none);
		shared = errno;
		_exit(127);
	}
	say("errno seen through shared memory: %d", shared);
	say_end("vfork and failed exec", child);
	result = posix_spawn(&child, argv[0], NULL, NULL, arguments, none);
	say_end("spawned", child);
	say("posix_spawn: %d", result);
	say("posix_spawn of nothing: %d",
	    posix_spawn(&child, "/no/such/program", NULL, NULL, arguments, none));
	return 0;
}
