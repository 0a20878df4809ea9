/* SPDX-License-Identifier: MIT */
/*
 * Leaf tables leave their space with all that they map: see pv_tables_leave() in pv/mmu.h. A
 * request each, in place of one for each entry.
 */
#include "xen/hooks.h"
#include "xen/multicall.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/share.h"
#include "xen/space_entries.h"
#include "xen/table_pool.h"
#include "xen/tlb.h"

struct leave_walk {
	struct pt_space *space;
	xen_pte_release *gone, *release;
	void *arg;
};

static bool release_entry(void *arg, const struct pt_place *place)
{
	const struct leave_walk *walk = arg;

	walk->release(place->entry, walk->arg);
	return true;
}

/* One that is the space's own. Xen takes it apart when nothing refers to it any more. */
static void leave_own(struct leave_walk *walk, const struct pt_place *place)
{
	pfn_t table = place->table;
	struct mc_batch batch = mc_begin();

	space_set_upper(&batch, walk->space, place->parent, place->offset, 2, PTE_NONE);
	tlb_note_all_stale(&batch, walk->space);
	tlb_settle(&batch);
	unpin_table(&batch, walk->space, table, 1);
	mc_issue(); /* before it is another's, and what it maps */
	mc_commit(&batch);
	space_leaf_forget(walk->space);
	pt_walk_leaf(table, place->offset, place->offset + pt_entry_reach(2),
	             &(struct pt_visitor){.entry = release_entry, .arg = walk});
	table_free(table);
}

static bool visit_leave(void *arg, const struct pt_place *place)
{
	struct leave_walk *walk = arg;

	if (place->level > 1)
		return true;
	if (place->read_only && walk->space->shared > 0)
		share_unlink(walk->space, place, walk->gone, walk->arg);
	else if (!space_pays_to_clear(place->table))
		leave_own(walk, place);
	return true;
}

/* What one table of level 2 links. */
static void leave_near(struct leave_walk *walk, uint64_t first, uint64_t last)
{
	pfn_t parent = pt_find_table(walk->space->root, first, 2);
	unsigned int start = pt_index(first, 2), idx = start;
	unsigned int end = start + (unsigned int)((last - first) >> pt_level_shift(2));

	if (pfn_is_none(parent))
		return;
	for (; (idx = pt_next_entry(parent, idx, end, PTE_PRESENT)) < end; idx++) {
		uint64_t offset = first + (uint64_t)(idx - start) * pt_entry_reach(2);
		struct pt_place place = {.level = 1,
		                         .table = pt_table_at(parent, 2, offset),
		                         .offset = offset,
		                         .parent = parent,
		                         .read_only = !pte_writable(pt_entry_read(parent, idx))};

		visit_leave(walk, &place);
	}
}

void xen_tables_leave(struct pt_space *space, vaddr_t start, vaddr_t end, xen_pte_release *gone,
                      xen_pte_release *release, void *arg)
{
	struct leave_walk walk = {.space = space, .gone = gone, .release = release, .arg = arg};
	uint64_t reach = pt_entry_reach(2);
	uint64_t first = (pt_offset(start) + reach - 1) & ~(reach - 1);
	uint64_t last = pt_end_offset(start, end) & ~(reach - 1);

	if (first >= last)
		return;
	space_leaf_finish(space);
	if (first / pt_entry_reach(3) == (last - 1) / pt_entry_reach(3))
		leave_near(&walk, first, last);
	else
		pt_walk(space->root, first, last,
		        &(struct pt_visitor){.table = visit_leave, .arg = &walk});
}
