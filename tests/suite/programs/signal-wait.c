/* SPDX-License-Identifier: MIT */
/* Shows: sigsuspend, sigwait, sigtimedwait with time running out, sigwaitinfo's facts; waiting
 * for a child with SIGCHLD. */
#include "tests/suite/programs/say.h"

static volatile int seen;

static void note(int number)
{
	seen = number;
}

static void show_chld(void)
{
	sigset_t set;
	siginfo_t info;
	pid_t child;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	child = fork();
	if (child == 0)
		_exit(12);
	say_number("sigwaitinfo", sigwaitinfo(&set, &info));
	say("code %d, status %d, right child %d", info.si_code, info.si_status,
	    info.si_pid == child);
	say_end("child", child);
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	kill(child, SIGSTOP);
	sigwaitinfo(&set, &info);
	say("stopped: code %d, status %d", info.si_code, info.si_status);
	kill(child, SIGCONT);
	sigwaitinfo(&set, &info);
	say("continued: code %d, status %d", info.si_code, info.si_status);
	kill(child, SIGKILL);
	sigwaitinfo(&set, &info);
	say("killed: code %d, status %d", info.si_code, info.si_status);
	waitpid(child, NULL, 0);
}

int main(void)
{
	struct timespec none = {.tv_sec = 0}, little = {.tv_nsec = 20000000}, bad = {.tv_nsec = -1};
	sigset_t set, old, empty;
	siginfo_t info;
	int number;

	handle(SIGUSR1, note, 0);
	sigemptyset(&empty);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	say("blocked: %d", seen);
	say_number("sigsuspend", sigsuspend(&empty));
	say("handled: %d", seen);
	sigprocmask(SIG_BLOCK, NULL, &old);
	say("mask is back: %d", sigismember(&old, SIGUSR1));
	seen = 0;
	raise(SIGUSR1);
	say_number("sigwait", sigwait(&set, &number));
	say("number %d, handler %d", number, seen);
	say_number("sigtimedwait of nothing", sigtimedwait(&set, &info, &none));
	say_number("sigtimedwait for a while", sigtimedwait(&set, &info, &little));
	say_number("sigtimedwait, bad time", sigtimedwait(&set, &info, &bad));
	raise(SIGUSR1);
	say_number("sigtimedwait of a pending one", sigtimedwait(&set, &info, &none));
	say("code %d, self %d", info.si_code, info.si_pid == getpid());
	if (fork() == 0) {
		sleep_ms(20);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	sigdelset(&set, SIGCHLD);
	say_number("sigwaitinfo from a child", sigwaitinfo(&set, &info));
	say_truth("its pid", info.si_pid != getpid());
	wait(NULL);
	sigaddset(&set, SIGCHLD);
	while (sigtimedwait(&set, &info, &none) > 0)
		;
	handle(SIGCHLD, note, 0);
	show_chld();
	return 0;
}
