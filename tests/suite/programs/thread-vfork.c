/* SPDX-License-Identifier: MIT */
/* Shows: vfork and exec from threads, several at once: only the caller waits, the others go on and
 * take signals; files and directories of actions; the child's changes to memory are seen. */
#include "tests/suite/programs/threads.h"
#include <spawn.h>

extern char **environ;

static char *program;
static int gate[2];
static volatile int changed;
static _Atomic int caught, ready, others_tid;

static void note(int number)
{
	(void)number;
	caught++;
}

/* The child ends only when the other thread has taken both signals. */
static void *take_and_open(void *argument)
{
	sigset_t set, none;

	sigfillset(&set);
	sigemptyset(&none);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	others_tid = own_tid();
	while (caught < 2)
		sigsuspend(&none);
	if (write(gate[1], "x", 1) != 1)
		_exit(92);
	return argument;
}

static void *send_two(void *argument)
{
	sigset_t set;

	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	until_asleep(&others_tid);
	while (!ready)
		sched_yield();
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	return argument;
}

/* The first thread, which is asked before all others, is in vfork. */
static void others_take_signals(void)
{
	pthread_t taker, sender;
	pid_t child;
	char byte;

	if (pipe(gate))
		return;
	taker = start(take_and_open, NULL);
	sender = start(send_two, NULL);
	child = vfork();
	if (child == 0) {
		ready = 1;
		changed = 1;
		if (read(gate[0], &byte, 1) == 1)
			changed = 2;
		_exit(7);
	}
	say("caught %d before the child ended, it changed %d", caught, changed);
	join(taker);
	join(sender);
	say_end("child", child);
}

static pid_t vfork_exec(char **arguments)
{
	pid_t child = vfork();

	if (child == 0) {
		execv(program, arguments);
		_exit(1);
	}
	return child;
}

static void *spawn(void *argument)
{
	char *arguments[] = {program, (char[]){(char)('a' + (intptr_t)argument), 0}, NULL};
	long good = 0;

	for (int i = 0; i < 8; i++) {
		int status = 0;
		pid_t child;

		if (i % 2) {
			child = vfork_exec(arguments);
		} else if (posix_spawn(&child, program, NULL, NULL, arguments, environ)) {
			continue;
		}
		waitpid(child, &status, 0);
		good += WIFEXITED(status) && WEXITSTATUS(status) == 50 + (int)(intptr_t)argument;
	}
	return (void *)good;
}

static void with_actions(void)
{
	char *arguments[] = {program, (char[]){"say"}, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char text[64] = "";
	sigset_t set;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "out", O_WRONLY | O_CREAT, 0600);
	posix_spawn_file_actions_addclose(&actions, gate[0]);
	posix_spawnattr_init(&attributes);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_setsigmask(&attributes, &set);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	must("spawn", posix_spawn(&child, program, &actions, &attributes, arguments, environ));
	say_end("spawned", child);
	if (read(open("out", O_RDONLY), text, sizeof(text) - 1) > 0)
		say("its file: %s", text);
	say("of nothing: %s",
	    strerror(posix_spawn(&child, "/nowhere", NULL, NULL, arguments, environ)));
}

static int executed(const char *how)
{
	sigset_t set;

	if (strcmp(how, "say") != 0)
		return 50 + how[0] - 'a';
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	say("mask %d, own group %d", sigismember(&set, SIGUSR1), getpgrp() == getpid());
	return 3;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return executed(argv[1]);
	program = argv[0];
	handle(SIGUSR1, note, 0);
	handle(SIGUSR2, note, 0);
	others_take_signals();
	say("good ends %ld", run_threads(5, spawn));
	with_actions();
	return 0;
}
