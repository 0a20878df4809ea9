/* SPDX-License-Identifier: MIT */
/*
 * The counters of the plugin: one flat array, so that a difference of two moments is a loop.
 *
 * Instructions are counted by the code that QEMU generates; everything else by count.c when one
 * part of the machine enters another.
 */
#ifndef BENCH_PLUGIN_COUNTS_H
#define BENCH_PLUGIN_COUNTS_H

#include <stdint.h>
#include <stdio.h>

/* Where an instruction lies. FIRMWARE is what runs below any program: BIOS and boot code. */
enum count_place { PLACE_USER, PLACE_KERNEL, PLACE_XEN, PLACE_FIRMWARE, PLACE_COUNT };

#define HYPERCALL_MAX 64
#define MMUEXT_MAX    32
#define VECTOR_MAX    256

enum count_idx {
	COUNT_PLACE = 0, /* instructions */
	/* What carried the processor from a program or a guest kernel into a kernel or Xen. */
	COUNT_SYSCALL = COUNT_PLACE + PLACE_COUNT,
	COUNT_TRAP,
	COUNT_HYPERCALL,                               /* a multicall is one */
	COUNT_KIND,                                    /* of hypercall; multicall entries too */
	COUNT_MMUEXT = COUNT_KIND + HYPERCALL_MAX,     /* commands of mmuext_op */
	COUNT_VECTOR = COUNT_MMUEXT + MMUEXT_MAX,      /* of traps */
	COUNT_MMU_REQUEST = COUNT_VECTOR + VECTOR_MAX, /* requests of mmu_update */
	COUNT_PTE_STORE,                               /* that Xen emulated */
	COUNT_PRIVILEGED,                              /* instructions that Xen emulated */
	COUNT_IRETQ,                                   /* the instruction, outside Xen */
	COUNT_FLUSH_ALL,                               /* loads of cr3 and cr4 */
	COUNT_FLUSH_ONE,                               /* invlpg */
	/* Instructions of Xen by what made it run. */
	COUNT_COST_KIND,
	COUNT_COST_SYSCALL = COUNT_COST_KIND + HYPERCALL_MAX,
	COUNT_COST_VECTOR,
	COUNT_MAX = COUNT_COST_VECTOR + VECTOR_MAX,
};

struct counts {
	uint64_t value[COUNT_MAX];
};

extern struct counts counts_now;

uint64_t counts_total(const struct counts *counts);
/* sum += to − from */
void counts_add_difference(struct counts *sum, const struct counts *from, const struct counts *to);
/* Writes " NAME NUMBER" for each counter that is not zero. */
void counts_print(const struct counts *counts, FILE *to);

#endif
