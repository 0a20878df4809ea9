/* SPDX-License-Identifier: MIT */
/*
 * Many entries of a space changed in one batch: see pv_pte_rewrite() in pv/mmu.h. A leaf table is
 * found and locked once, however many of its entries change.
 */
#ifndef PINFOLD_XEN_REWRITE_H
#define PINFOLD_XEN_REWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/units.h"
#include "xen/multicall.h"
#include "xen/space.h"

struct rewrite {
	struct pt_space *space;
	struct mc_batch *batch;
	xen_pte_editor *edit;
	void *arg;
	vaddr_t stopped; /* where the editor did, or the end of the range */

	/* The leaf table at hand. */
	bool live, read_only;
	maddr_t leaf;
	bool queued; /* requests to it */

	/* The lock of the last table that has requests: Xen refuses one to a table that ends
	 * meanwhile, so it is kept until they are carried out. */
	struct spinlock *kept;
};

/* A space_leaf_visitor: the entries of one leaf table, as `arg`, a struct rewrite, says. What is
 * stale is noted. */
bool rewrite_leaf(void *arg, pfn_t leaf, bool read_only, uint64_t from, uint64_t to);

/* After the last one, when the batch has been committed. */
void rewrite_done(struct rewrite *rewrite);

#endif
