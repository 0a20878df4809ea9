/* SPDX-License-Identifier: MIT */
/* Shows: exceptions that an instruction raises become the right signal and code: division, int3,
 * ud2, privileged instructions, ports, single step, alignment-free rest, and the place they point
 * to. */
#include "tests/suite/programs/say.h"
#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int signal_seen, code_seen;
static volatile uintptr_t address_seen, ip_seen;

static void jump(int number, siginfo_t *info, void *context)
{
	signal_seen = number;
	code_seen = info->si_code;
	address_seen = (uintptr_t)info->si_addr;
	ip_seen = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	siglongjmp(back, 1);
}

#define TRY(what, instruction)                                                                     \
	do {                                                                                       \
		extern char at_##what[] __asm__("at_" #what);                                      \
		if (sigsetjmp(back, 1) == 0) {                                                     \
			__asm__ volatile("at_" #what ": " instruction ::                           \
			                     : "rax", "rcx", "rdx", "memory");                     \
			say(#what ": went through");                                               \
		} else {                                                                           \
			say(#what ": signal %d, code %d, address %s, stopped %td after its start", \
			    signal_seen, code_seen,                                                \
			    address_seen == ip_seen ? "of the instruction"                         \
			    : address_seen == 0     ? "none"                                       \
			                            : "other",                                         \
			    (ptrdiff_t)(ip_seen - (uintptr_t)at_##what));                          \
		}                                                                                  \
	} while (0)

int main(void)
{
	static const int numbers[] = {SIGFPE, SIGTRAP, SIGILL, SIGSEGV, SIGBUS};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		handle_info(numbers[i], jump, 0);
	TRY(divide, "xorl %%eax, %%eax; xorl %%edx, %%edx; xorl %%ecx, %%ecx; divl %%ecx");
	TRY(quotient, "movl $-1, %%edx; movl $1, %%ecx; divl %%ecx");
	TRY(breakpoint, "int3");
	TRY(undefined, "ud2");
	TRY(halt, "hlt");
	TRY(interrupts, "cli");
	TRY(control, "movq %%cr0, %%rax");
	TRY(table, "xorl %%eax, %%eax; ltr %%ax");
	TRY(msr, "movl $0x10, %%ecx; rdmsr");
	TRY(flush, "invlpg 0");
	TRY(gate, "int $0x21");
	TRY(port, "inb $0x60, %%al");
	TRY(shutdown, "xorl %%eax, %%eax; outb %%al, $0x64");
	TRY(segment, "movl $0x1234, %%eax; movw %%ax, %%ds");
	TRY(wide, "movabsq $0x1234567812345678, %%rax; movb (%%rax), %%cl");
	return 0;
}
