/* SPDX-License-Identifier: MIT */
/* Shows: rt_sigreturn with a damaged frame: pointers, floating point state, segments, flags and
 * addresses that a program must not get into the processor; and damage that does no harm. */
#include "tests/suite/programs/say.h"
#include <ucontext.h>

#define SOFTWARE_OFFSET 464 /* of what the kernel adds to the floating point state */
#define MXCSR_OFFSET    24
#define HEADER_OFFSET   512

enum damage {
	NOTHING,
	STATE_LOW,
	STATE_KERNEL,
	STATE_NONE,
	STATE_UNALIGNED,
	STATE_MXCSR,
	STATE_MAGIC,
	STATE_SIZE,
	STATE_SECOND_MAGIC,
	STATE_FEATURES,
	STATE_COMPACT,
	ADDRESS_NOT_CANONICAL,
	ADDRESS_KERNEL,
	ADDRESS_LAST,
	STACK_ZERO,
	FLAGS_ALL,
	SEGMENTS_ZERO,
	SEGMENTS_KERNEL,
	ALTSTACK_FLAGS,
	MASK_FULL,
	DAMAGE_COUNT,
};

static const char *const names[DAMAGE_COUNT] = {
    "nothing",
    "state at a low address",
    "state in the kernel",
    "no state",
    "unaligned state",
    "control bits that do not exist",
    "no first magic",
    "no size",
    "no second magic",
    "features that do not exist",
    "compacted format",
    "instruction address between the halves",
    "instruction address in the kernel",
    "instruction address at the end",
    "stack at zero",
    "all flags but single step",
    "null segments",
    "kernel segments",
    "alternate stack flags",
    "full mask",
};

static enum damage damage;

static void put32(uint8_t *state, size_t offset, uint32_t value)
{
	memcpy(state + offset, &value, sizeof(value));
}

static void damage_state(ucontext_t *context, uint8_t *state)
{
	uint32_t extended;

	memcpy(&extended, state + SOFTWARE_OFFSET + 4, sizeof(extended));
	switch (damage) {
	case STATE_LOW:
		context->uc_mcontext.fpregs = HIDE((fpregset_t)64);
		break;
	case STATE_KERNEL:
		context->uc_mcontext.fpregs = HIDE((fpregset_t)0xffffffff80000000ul);
		break;
	case STATE_NONE:
		context->uc_mcontext.fpregs = NULL;
		break;
	case STATE_UNALIGNED:
		context->uc_mcontext.fpregs = HIDE((fpregset_t)(void *)(state + 1));
		break;
	case STATE_MXCSR:
		put32(state, MXCSR_OFFSET, 0xffffffffu);
		break;
	case STATE_MAGIC:
		put32(state, SOFTWARE_OFFSET, 0);
		break;
	case STATE_SIZE:
		put32(state, SOFTWARE_OFFSET + 4, 0);
		break;
	case STATE_SECOND_MAGIC:
		put32(state, extended - 4, 0);
		break;
	case STATE_FEATURES:
		put32(state, HEADER_OFFSET + 4, 0x7fffffffu);
		break;
	case STATE_COMPACT:
		put32(state, HEADER_OFFSET + 12, 0x80000000u);
		break;
	default:
		break;
	}
}

static void damage_registers(ucontext_t *context)
{
	greg_t *registers = context->uc_mcontext.gregs;

	switch (damage) {
	case ADDRESS_NOT_CANONICAL:
		registers[REG_RIP] = INT64_MIN;
		break;
	case ADDRESS_KERNEL:
		registers[REG_RIP] = -0x7ff00000l;
		break;
	case ADDRESS_LAST:
		registers[REG_RIP] = 0x7fffffffffff;
		break;
	case STACK_ZERO:
		registers[REG_RSP] = 0;
		break;
	case FLAGS_ALL:
		registers[REG_EFL] = ~0x100l;
		break;
	case SEGMENTS_ZERO:
		registers[REG_CSGSFS] = 0;
		break;
	case SEGMENTS_KERNEL:
		registers[REG_CSGSFS] = 0x10;
		break;
	case ALTSTACK_FLAGS:
		context->uc_stack.ss_flags = 77;
		break;
	case MASK_FULL:
		sigfillset(&context->uc_sigmask);
		break;
	default:
		break;
	}
}

static void handler(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number;
	(void)info;
	damage_state(user, (uint8_t *)user->uc_mcontext.fpregs);
	damage_registers(user);
}

static void one_kind(void)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	sigset_t mask;

	sigaction(SIGUSR1, &action, NULL);
	kill(getpid(), SIGUSR1);
	/* All flags came back. Compiled code needs that of strings down; with the one for alignment
	 * checks up, what a libc does to unaligned memory is a SIGBUS on some processors. */
	__asm__ volatile("pushfq; andl $~0x40400, (%%rsp); popfq" ::: "cc", "memory");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	say("alive, SIGUSR2 blocked %d, SIGKILL blocked %d", sigismember(&mask, SIGUSR2),
	    sigismember(&mask, SIGKILL));
}

int main(void)
{
	for (damage = NOTHING; damage < DAMAGE_COUNT; damage++)
		in_child(names[damage], one_kind);
	return 0;
}
