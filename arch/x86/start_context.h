/* SPDX-License-Identifier: MIT */
/*
 * How a secondary vcpu begins (ABI: arch-x86/xen.h, struct vcpu_guest_context).
 */
#ifndef PINFOLD_ARCH_X86_START_CONTEXT_H
#define PINFOLD_ARCH_X86_START_CONTEXT_H

#include <stdint.h>

#include <xen/xen.h>

#include "arch/x86/units.h"

struct cpu_start {
	void *stack_top;   /* aligned to 16 */
	void *percpu;      /* what the per-CPU segment register points to */
	void *entry_stack; /* top, for frames from user mode */
	mfn_t root;        /* the kernel's top table */
	mfn_t gdt;         /* one frame, read-only everywhere */
	unsigned int gdt_entry_count;
};

/* Fill in a context, zeroed by the caller, that starts in the kernel, events masked, and calls
 * xen_secondary_start() on the given stack. */
void cpu_start_context(struct vcpu_guest_context *context, const struct cpu_start *start);

/* Drop what is on this vcpu's stack and call entry() on another, which does not return. */
_Noreturn void cpu_stack_restart(void *stack_top, void (*entry)(void));

#endif
