/* SPDX-License-Identifier: MIT */
/*
 * Shows: `int N` of each N from user mode, and a single step. No gate but those of breakpoints and
 * overflows is open to programs: the others are general protection faults, as if the vector had
 * never been, and no vector that the kernel handles for itself (an NMI, a double fault) can be
 * called. Left out: 0x80, which a kernel may or may not have, and 0x40 and 0xc0, as QEMU 7.2's
 * processor tells Xen that number for them.
 */
#include "tests/suite/programs/say.h"
#include <setjmp.h>
#include <ucontext.h>

#define CODE_BYTES 16
#define TRAP_FLAG  0x100

static sigjmp_buf back;
static volatile int signal_seen, code_seen;
static volatile uintptr_t address_seen, flags_seen;

static void jump(int number, siginfo_t *info, void *context)
{
	signal_seen = number;
	code_seen = info->si_code;
	address_seen = (uintptr_t)info->si_addr;
	flags_seen = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];
	siglongjmp(back, 1);
}

static bool left_out(unsigned int number)
{
	return number == 0x40 || number == 0x80 || number == 0xc0;
}

/* int N; ret */
static uint8_t *make_code(void)
{
	uint8_t *code = mmap(NULL, 256 * CODE_BYTES, PROT_READ | PROT_WRITE,
	                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (unsigned int i = 0; i < 256; i++) {
		const uint8_t bytes[] = {0xcd, (uint8_t)i, 0xc3};

		memcpy(code + i * CODE_BYTES, bytes, sizeof(bytes));
	}
	mprotect(code, 256 * CODE_BYTES, PROT_READ | PROT_EXEC);
	return code;
}

static void call(const uint8_t *code)
{
	signal_seen = code_seen = 0;
	address_seen = 1;
	if (sigsetjmp(back, 1) == 0)
		((void (*)(void))(uintptr_t)code)();
}

static void each_number(void)
{
	const uint8_t *code = make_code();
	unsigned int same = 0;

	for (unsigned int i = 0; i < 256; i++) {
		if (left_out(i))
			continue;
		call(code + i * CODE_BYTES);
		if (signal_seen == SIGSEGV && code_seen == SI_KERNEL && address_seen == 0)
			same++;
		else
			say("int %u: signal %d, code %d, address %lx", i, signal_seen, code_seen,
			    (unsigned long)address_seen);
	}
	say("protection faults: %u", same);
}

static void step(void)
{
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop" ::: "memory", "cc");
	say("step: signal %d, code %d, its flag in the frame %d", signal_seen, code_seen,
	    !!(flags_seen & TRAP_FLAG));
	/* The handler did not run with it, nor does what comes after. */
	say_truth("an address", address_seen != 0);
}

int main(void)
{
	handle_info(SIGSEGV, jump, 0);
	handle_info(SIGTRAP, jump, 0);
	handle_info(SIGILL, jump, 0);
	handle_info(SIGBUS, jump, 0);
	handle_info(SIGFPE, jump, 0);
	each_number();
	each_number();
	step();
	return 0;
}
