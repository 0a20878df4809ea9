/* SPDX-License-Identifier: MIT */
/*
 * What a kernel must supply to use the guest layer. Nothing else of the kernel is called.
 */
#ifndef PINFOLD_XEN_HOOKS_H
#define PINFOLD_XEN_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include <port/spinlock.h>

#include "arch/x86/frame.h"
#include "arch/x86/units.h"

/* What the layer keeps for each frame of the kernel's memory; zeroed at boot. The kernel stores
 * it where it likes. */
struct pt_frame {
	uint8_t flags;        /* enum pt_frame_flag, of xen/pin.h */
	uint8_t level;        /* 1 … 4 while the frame is a page table */
	uint16_t sharers;     /* of a leaf table that several spaces link: xen/share.h */
	struct spinlock lock; /* of a leaf table, in the build with split locks */
	uint64_t empty;       /* of a page table: parts known to hold nothing, xen/pt_walk.h */
};

/* The record of a frame; NULL before the kernel has frame records (early boot). */
struct pt_frame *host_frame(pfn_t pfn);

/* A zeroed frame for a page table; PFN_NONE when there is none. Called without locks, events as
 * they are. */
pfn_t host_table_alloc(void);
void host_table_free(pfn_t pfn);

/* The rest of boot, on a stack of the kernel's, events masked, direct map up, when the layer is
 * ready. */
_Noreturn void host_main(void);

/* The same of a vcpu that smp_up() has started, on the stack given there. */
_Noreturn void host_secondary_main(void);

/* An exception; events masked on entry, the frame may be changed. Returns to where the frame
 * says. */
void host_trap(struct cpu_frame *frame);

/* An NMI. It may have come at any instruction of the kernel's, locks held and structures half
 * changed: this may mark something for later, no more. When it has returned and events are enabled,
 * the event scan runs, and from user mode host_return_to_user(), before anything else of the
 * interrupted code, and a CPU that was about to sleep does not. */
void host_nmi(const struct cpu_frame *frame);

/* A system call, from user mode. Events masked on entry and on return; what host_return_to_user()
 * does is done by then. True: the kernel may have changed rbx, rbp, r12 … r15 in the frame. */
bool host_syscall(struct cpu_frame *frame);

/* Events have been handled and the frame is about to be returned to; from user mode only. Events
 * masked. */
void host_return_to_user(struct cpu_frame *frame);

/* A fault at an instruction of the kernel's own: its fix-up address or 0. */
uintptr_t host_fixup(uintptr_t rip);

/* The layer cannot go on. `text` is one line. */
_Noreturn void host_panic(const char *text);

/* One line for the log. */
void host_log(const char *text);

#endif
