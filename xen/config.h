/* SPDX-License-Identifier: MIT */
/*
 * Choices of a build. Each is 0 or 1 and tested with `if`, so that both arms always compile.
 */
#ifndef PINFOLD_XEN_CONFIG_H
#define PINFOLD_XEN_CONFIG_H

/* One lock per leaf table (each leaf table is then pinned on its own), or one per space. */
#ifndef CONFIG_SPLIT_TABLE_LOCKS
#define CONFIG_SPLIT_TABLE_LOCKS 1
#endif

/* How many vcpus the per-CPU areas are laid out for; a mask of them is one word in both widths. */
#define XEN_CPU_COUNT_MAX 32u

/* Event channel ports with a handler: four for each vcpu, and the devices'. The 2-level ABI has
 * 1024 ports on 32 bits and 4096 on 64, so there is no need of the FIFO one. */
#define XEN_PORT_COUNT_MAX 256u
#define XEN_WORD_BITS      (sizeof(unsigned long) * 8)

#endif
