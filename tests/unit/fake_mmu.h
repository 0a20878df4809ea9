/* SPDX-License-Identifier: MIT */
/*
 * Page tables for hosted tests of the kernel's memory management: a window of addresses per space
 * behind pv/mmu.h, with a TLB for each of two CPUs that forgets nothing by itself.
 */
#ifndef PINFOLD_TESTS_UNIT_FAKE_MMU_H
#define PINFOLD_TESTS_UNIT_FAKE_MMU_H

#include <stdint.h>

struct pt_space;

/* The window: pages from here on; it spans three leaf tables, none of which it fills. */
#define FAKE_MMU_BASE  0x401ce000ul
#define FAKE_MMU_PAGES 600u

/* How many leaf tables have changed their place, and how many of a space's own have left it with
 * what they mapped. */
extern unsigned int fake_mmu_tables_moved, fake_mmu_tables_left;

/* The first word of the page at `addr`, as the CPU finds it for an access of enum vm_prot: first in
 * the TLB of either CPU, then in the tables (and then it is in the TLB). NULL: a fault. */
uint64_t *fake_mmu_translate(struct pt_space *space, uintptr_t addr, unsigned int access);

/* What became of leaf tables in forks and after: linked in a copy as well; made a space's own by a
 * copy, and by the right to write; left by a space that unmapped all of it. And those that lost the
 * right to write by the link, or got it back. */
extern struct fake_mmu_shares {
	unsigned int shared, replaced, granted, left, by_link;
} fake_mmu_shares;

#endif
