/* SPDX-License-Identifier: MIT */
/*
 * Starting a secondary vcpu, x86-64: see start_context.h. Traps and callbacks are registered by the
 * vcpu itself, before it enables events.
 */
#include "arch/x86/start_context.h"

#include "arch/x86/segments.h"

void xen_secondary_head(void);

void cpu_start_context(struct vcpu_guest_context *context, const struct cpu_start *start)
{
	context->flags = VGCF_in_kernel;
	context->user_regs.cs = XEN_KERNEL_CS;
	context->user_regs.ss = XEN_KERNEL_SS;
	context->user_regs.rip = (uintptr_t)xen_secondary_head;
	context->user_regs.rsp = (uintptr_t)start->stack_top;
	context->kernel_ss = XEN_KERNEL_SS;
	context->kernel_sp = (uintptr_t)start->entry_stack;
	context->gdt_frames[0] = start->gdt.v;
	context->gdt_ents = start->gdt_entry_count;
	context->ctrlreg[3] = (unsigned long)mfn_to_maddr(start->root).v;
	context->gs_base_kernel = (uintptr_t)start->percpu;
}
