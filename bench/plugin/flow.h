/* SPDX-License-Identifier: MIT */
/*
 * Follows the processor from block to block: who was entered, by what, and what Xen was asked.
 *
 * Guests need no change. A block is known by its address: programs lie in the lower half, Xen in
 * its own slots of the upper half, guest kernels above those. How the upper part was entered is
 * seen in the instruction before (syscall) or in the interrupt descriptor table (traps).
 */
#ifndef BENCH_PLUGIN_FLOW_H
#define BENCH_PLUGIN_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/plugin/counts.h"

#define FLOW_CPUS 64

/* A translated block; made when QEMU translates it. */
struct block {
	uint64_t va;
	enum count_place place;
	unsigned int generation; /* of the handlers that `vector` was looked up in */
	int vector;              /* whose handler begins here, or -1 */
};

enum count_place flow_place_of(uint64_t va);
struct block *flow_make_block(uint64_t va);
/* Before a block is executed. */
void flow_enter(unsigned int cpu, void *block);
/* Before a syscall instruction; `block` is the one it lies in. */
void flow_syscall(unsigned int cpu, void *block);
/* Reads the interrupt descriptor table. Until then traps have no number. */
void flow_learn_handlers(unsigned int cpu);
/* Boot: from the guest kernel's first instruction to the first of a program; false until then. */
bool flow_boot_counts(struct counts *counts);

#endif
