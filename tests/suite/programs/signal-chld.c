/* SPDX-License-Identifier: MIT */
/* Shows: SIGCHLD handlers: once per ended child, siginfo, SA_NOCLDSTOP, SA_NOCLDWAIT. */
#include "tests/suite/programs/say.h"

static volatile int count, code, status;

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	count++;
	code = info->si_code;
	status = info->si_status;
}

static pid_t ending(int with)
{
	pid_t child = fork();

	if (child == 0)
		_exit(with);
	return child;
}

static void wait_for(int number)
{
	int turns = 0;

	while (count < number && turns++ < 2000)
		sleep_ms(1);
}

static void stop_and_continue(const char *what)
{
	pid_t child = fork();
	int how;

	if (child == 0)
		for (;;)
			pause();
	count = 0;
	kill(child, SIGSTOP);
	waitpid(child, &how, WUNTRACED);
	sleep_ms(5);
	say("%s, stopped: %d", what, count);
	kill(child, SIGCONT);
	waitpid(child, &how, WCONTINUED);
	sleep_ms(5);
	say("%s, continued: %d", what, count);
	kill(child, SIGKILL);
	wait_for(count + 1);
	say("%s, killed: %d, code %d, status %d", what, count, code, status);
	waitpid(child, NULL, 0);
}

int main(void)
{
	pid_t child;
	int i;

	handle_info(SIGCHLD, note, 0);
	for (i = 0; i < 5; i++) {
		count = 0;
		child = ending(i);
		wait_for(1);
		say("child %d: signals %d, code %d, status %d", i, count, code, status);
		waitpid(child, NULL, 0);
	}
	stop_and_continue("plain");
	handle_info(SIGCHLD, note, SA_NOCLDSTOP);
	stop_and_continue("SA_NOCLDSTOP");
	handle_info(SIGCHLD, note, SA_NOCLDWAIT);
	count = 0;
	child = ending(9);
	wait_for(1);
	say("SA_NOCLDWAIT: signals %d, status %d", count, status);
	say_number("nothing to wait for", waitpid(child, NULL, 0));
	return 0;
}
