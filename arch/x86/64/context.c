/* SPDX-License-Identifier: MIT */
/*
 * Making a new stack look like one that was switched away from: see arch/x86/context.h.
 */
#include "arch/x86/context.h"

/* In entry.S: pops entry and arg, calls entry(arg), goes to user mode. */
void context_first(void);

uintptr_t cpu_context_prepare(void *stack_top, void (*entry)(void *), void *arg)
{
	uintptr_t *sp = (uintptr_t *)(void *)cpu_stack_frame(stack_top);

	*--sp = (uintptr_t)arg;
	*--sp = (uintptr_t)entry;
	*--sp = (uintptr_t)context_first;
	for (unsigned int i = 0; i < 6; i++) /* rbp, rbx, r12 … r15 */
		*--sp = 0;
	return (uintptr_t)sp;
}
