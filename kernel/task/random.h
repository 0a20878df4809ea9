/* SPDX-License-Identifier: MIT */
/*
 * Random numbers for the kernel and its programs, from lib/rng.h, seeded here.
 */
#ifndef PINFOLD_KERNEL_TASK_RANDOM_H
#define PINFOLD_KERNEL_TASK_RANDOM_H

#include <stdint.h>

/* At boot, once clocks and CPUID work; stirs in what there is of chance. */
void random_init(void);

/* For addresses: as random_below(), but 0 with the kernel argument noaslr. */
uint64_t random_layout(uint64_t limit);

/* Uniform below `limit`, which is not 0. */
uint64_t random_below(uint64_t limit);

#endif
