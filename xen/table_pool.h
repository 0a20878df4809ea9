/* SPDX-License-Identifier: MIT */
/*
 * Recycled page tables: tables that are empty, read-only and pinned each on its own, so that who
 * needs one neither clears, remaps nor has Xen validate anything, and who is done with one does not
 * have Xen take that apart.
 *
 * A table goes in with all its entries cleared and the clearing carried out; it comes out as it
 * went in, live (PT_FRAME_TABLE and PT_FRAME_PINNED), for a parent that is live as well. Tops
 * keep the kernel half that all spaces share, and on PAE the kernel's level-2 table. The pool is
 * bounded, and emptied when the kernel runs out of frames.
 *
 * One lock, held for a few instructions, nothing is taken under it.
 */
#ifndef PINFOLD_XEN_TABLE_POOL_H
#define PINFOLD_XEN_TABLE_POOL_H

#include <stdbool.h>

#include "arch/x86/units.h"
#include "xen/multicall.h"
#include "xen/space.h"

/* A zeroed frame for a table, ordinary memory; the pool is emptied before the answer is
 * PFN_NONE. */
pfn_t table_alloc(void);
/* Its converse: not live, contents do not matter. */
void table_free(pfn_t table);

/* A live, empty table of a level below the top; PFN_NONE: the pool has none. */
pfn_t table_pool_take(unsigned int level);

/* The tops of a space, live; false: the pool has none. */
bool table_pool_take_tops(struct pt_space *space);
/* The other way; false, and nothing has changed: no room. */
bool table_pool_put_tops(const struct pt_space *space);

/*
 * A live table leaves its parent, for the pool or for good:
 *
 *	bool kept = table_detach_begin(&batch, table, level);
 *	… queue the change that clears the parent's entry, and what flushes it …
 *	table_detach_queue(&batch, space, table, level, kept);
 *	mc_issue();
 *	table_detach_end(table, level, kept);
 *
 * Entries of it that are not clear yet are cleared in the same batch if it is kept; if not, they
 * can be read between the last two. A table that is not live is only freed.
 */
bool table_detach_begin(struct mc_batch *batch, pfn_t table, unsigned int level);
void table_detach_queue(struct mc_batch *batch, struct pt_space *space, pfn_t table,
                        unsigned int level, bool kept);
void table_detach_end(pfn_t table, unsigned int level, bool kept);

/* Contract: pv/mmu.h. */
unsigned int xen_tables_reclaim(void);

/* Frames in the pool now. */
unsigned int table_pool_frames(void);

#endif
