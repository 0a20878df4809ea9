/* SPDX-License-Identifier: MIT */
/*
 * Entries into the kernel: trap table, callbacks, and the C side of the entry code.
 */
#ifndef PINFOLD_XEN_ENTRY_H
#define PINFOLD_XEN_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/frame.h"

/* Register the trap table and the callbacks for the calling vcpu; entries from user mode arrive
 * on `entry_stack_top`. */
void xen_entry_init(void *entry_stack_top);

/* From the entry code, events masked; on return events are masked and the frame may be returned
 * to. */
void xen_entry(struct cpu_frame *frame);

/* An NMI, from user mode or inside anything of the kernel's; events masked. The entry code returns
 * to the very instruction, and then another NMI may come. */
void xen_entry_nmi(struct cpu_frame *frame);

/* As xen_entry() for a system call, which comes from user mode. True: the registers that a C
 * function preserves may differ in the frame. */
bool xen_entry_syscall(struct cpu_frame *frame);

/* A new task goes to user mode for the first time: as the end of xen_entry(). */
void xen_entry_first_return(struct cpu_frame *frame);

/* Faulting address of the last page fault; read before events are enabled. */
uintptr_t xen_fault_address(void);

#endif
