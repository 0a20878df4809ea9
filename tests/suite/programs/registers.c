/* SPDX-License-Identifier: MIT */
/* Shows: what a system call, a page fault, a context switch and a signal leave of the registers:
 * all but the result, rcx and r11; the flags; the segment bases of arch_prctl, also after fork
 * and across processes. */
#include "tests/suite/programs/say.h"
#include <asm/prctl.h>
#include <sched.h>

struct all {
	unsigned long value[13]; /* rbx rbp r8-r10 r12-r15 rdi rsi rdx flags */
};

/* Loads the registers, makes the call in rax, and stores them again. */
void registers_through_call(long number, struct all *registers);
__asm__(".globl registers_through_call\n"
        "registers_through_call:\n"
        "	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "	push %rsi\n"
        "	mov %rdi, %rax; mov %rsi, %rcx\n"
        "	mov 0(%rcx), %rbx; mov 8(%rcx), %rbp; mov 16(%rcx), %r8; mov 24(%rcx), %r9\n"
        "	mov 32(%rcx), %r10; mov 40(%rcx), %r12; mov 48(%rcx), %r13; mov 56(%rcx), %r14\n"
        "	mov 64(%rcx), %r15; mov 72(%rcx), %rdi; mov 80(%rcx), %rsi; mov 88(%rcx), %rdx\n"
        "	pushq 96(%rcx); popfq\n"
        "	syscall\n"
        "	pushfq; pop %r11; cld\n"
        "	mov (%rsp), %rcx\n"
        "	mov %rbx, 0(%rcx); mov %rbp, 8(%rcx); mov %r8, 16(%rcx); mov %r9, 24(%rcx)\n"
        "	mov %r10, 32(%rcx); mov %r12, 40(%rcx); mov %r13, 48(%rcx); mov %r14, 56(%rcx)\n"
        "	mov %r15, 64(%rcx); mov %rdi, 72(%rcx); mov %rsi, 80(%rcx); mov %rdx, 88(%rcx)\n"
        "	mov %r11, 96(%rcx)\n"
        "	pop %rsi\n"
        "	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "	ret\n");

#define FLAGS_KEPT 0xcd5UL /* carry, parity, adjust, zero, sign, direction, overflow */

static unsigned long differing(const struct all *one, const struct all *two)
{
	unsigned long bits = 0;
	int i;

	for (i = 0; i < 12; i++)
		bits |= (unsigned long)(one->value[i] != two->value[i]) << i;
	return bits | (unsigned long)((one->value[12] ^ two->value[12]) & FLAGS_KEPT) << 16;
}

static void through(const char *what, long number, unsigned long flags)
{
	struct all before, after;
	int i;

	for (i = 0; i < 12; i++)
		before.value[i] = 0x1111111111111111UL * (unsigned long)(i + 1);
	before.value[12] = 0x202 | flags;
	after = before;
	registers_through_call(number, &after);
	say("%s, flags %lx: differing %lx", what, flags, differing(&before, &after));
}

static void spoil(int number)
{
	(void)number;
	__asm__ volatile("xor %%rbx, %%rbx; xor %%r12, %%r12; xor %%r15, %%r15; xor %%r8, %%r8" ::
	                     : "rbx", "r12", "r15", "r8");
}

static void across_signal(void)
{
	unsigned long out = 0, flags = 0;
	long self = syscall(SYS_gettid), result;

	handle(SIGUSR1, spoil, 0);
	/* The red zone below the stack's end must survive the handler's frame. */
	__asm__ volatile(
	    "movabsq $0x123456789abcdef, %%rbx; movq %%rbx, -128(%%rsp); movq %%rbx, -8(%%rsp);"
	    "mov %%rbx, %%r12; stc; syscall; pushfq; pop %[flags];"
	    "lea 8(%%rsp), %%rsp; lea -8(%%rsp), %%rsp;"
	    "xor %%r12, %%rbx; mov -128(%%rsp), %[out]; add %%rbx, %[out]"
	    : "=a"(result), [out] "=&r"(out), [flags] "=&r"(flags)
	    : "a"((long)SYS_tkill), "D"(self), "S"((long)SIGUSR1)
	    : "rbx", "r12", "rcx", "r11", "memory");
	say("across a signal: %ld, red zone %lx, carry %lu", result, out, flags & 1);
}

static unsigned long base_of(int which)
{
	unsigned long base = 0;

	syscall(SYS_arch_prctl, which, &base);
	return base;
}

static void bases(void)
{
	unsigned long words[2] = {0x55, 0x66}, through_gs = 0;
	pid_t child;
	int i;

	say_truth("fs is set", base_of(ARCH_GET_FS) != 0);
	say("gs is %lx", base_of(ARCH_GET_GS));
	say_number("set gs", syscall(SYS_arch_prctl, ARCH_SET_GS, words));
	__asm__ volatile("movq %%gs:8, %0" : "=r"(through_gs));
	say("through gs: %lx", through_gs);
	child = fork();
	if (child == 0) {
		__asm__ volatile("movq %%gs:0, %0" : "=r"(through_gs));
		say("in a child: %lx", through_gs);
		syscall(SYS_arch_prctl, ARCH_SET_GS, words + 1);
		for (i = 0; i < 50; i++)
			sched_yield();
		__asm__ volatile("movq %%gs:0, %0" : "=r"(through_gs));
		say("its own: %lx", through_gs);
		_exit(0);
	}
	for (i = 0; i < 50; i++)
		sched_yield();
	say_end("child", child);
	__asm__ volatile("movq %%gs:0, %0" : "=r"(through_gs));
	say("still: %lx", through_gs);
	say_number("base beyond user space",
	           syscall(SYS_arch_prctl, ARCH_SET_GS, 0xffff800000000000UL));
	say_number("base that is no address",
	           syscall(SYS_arch_prctl, ARCH_SET_FS, 0x1234567812345678UL));
}

int main(void)
{
	through("getpid", SYS_getpid, 0);
	through("getpid", SYS_getpid, 0x400);
	through("getpid", SYS_getpid, 0x8d5);
	through("sched_yield", SYS_sched_yield, 0x801);
	through("unknown call", 9999, 0x44);
	through("bad pointer", SYS_uname, 0);
	across_signal();
	bases();
	return 0;
}
