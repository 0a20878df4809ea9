/* SPDX-License-Identifier: MIT */
/*
 * What the programs about acting on other processes share: a target that sits still, and somebody
 * who tries.
 */
#ifndef SUITE_OTHERS_H
#define SUITE_OTHERS_H

#include "tests/suite/programs/rights.h"

/* A child that gets ready, and then waits to be killed. */
static inline pid_t start_target(void (*get_ready)(void))
{
	int ends[2];
	char byte;
	pid_t child;

	if (pipe(ends))
		_exit(80);
	child = fork();
	if (child == 0) {
		get_ready();
		if (write(ends[1], "x", 1) != 1)
			_exit(81);
		for (;;)
			pause();
	}
	if (read(ends[0], &byte, 1) != 1)
		_exit(82);
	close(ends[0]);
	close(ends[1]);
	return child;
}

static inline void end_target(pid_t target)
{
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
}

/* Runs `attempt` on the target in a child that has become somebody. */
static inline void somebody_tries(const char *who, void (*become)(void), void (*attempt)(pid_t),
                                  pid_t target)
{
	pid_t child;

	say("-- %s", who);
	child = fork();
	if (child == 0) {
		become();
		attempt(target);
		_exit(0);
	}
	say_end(who, child);
}

static inline void become_user(uid_t uid)
{
	if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
		_exit(83);
}

static inline void stay(void)
{
}

static inline void nobody(void)
{
	become_user(65534);
}

static inline void user(void)
{
	become_user(1000);
}

#endif
