/* SPDX-License-Identifier: MIT */
/*
 * The processor's registers and memory as the guest sees them.
 *
 * Registers are right only where QEMU has written them back: at the first instruction of a
 * translated block. Memory is read through the page tables that are loaded.
 */
#ifndef BENCH_PLUGIN_CPU_H
#define BENCH_PLUGIN_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* gdb's numbers of the general registers. */
enum cpu_reg {
	CPU_RAX,
	CPU_RBX,
	CPU_RCX,
	CPU_RDX,
	CPU_RSI,
	CPU_RDI,
	CPU_RBP,
	CPU_RSP,
	CPU_R8,
	CPU_R9,
	CPU_R10,
	CPU_CS = 18,
};

#define CPU_VECTORS 256

uint64_t cpu_read_reg(unsigned int cpu, enum cpu_reg reg);
/* False when no page is mapped there. */
bool cpu_read_memory(unsigned int cpu, uint64_t va, void *buffer, size_t bytes);
/* A string of at most size-1 bytes; empty when it cannot be read. */
void cpu_read_string(unsigned int cpu, uint64_t va, char *buffer, size_t size);
/* The addresses of the handlers in the interrupt descriptor table; false when it is not there. */
bool cpu_read_handlers(unsigned int cpu, uint64_t handlers[CPU_VECTORS]);

#endif
