/* SPDX-License-Identifier: MIT */
/* Shows: a blocked read, write, wait, sleep, poll and pause interrupted by a handler: EINTR, or
 * going on with SA_RESTART; remaining time of nanosleep. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/select.h>

static volatile int seen;
static int ends[2];

static void note(int number)
{
	(void)number;
	seen++;
}

/* A child that signals us after a while and then does what lets the call end. */
static pid_t pester(bool write_after)
{
	pid_t child = fork();

	if (child == 0) {
		sleep_ms(40);
		kill(getppid(), SIGUSR1);
		sleep_ms(40);
		if (write_after && write(ends[1], "x", 1) != 1)
			_exit(1);
		_exit(7);
	}
	seen = 0;
	return child;
}

static void reads(int flags, const char *what)
{
	char byte = '-';
	pid_t child;
	long got;

	handle(SIGUSR1, note, flags);
	child = pester(true);
	got = read(ends[0], &byte, 1);
	say_number(what, got);
	if (got < 0)
		got = read(ends[0], &byte, 1);
	say("then %ld %c, signals %d", got, byte, seen);
	waitpid(child, NULL, 0);
}

static void waits(int flags, const char *what)
{
	int status = 0;
	pid_t child, got;

	handle(SIGUSR1, note, flags);
	child = pester(false);
	got = waitpid(child, &status, 0);
	say("%s: %s, signals %d", what, got == child ? "child" : strerror(errno), seen);
	if (got != child)
		waitpid(child, &status, 0);
	say_status("child", status);
}

static void sleeps(void)
{
	struct timespec length = {.tv_sec = 5}, rest = {.tv_sec = 77};
	struct pollfd one = {.fd = ends[0], .events = POLLIN};
	struct timeval limit = {.tv_sec = 5};
	fd_set set;
	pid_t child;

	handle(SIGUSR1, note, SA_RESTART);
	child = pester(false);
	say_number("nanosleep with SA_RESTART", nanosleep(&length, &rest));
	say_truth("rest makes sense", rest.tv_sec >= 3 && rest.tv_sec < 5);
	waitpid(child, NULL, 0);
	child = pester(false);
	say_number("poll with SA_RESTART", poll(&one, 1, 5000));
	waitpid(child, NULL, 0);
	child = pester(false);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	say_number("select with SA_RESTART", select(ends[0] + 1, &set, NULL, NULL, &limit));
	waitpid(child, NULL, 0);
	child = pester(false);
	say_number("pause with SA_RESTART", pause());
	waitpid(child, NULL, 0);
}

static void ignored_and_stopped(void)
{
	char byte = '-';
	pid_t child;

	signal(SIGUSR1, SIG_IGN);
	child = pester(true);
	say_number("read beside an ignored signal", read(ends[0], &byte, 1));
	waitpid(child, NULL, 0);
}

int main(void)
{
	if (pipe(ends))
		return 1;
	reads(0, "read");
	reads(SA_RESTART, "read with SA_RESTART");
	waits(0, "wait");
	waits(SA_RESTART, "wait with SA_RESTART");
	sleeps();
	ignored_and_stopped();
	return 0;
}
