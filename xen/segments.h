/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables and segment bases.
 */
#ifndef PINFOLD_XEN_SEGMENTS_H
#define PINFOLD_XEN_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/units.h"

struct xen_cpu;

/* The descriptors of a vcpu's own GDT: one that says its number, which user mode reads with LSL of
 * SEGMENTS_CPU_SELECTOR (the place is Linux's). */
#define SEGMENTS_GDT_ENTRIES  16u
#define SEGMENTS_CPU_SELECTOR (15u << 3 | 3u)

/* Make a vcpu's own GDT, read-only, if it has none; it is not loaded. 0 or -ENOMEM. */
int segments_make_gdt(struct xen_cpu *cpu);

/* Load a GDT of `entry_count` descriptors in whole frames, each already mapped read-only. 0 or
 * Xen's errno. */
int segments_load_gdt(const pfn_t *frames, unsigned int entry_count);

/* Change one descriptor of a loaded GDT or LDT: Xen checks it. 0 or Xen's errno. */
int segments_update_descriptor(pfn_t table, unsigned int idx, uint64_t descriptor);

/* Load an LDT at a page-aligned address, read-only mapped; 0 entries: none. Queued. */
void segments_load_ldt(const void *table, unsigned int entry_count);

/* User mode's bases; nothing is done when the CPU has the value already. */
uint64_t segments_user_fs_base(void);
void segments_set_user_fs_base(uint64_t base);
uint64_t segments_user_gs_base(void);
/* Whether setting both would take a call. */
bool segments_bases_enter(uint64_t fs_base, uint64_t gs_base);
void segments_set_user_gs_base(uint64_t base);

/* Boot: the calling CPU's own area becomes reachable through the kernel's segment base. */
void segments_init_cpu(void *percpu);

#endif
