/* SPDX-License-Identifier: MIT */
/* Shows: blocking, pending, unblocking; standard signals collapse while real-time ones queue, in
 * order of number; sa_mask; masks through fork and exec; SIGKILL cannot be blocked. */
#include "tests/suite/programs/say.h"

static void note(int number)
{
	say("got %d", number < SIGRTMIN ? number : number - SIGRTMIN + 1000);
}

static void note_value(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("got %d with %d", number - SIGRTMIN + 1000, info->si_value.sival_int);
}

static void show_pending(const char *what)
{
	sigset_t set;

	sigpending(&set);
	say("%s: USR1 %d, USR2 %d, RT %d", what, sigismember(&set, SIGUSR1),
	    sigismember(&set, SIGUSR2), sigismember(&set, SIGRTMIN));
}

static void show_mask(const char *what)
{
	sigset_t set;
	int count = 0, i;

	sigprocmask(SIG_BLOCK, NULL, &set);
	for (i = 1; i < 65; i++)
		count += sigismember(&set, i) == 1;
	say("%s: %d blocked, USR1 %d, KILL %d", what, count, sigismember(&set, SIGUSR1),
	    sigismember(&set, SIGKILL));
}

static void child_view(void)
{
	show_pending("pending in a child");
	show_mask("mask in a child");
}

static void inner(int number)
{
	say("enter %d", number);
	raise(SIGUSR2);
	say("leave %d", number);
}

static void queues(void)
{
	sigset_t set;
	int i;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	for (i = 0; i < 3; i++) {
		union sigval value = {.sival_int = i};

		sigqueue(getpid(), SIGRTMIN + 1, value);
		sigqueue(getpid(), SIGRTMIN, value);
		kill(getpid(), SIGUSR2);
		kill(getpid(), SIGUSR1);
	}
	show_pending("all at once");
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = inner};
	sigset_t set, old;

	if (argc > 1) {
		show_mask("mask after exec");
		show_pending("pending after exec");
		return 0;
	}
	handle(SIGUSR1, note, 0);
	handle(SIGUSR2, note, 0);
	show_pending("at first");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	say_number("block", sigprocmask(SIG_BLOCK, &set, &old));
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	show_pending("blocked");
	in_child("child", child_view);
	say_number("unblock", sigprocmask(SIG_UNBLOCK, &set, NULL));
	show_pending("unblocked");
	handle_info(SIGRTMIN, note_value, 0);
	handle_info(SIGRTMIN + 1, note_value, 0);
	queues();
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, NULL);
	say("sa_mask holds USR2 back:");
	raise(SIGUSR1);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	show_mask("all that can be");
	say_number("bad how", sigprocmask(99, &set, NULL));
	signal(SIGUSR1, SIG_IGN);
	kill(getpid(), SIGUSR1);
	show_pending("ignored ones do not wait");
	kill(getpid(), SIGUSR2);
	execl(argv[0], argv[0], "again", (char *)NULL);
	return 1;
}
