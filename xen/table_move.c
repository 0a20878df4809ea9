/* SPDX-License-Identifier: MIT */
/*
 * A leaf table changes its place in a space: see pv_table_move() in pv/mmu.h. Two requests, however
 * much the table maps.
 */
#include <xen/errno.h>

#include "xen/hooks.h"
#include "xen/multicall.h"
#include "xen/pt_walk.h"
#include "xen/space_entries.h"
#include "xen/tlb.h"

int xen_table_move(struct pt_space *space, vaddr_t from, vaddr_t to)
{
	uint64_t old = pt_offset(from), new = pt_offset(to);

	space_leaf_forget(space);
	if (pfn_is_none(pt_find_table(space->root, old, 1)))
		return 0;
	/* An empty leaf table there makes way. */
	xen_tables_trim(space, to, (vaddr_t){to.v + (uintptr_t)pt_entry_reach(2)});
	if (space_prepare(space, new, 2) != 0)
		return -XEN_ENOMEM;
	pfn_t old_parent = pt_find_table(space->root, old, 2);
	pfn_t new_parent = pt_find_table(space->root, new, 2);
	pte_t entry = pt_entry_read(old_parent, pt_index(old, 2));

	if (!pte_none(pt_entry_read(new_parent, pt_index(new, 2))))
		host_panic("space: a table is moved to where something is mapped");
	struct mc_batch batch = mc_begin();

	/* In this order, as Xen would take a table apart that nothing refers to, entry by entry,
	 * and validate it again. */
	space_set_upper(&batch, space, new_parent, new, 2, entry);
	space_set_upper(&batch, space, old_parent, old, 2, PTE_NONE);
	tlb_note_all_stale(&batch, space);
	tlb_settle(&batch);
	mc_issue(); /* lazy mode or not: what looks for tables next reads the entries */
	mc_commit(&batch);
	return 0;
}
