/* SPDX-License-Identifier: MIT */
/*
 * Tables that hold nothing any more leave their space: see pv_tables_trim() in pv/mmu.h. In
 * batches, each with one flush, before the frames become something else.
 */
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/pt_walk.h"
#include "xen/share.h"
#include "xen/space_entries.h"
#include "xen/table_pool.h"
#include "xen/tlb.h"

/* Tables that leave in one batch. */
#define TRIM_MAX 8u

struct trim_walk {
	struct pt_space *space;
	uint64_t start, end;
	struct mc_batch batch;
	unsigned int count;
	struct {
		pfn_t pfn;
		unsigned int level;
		bool kept;
	} gone[TRIM_MAX];
};

/* What has been collected is carried out. */
static void trim_settle(struct trim_walk *walk)
{
	/* Before a frame becomes something else. */
	tlb_settle(&walk->batch);
	for (unsigned int i = 0; i < walk->count; i++)
		table_detach_queue(&walk->batch, walk->space, walk->gone[i].pfn,
		                   walk->gone[i].level, walk->gone[i].kept);
	mc_issue();
	for (unsigned int i = 0; i < walk->count; i++)
		table_detach_end(walk->gone[i].pfn, walk->gone[i].level, walk->gone[i].kept);
	walk->count = 0;
}

/* Whether it is a table whose link the batch clears. */
static bool trim_collected(const struct trim_walk *walk, pfn_t table)
{
	unsigned int i = 0;

	while (i < walk->count && walk->gone[i].pfn.v != table.v)
		i++;
	return i < walk->count;
}

static bool table_empty(const struct trim_walk *walk, pfn_t table, unsigned int level)
{
	unsigned int count = pt_entry_count(level), idx = 0;

	for (; (idx = pt_next_entry(table, idx, count, ~0ull)) < count; idx++)
		if (level == 1 ||
		    !trim_collected(walk, p2m_pfn(pte_mfn(pt_entry_read(table, idx)))))
			return false;
	return true;
}

static bool visit_trim(void *arg, const struct pt_place *place)
{
	struct trim_walk *walk = arg;
	pfn_t table = place->table;

	if (place->level == PT_FORMAT.levels || place->offset < walk->start ||
	    place->offset + pt_entry_reach(place->level + 1) > walk->end ||
	    !table_empty(walk, table, place->level))
		return true;
	if (place->read_only && walk->space->shared > 0) {
		share_unlink(walk->space, place, NULL, NULL);
		return true;
	}
	bool kept = table_detach_begin(&walk->batch, table, place->level);

	space_set_upper(&walk->batch, walk->space, place->parent, place->offset, place->level + 1,
	                PTE_NONE);
	/* The CPU may keep upper entries too. */
	tlb_note_stale(&walk->batch, walk->space, pt_vaddr(place->offset));
	walk->gone[walk->count].pfn = table;
	walk->gone[walk->count].level = place->level;
	walk->gone[walk->count++].kept = kept;
	if (walk->count == TRIM_MAX)
		trim_settle(walk);
	return true;
}

void xen_tables_trim(struct pt_space *space, vaddr_t start, vaddr_t end)
{
	struct trim_walk walk = {
	    .space = space, .start = pt_offset(start), .end = pt_end_offset(start, end)};

	space_leaf_forget(space);
	walk.batch = mc_begin();
	pt_walk(space->root, walk.start, walk.end,
	        &(struct pt_visitor){.table = visit_trim, .arg = &walk});
	if (walk.count > 0)
		trim_settle(&walk);
	mc_commit(&walk.batch);
}
