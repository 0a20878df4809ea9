/* SPDX-License-Identifier: MIT */
/* Shows: sigaltstack: the handler runs on it, flags while on it, overflow of the stack handled on
 * it, errors, kept by fork. */
#include "tests/suite/programs/say.h"
#include <setjmp.h>
#include <sys/resource.h>

static char alternate[65536];
static sigjmp_buf back;
static volatile int endless = 1000000000;

static bool on_alternate(const void *address)
{
	return (const char *)address >= alternate &&
	       (const char *)address < alternate + sizeof(alternate);
}

static void look(int number)
{
	stack_t now;
	char local;

	sigaltstack(NULL, &now);
	say("signal %d: on the alternate stack %d, flags %d", number, on_alternate(&local),
	    now.ss_flags);
	if (now.ss_flags == SS_ONSTACK) {
		stack_t other = {.ss_sp = alternate, .ss_size = sizeof(alternate)};

		say_number("changing it while on it", sigaltstack(&other, NULL));
	}
}

static void overflowed(int number)
{
	char local;

	say("signal %d after overflow, on the alternate stack %d", number, on_alternate(&local));
	siglongjmp(back, 1);
}

__attribute__((noinline)) static int deeper(int level)
{
	volatile char room[4096];

	room[0] = (char)level;
	room[4095] = room[0];
	return level < endless ? deeper(level + 1) + room[4095] : 0;
}

static void child_view(void)
{
	stack_t now;

	sigaltstack(NULL, &now);
	say("in a child: flags %d, same %d", now.ss_flags, now.ss_sp == alternate);
}

int main(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, old;
	struct rlimit limit = {.rlim_cur = 256 * 1024, .rlim_max = RLIM_INFINITY};

	sigaltstack(NULL, &old);
	say("at first: flags %d", old.ss_flags);
	handle(SIGUSR1, look, SA_ONSTACK);
	handle(SIGUSR2, look, 0);
	raise(SIGUSR1);
	say_number("set", sigaltstack(&stack, &old));
	raise(SIGUSR1);
	raise(SIGUSR2);
	in_child("child", child_view);
	stack.ss_size = 100;
	say_number("too small", sigaltstack(&stack, NULL));
	stack.ss_size = sizeof(alternate);
	stack.ss_flags = 12345;
	say_number("bad flags", sigaltstack(&stack, NULL));
	setrlimit(RLIMIT_STACK, &limit);
	handle(SIGSEGV, overflowed, SA_ONSTACK);
	if (sigsetjmp(back, 1) == 0)
		deeper(0);
	say("went on after the overflow");
	if (sigsetjmp(back, 1) == 0)
		deeper(0);
	say("and a second time");
	stack.ss_flags = SS_DISABLE;
	say_number("disable", sigaltstack(&stack, NULL));
	raise(SIGUSR1);
	return 0;
}
