/* SPDX-License-Identifier: MIT */
/* Shows: a handler can change what it returns to: the instruction, registers, flags, the signal
 * mask and floating-point state in its context; nonsense there does not hurt anybody else; frames
 * far down a stack that does not exist. */
#include "tests/suite/programs/say.h"
#include <ucontext.h>

static void skip_ud2(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number;
	(void)info;
	user->uc_mcontext.gregs[REG_RIP] += 2;
	user->uc_mcontext.gregs[REG_RBX] = 0x1234;
	user->uc_mcontext.gregs[REG_EFL] |= 1;
}

static void change_mask(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number;
	(void)info;
	sigaddset(&user->uc_sigmask, SIGUSR2);
}

static void change_float(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	const unsigned int words[4] = {1, 2, 3, 4};

	(void)number;
	(void)info;
	memcpy(&user->uc_mcontext.fpregs->_xmm[5], words, sizeof(words));
	user->uc_mcontext.gregs[REG_RIP] += 2;
}

static void nonsense_address(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = 0x1234567812345678;
}

static void nonsense_flags(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number;
	(void)info;
	user->uc_mcontext.gregs[REG_EFL] |= 0x3000; /* privilege for ports */
	user->uc_mcontext.gregs[REG_RIP] += 2;
}

static void nonsense_segment(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_CSGSFS] = 0x10;
}

static void with_nonsense_address(void)
{
	handle_info(SIGILL, nonsense_address, 0);
	__asm__ volatile("ud2");
}

static void with_nonsense_segment(void)
{
	handle_info(SIGILL, nonsense_segment, 0);
	__asm__ volatile("ud2");
}

static void with_nonsense_flags(void)
{
	unsigned long flags = 0;

	handle_info(SIGILL, nonsense_flags, 0);
	__asm__ volatile("ud2; pushfq; pop %0" : "=r"(flags));
	say("privilege for ports: %lx", flags & 0x3000);
}

static void without_stack(void)
{
	handle_info(SIGILL, skip_ud2, 0);
	__asm__ volatile("mov $0x10000, %%esp; ud2" ::: "memory");
}

static void kernel_stack(void)
{
	handle_info(SIGILL, skip_ud2, 0);
	__asm__ volatile("movabsq $0xffffffff81000000, %%rsp; ud2" ::: "memory");
}

static void bad_frame(void)
{
	__asm__ volatile("mov $0x10000, %%esp; mov $15, %%eax; syscall" ::: "memory", "rax");
}

int main(void)
{
	unsigned long rbx = 0, flags = 0;
	unsigned int words[4] = {9, 9, 9, 9};
	sigset_t now;

	handle_info(SIGILL, skip_ud2, 0);
	__asm__ volatile("xor %%ebx, %%ebx; ud2; pushfq; pop %1; mov %%rbx, %0"
	                 : "=&r"(rbx), "=&r"(flags)::"rbx");
	say("went on behind, rbx %lx, carry %lu", rbx, flags & 1);
	handle_info(SIGUSR1, change_mask, 0);
	raise(SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	say("mask changed: USR1 %d, USR2 %d", sigismember(&now, SIGUSR1),
	    sigismember(&now, SIGUSR2));
	handle_info(SIGILL, change_float, 0);
	__asm__ volatile("movups %0, %%xmm5; ud2; movups %%xmm5, %0" : "+m"(words)::"xmm5");
	say("xmm5: %u %u %u %u", words[0], words[1], words[2], words[3]);
	in_child("nonsense address", with_nonsense_address);
	in_child("nonsense flags", with_nonsense_flags);
	in_child("nonsense segment", with_nonsense_segment);
	in_child("no stack for the frame", without_stack);
	in_child("the kernel's memory as stack", kernel_stack);
	in_child("return from no frame", bad_frame);
	return 0;
}
