/* SPDX-License-Identifier: MIT */
/* Shows: stacks for signals: one for each thread, none for a new one, used and left by many at
 * once; an overflow of a thread's own stack is caught on it, and the thread goes on. */
#include "tests/suite/programs/threads.h"
#include <setjmp.h>

#define ALT_BYTES 32768ul

static __thread char *alternate;
static __thread sigjmp_buf back;
static __thread int on_it, elsewhere;

static bool within(const void *at)
{
	return (const char *)at >= alternate && (const char *)at < alternate + ALT_BYTES;
}

static void note(int number)
{
	char here;
	stack_t now;

	(void)number;
	sigaltstack(NULL, &now);
	if (within(&here) && (now.ss_flags & SS_ONSTACK))
		on_it++;
	else
		elsewhere++;
}

static void jump_back(int number)
{
	note(number);
	siglongjmp(back, 1);
}

static void set_alternate(void)
{
	stack_t stack = {.ss_size = ALT_BYTES};

	alternate = malloc(ALT_BYTES);
	stack.ss_sp = alternate;
	if (sigaltstack(&stack, NULL))
		_exit(93);
}

static long overflow(volatile char *above)
{
	volatile char block[2048];

	block[0] = above ? above[0] : 1;
	block[2047] = block[0];
	return HIDE(block[0]) ? overflow(block) + block[2047] : 0;
}

static void *use(void *argument)
{
	stack_t before;

	sigaltstack(NULL, &before);
	if (before.ss_flags != SS_DISABLE)
		elsewhere += 1000;
	set_alternate();
	for (int i = 0; i < 200; i++)
		pthread_kill(pthread_self(), SIGUSR1);
	for (int i = 0; i < 3; i++) {
		if (sigsetjmp(back, 1) == 0)
			overflow(NULL);
	}
	if (on_it != 203 || elsewhere)
		say("on it %d, elsewhere %d", on_it, elsewhere);
	(void)argument;
	return (void *)(intptr_t)on_it;
}

static void *refuse(void *argument)
{
	stack_t small = {.ss_sp = &small, .ss_size = 100}, bad = {.ss_flags = 77};

	say_number("too small", syscall(SYS_sigaltstack, &small, NULL));
	say_number("unknown flag", syscall(SYS_sigaltstack, &bad, NULL));
	say_number("nowhere", syscall(SYS_sigaltstack, 8L, NULL));
	return argument;
}

int main(void)
{
	pthread_attr_t attributes;
	pthread_t threads[8];
	long sum = 0;

	handle(SIGUSR1, note, SA_ONSTACK);
	handle(SIGSEGV, jump_back, SA_ONSTACK);
	set_alternate();
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 128 * 1024);
	for (int i = 0; i < 8; i++)
		must("create", pthread_create(&threads[i], &attributes, use, NULL));
	for (int i = 0; i < 8; i++)
		sum += join(threads[i]);
	say("on their own: %ld", sum);
	raise(SIGUSR1);
	say("main: %d, elsewhere %d", on_it, elsewhere);
	join(start(refuse, NULL));
	return 0;
}
