/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks: switching between them, and making a new one look like one that was switched away
 * from.
 */
#ifndef PINFOLD_ARCH_X86_CONTEXT_H
#define PINFOLD_ARCH_X86_CONTEXT_H

#include <stdint.h>

#include "arch/x86/frame.h"
#include "arch/x86/segments.h"

/* Save the callee-saved registers on this stack, store its pointer, go on where `load` was
 * saved. */
void cpu_context_switch(uintptr_t *save, uintptr_t load);

/*
 * Where a task's frame of its entry from user mode lies: right below the stack's top, which is
 * aligned to 16.
 */
static inline struct cpu_frame *cpu_stack_frame(void *stack_top)
{
	return (struct cpu_frame *)stack_top - 1;
}

/*
 * Prepare a stack: the first switch to the returned pointer calls entry(arg); when that returns,
 * the CPU goes to user mode with the frame at cpu_stack_frame(stack_top) (through
 * host_return_to_user), which must be filled in by then.
 */
uintptr_t cpu_context_prepare(void *stack_top, void (*entry)(void *), void *arg);

#ifdef __x86_64__
/* A frame that enters user mode at `ip` with all other registers zero. */
static inline void cpu_frame_init_user(struct cpu_frame *frame, uintptr_t ip, uintptr_t sp)
{
	*frame = (struct cpu_frame){
	    .vector = FRAME_UPCALL,
	    .rip = ip,
	    .cs = XEN_USER_CS,
	    .rflags = 0x202, /* interrupts enabled, and the bit that is always one */
	    .rsp = sp,
	    .ss = XEN_USER_SS,
	};
}
#endif

#endif
