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

/* How many vcpus the per-CPU areas are laid out for. */
#define XEN_CPU_COUNT_MAX 32u

#endif
