/* SPDX-License-Identifier: MIT */
/*
 * The entries of a space's tables, for the layer's own files: a leaf entry is found, set, read and
 * walked (pv/mmu.h), and tables come when an entry needs them. They go in trim.c.
 *
 * A space remembers the leaf table that was found last, as most work goes on in one place; and that
 * may be one that is still being built (pv_pte_prepare_like()): ordinary memory, not linked yet.
 *
 * A leaf table that several spaces link (xen/share.h) is shown as the CPU sees it, without write
 * permission, and its entries are set only when it has become the space's own.
 */
#ifndef PINFOLD_XEN_SPACE_ENTRIES_H
#define PINFOLD_XEN_SPACE_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/pt_format.h"
#include "arch/x86/pte.h"
#include "arch/x86/units.h"
#include "xen/multicall.h"
#include "xen/space.h"

/* To clear an entry costs less than to have Xen take a table apart and, later, validate another, as
 * long as there are not more than so many. */
#define SPACE_CLEAR_MAX 64u
bool space_pays_to_clear(pfn_t leaf);

/* The entry that links `table` into one of level `parent_level`. */
pte_t space_table_entry(pfn_t table, unsigned int parent_level);

/* Plain store into a table that Xen does not watch. */
void space_entry_store(pfn_t table, unsigned int idx, pte_t value);

/* Change the entry for `offset` in `table`, of a level above the leaves: stored or queued, as the
 * table is live or not, and in both tops if it is one of theirs. */
void space_set_upper(struct mc_batch *batch, struct pt_space *space, pfn_t table, uint64_t offset,
                     unsigned int level, pte_t value);

/* Make the tables for `offset` from the top down to the level `lowest`. -XEN_ENOMEM. */
int space_prepare(struct pt_space *space, uint64_t offset, unsigned int lowest);

/* From here on the leaf table found last is this one. */
void space_leaf_remember(struct pt_space *space, uint64_t offset, pfn_t leaf, bool read_only);

/* A leaf entry as the CPU sees it under a link with or without write permission. */
static inline pte_t space_entry_seen(pte_t pte, bool read_only)
{
	return read_only && pte_present(pte) ? pte_clear_flags(pte, PTE_WRITE) : pte;
}

/* Whether `offset` lies in what the leaf table found last covers. Most work goes on in one
 * place. */
static inline bool space_leaf_known(const struct pt_space *space, uint64_t offset)
{
	return offset < space->leaf_end && space->leaf_end - offset <= pt_entry_reach(2);
}

/* The entry that links the leaf table for `offset`, which is there and linked. */
pte_t space_link(const struct pt_space *space, uint64_t offset);

/* The leaf table for `offset`, remembered; PFN_NONE: there is none. */
pfn_t space_leaf_find(struct pt_space *space, uint64_t offset);

/* The leaf table that was being built joins the others: read-only, validated once with all that it
 * holds, and only then linked. Carried out on return. */
void space_leaf_finish(struct pt_space *space);

/* The same, and the leaf table found last is not relied on any more: tables are about to go, or
 * links are about to lose rights. */
void space_leaf_forget(struct pt_space *space);

/* Each leaf table of [start, end), in ascending order, with the offsets of the part that lies in
 * it; `read_only`: linked without write permission, not the space's own. False iff a visitor
 * stopped the walk. */
typedef bool space_leaf_visitor(void *arg, pfn_t leaf, bool read_only, uint64_t from, uint64_t to);
bool space_walk_leaves(struct pt_space *space, vaddr_t start, vaddr_t end,
                       space_leaf_visitor *visit, void *arg);

#endif
