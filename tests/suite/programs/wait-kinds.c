/* SPDX-License-Identifier: MIT */
/* Shows: wait statuses of exits and signals, WNOHANG, stop and continue with WUNTRACED and
 * WCONTINUED, waitid with WNOWAIT and its siginfo, rusage from wait4. */
#include "tests/suite/programs/say.h"
#include <sys/resource.h>

/* In a group of its own, which is not orphaned, so that SIGTSTP stops it. */
static pid_t sleeper(void)
{
	pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	setpgid(child, child);
	return child;
}

static void stop_in_orphaned_group(void)
{
	setsid();
	raise(SIGTSTP);
	say("SIGTSTP does nothing in an orphaned group");
}

static void signals(void)
{
	static const int numbers[] = {SIGTERM, SIGKILL, SIGHUP, SIGUSR1, SIGALRM, SIGPIPE, 40};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		pid_t child = sleeper();

		kill(child, numbers[i]);
		say_end("killed", child);
	}
}

static void stops(void)
{
	pid_t child = sleeper();
	int status;

	say_number("nothing yet", waitpid(child, &status, WNOHANG | WUNTRACED));
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	say_status("after SIGSTOP", status);
	say_number("reported once", waitpid(child, &status, WNOHANG | WUNTRACED));
	kill(child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	say_status("after SIGCONT", status);
	kill(child, SIGTSTP);
	waitpid(child, &status, WUNTRACED);
	say_status("after SIGTSTP", status);
	kill(child, SIGTERM);
	say_number("a stopped process does not end by SIGTERM", waitpid(child, &status, WNOHANG));
	kill(child, SIGCONT);
	say_end("but does once continued", child);
	child = sleeper();
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGKILL);
	say_end("SIGKILL ends a stopped one", child);
}

static void with_waitid(void)
{
	siginfo_t info;
	pid_t child = fork();

	if (child == 0)
		_exit(77);
	memset(&info, 0, sizeof(info));
	say_number("waitid, left waiting", waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
	say("code %d, status %d, right pid %d, signal %d", info.si_code, info.si_status,
	    info.si_pid == child, info.si_signo);
	say_number("waitid, taken", waitid(P_PID, (id_t)child, &info, WEXITED));
	say_number("waitid, none left", waitid(P_PID, (id_t)child, &info, WEXITED));
	child = sleeper();
	kill(child, SIGKILL);
	waitid(P_ALL, 0, &info, WEXITED);
	say("killed: code %d, status %d", info.si_code, info.si_status);
	child = sleeper();
	memset(&info, 0, sizeof(info));
	say_number("waitid without waiting", waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG));
	say("pid stays %d", (int)info.si_pid);
	say_number("waitid for nothing in particular", waitid(P_PID, (id_t)child, &info, 0));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(void)
{
	struct rusage usage;
	int status;
	pid_t child;

	signals();
	stops();
	in_child("orphaned group", stop_in_orphaned_group);
	with_waitid();
	child = fork();
	if (child == 0)
		_exit(9);
	memset(&usage, 0xff, sizeof(usage));
	say_truth("wait4", wait4(child, &status, 0, &usage) == child);
	say_truth("rusage is filled in", usage.ru_utime.tv_sec >= 0 && usage.ru_utime.tv_sec < 100);
	return 0;
}
