/* SPDX-License-Identifier: MIT */
/* Shows: handlers by signal and sigaction, what a handler sees, default and ignored signals,
 * SA_NODEFER, SA_RESETHAND, SA_SIGINFO fields from kill and sigqueue, what fork and exec keep,
 * errors. */
#include "tests/suite/programs/say.h"

static volatile int depth, calls;

static void plain(int number)
{
	say("handler: signal %d", number);
}

static void nested(int number)
{
	int level = ++depth;

	calls++;
	say("enter level %d", level);
	if (calls < 3)
		raise(number);
	say("leave level %d", level);
	depth--;
}

static void with_info(int number, siginfo_t *info, void *context)
{
	say("signal %d, si_signo %d, code %d, from self %d, uid %d, value %d, context %d", number,
	    info->si_signo, info->si_code, info->si_pid == getpid(), (int)info->si_uid,
	    info->si_code == SI_QUEUE ? info->si_value.sival_int : 0, context != NULL);
}

static void flags(void)
{
	struct sigaction old;

	calls = 0;
	say("deferred:");
	handle(SIGUSR1, nested, 0);
	raise(SIGUSR1);
	calls = 0;
	say("SA_NODEFER:");
	handle(SIGUSR1, nested, SA_NODEFER);
	raise(SIGUSR1);
	handle(SIGUSR2, plain, (int)SA_RESETHAND);
	raise(SIGUSR2);
	sigaction(SIGUSR2, NULL, &old);
	say_truth("SA_RESETHAND: default again", old.sa_handler == SIG_DFL);
}

static void info(void)
{
	union sigval value = {.sival_int = 1234};

	handle_info(SIGUSR1, with_info, 0);
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGUSR1, value);
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	sigqueue(getpid(), SIGUSR1, value);
}

static void inherited(void)
{
	raise(SIGUSR1);
	say("child has the handler too");
}

static void errors(void)
{
	struct sigaction action = {.sa_handler = plain};

	say_number("SIGKILL", sigaction(SIGKILL, &action, NULL));
	say_number("SIGSTOP", sigaction(SIGSTOP, &action, NULL));
	say_number("signal 0", sigaction(0, &action, NULL));
	say_number("signal 65", sigaction(65, &action, NULL));
	say_number("kill with signal 65", kill(getpid(), 65));
	say_number("kill with signal -1", kill(getpid(), -1));
	say_number("raise 0", kill(getpid(), 0));
}

static void default_action(void)
{
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
	say("not reached");
}

static void core_action(void)
{
	abort();
}

int main(int argc, char **argv)
{
	struct sigaction old;

	if (argc > 1) {
		sigaction(SIGUSR1, NULL, &old);
		say_truth("handler is default after exec", old.sa_handler == SIG_DFL);
		sigaction(SIGUSR2, NULL, &old);
		say_truth("ignored stays ignored after exec", old.sa_handler == SIG_IGN);
		return 0;
	}
	say_truth("default at first", signal(SIGUSR1, plain) == SIG_DFL);
	raise(SIGUSR1);
	say_truth("handler returned as the old one", signal(SIGUSR1, SIG_IGN) == plain);
	raise(SIGUSR1);
	say("ignored");
	raise(SIGCHLD);
	raise(SIGWINCH);
	raise(SIGURG);
	raise(SIGCONT);
	say("ignored by default");
	flags();
	info();
	in_child("child", inherited);
	in_child("default action", default_action);
	in_child("abort", core_action);
	errors();
	signal(SIGUSR2, SIG_IGN);
	execl(argv[0], argv[0], "again", (char *)NULL);
	return 1;
}
