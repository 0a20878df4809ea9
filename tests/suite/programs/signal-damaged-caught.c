/* SPDX-License-Identifier: MIT */
/* Shows: a program that catches what rt_sigreturn says to damaged floating point state goes on, and
 * its state is whole at later switches. */
#include "tests/suite/programs/say.h"
#include <sched.h>
#include <setjmp.h>
#include <sys/wait.h>
#include <ucontext.h>

#define MXCSR_OFFSET  24
#define HEADER_OFFSET 512

static const struct {
	const char *name;
	size_t offset;
} damages[] = {
    {"control bits that do not exist", MXCSR_OFFSET},
    {"features that do not exist", HEADER_OFFSET + 4},
    {"compacted format", HEADER_OFFSET + 12},
    {"reserved words", HEADER_OFFSET + 20},
};

static size_t offset;
static sigjmp_buf escape;

static void damage(int number, siginfo_t *info, void *context)
{
	uint8_t *state = (void *)((ucontext_t *)context)->uc_mcontext.fpregs;

	(void)number;
	(void)info;
	memset(state + offset, 0xff, 4);
}

static void caught(int number)
{
	siglongjmp(escape, number);
}

/* Give the processor to another process that uses the registers too, again and again. */
static double switch_often(void)
{
	volatile double sum = 0.5;
	int there[2], back[2];
	char byte = 0;

	if (pipe(there) != 0 || pipe(back) != 0)
		exit(1);
	if (fork() == 0) {
		volatile double other = 3.25;

		for (int i = 0; i < 20; i++) {
			other *= 1.5;
			if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < 20; i++) {
		sum += 0.25;
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			exit(1);
	}
	wait(NULL);
	return sum;
}

static void one_kind(void)
{
	struct sigaction action = {.sa_sigaction = damage, .sa_flags = SA_SIGINFO};

	signal(SIGSEGV, caught);
	sigaction(SIGUSR1, &action, NULL);
	if (sigsetjmp(escape, 1) == 0) {
		kill(getpid(), SIGUSR1);
		say("not refused");
	} else {
		say("refused");
	}
	say("sum %d", (int)(switch_often() * 100));
}

int main(void)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		offset = damages[i].offset;
		in_child(damages[i].name, one_kind);
	}
	return 0;
}
