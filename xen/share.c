/* SPDX-License-Identifier: MIT */
/*
 * Leaf tables that several spaces link: see share.h.
 */
#include "xen/share.h"

#include <port/memory.h>

#include <xen/errno.h>

#include "xen/hooks.h"
#include "xen/multicall.h"
#include "xen/percpu.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/space_entries.h"
#include "xen/table_pool.h"
#include "xen/tlb.h"

/* pt_frame.sharers: this bit, and above it the number of spaces beside the first. */
#define COPIED_FROM 1u
#define ONE_SPACE   2u
#define SPACES_MAX  (UINT16_MAX - ONE_SPACE)

/* To take a right from an entry is a request; of more than so many a copy is made, which Xen
 * validates in one go. */
#define REQUESTS_MAX 64u

static uint16_t sharers(pfn_t table)
{
	return port_load16(&pin_frame(table)->sharers);
}

bool share_with_others(pfn_t table)
{
	return sharers(table) >= ONE_SPACE;
}

bool share_with_nobody(pfn_t table)
{
	return sharers(table) == 0;
}

void share_forget(pfn_t table)
{
	pin_frame(table)->sharers = 0;
}

unsigned int xen_table_links(const struct pt_space *space, vaddr_t va)
{
	pfn_t table = pt_find_table(space->root, pt_offset(va), 1);

	return pfn_is_none(table) ? 0 : 1u + sharers(table) / ONE_SPACE;
}

/* More spaces, or what is to be known of the table, in one step. */
static void change(pfn_t table, uint16_t more, uint16_t note)
{
	volatile uint16_t *word = &pin_frame(table)->sharers;
	uint16_t old;

	do {
		old = port_load16(word);
	} while (!port_replace16(word, old, (uint16_t)(old + more) | note));
}

/* One space less; what it leaves behind is noted in the same step. */
static bool drop(pfn_t table, uint16_t note)
{
	volatile uint16_t *word = &pin_frame(table)->sharers;
	uint16_t old;

	do {
		old = port_load16(word);
		if (old < ONE_SPACE) {
			share_forget(table);
			return true;
		}
	} while (!port_replace16(word, old, (uint16_t)(old - ONE_SPACE) | note));
	return false;
}

bool share_drop(pfn_t table)
{
	return drop(table, 0);
}

void share_end(struct pt_space *space, pfn_t table, xen_pte_release *release, void *arg)
{
	unsigned int count = pt_entry_count(1);
	struct mc_batch batch = mc_begin();

	unpin_table(&batch, space, table, 1);
	mc_issue(); /* what it maps may be given away then */
	mc_commit(&batch);
	for (unsigned int i = 0; (i = pt_next_entry(table, i, count, ~0ull)) < count; i++)
		release(pt_entry_read(table, i), arg);
	table_free(table);
}

/* The leaf table found last is the space's own from here on: `table`. */
static void now_own(struct pt_space *space, uint64_t offset, pfn_t table)
{
	space->shared--;
	space_leaf_remember(space, offset, table, false);
}

/* Nobody else links the table: the link gains the right to write. A CPU that has the old one faults
 * and looks again. */
static void grant(struct pt_space *space, uint64_t offset, pfn_t parent)
{
	pfn_t table = space->leaf;
	struct mc_batch batch = mc_begin();

	share_forget(table);
	space_set_upper(&batch, space, parent, offset, 2, space_table_entry(table, 2));
	mc_issue(); /* lazy mode or not: who looks for it next reads the entry */
	mc_commit(&batch);
	now_own(space, offset, table);
}

/* A copy takes the place of the table in this space. */
static int replace(struct pt_space *space, uint64_t offset, pfn_t parent)
{
	pfn_t table = space->leaf, copy = table_alloc();
	unsigned int count = pt_entry_count(1);

	if (pfn_is_none(copy))
		return -XEN_ENOMEM;
	for (unsigned int i = 0; (i = pt_next_entry(table, i, count, ~0ull)) < count; i++)
		space_entry_store(copy, i, space->sharing->copy(pt_entry_read(table, i)));
	struct mc_batch batch = mc_begin();

	if (pin_is_live(parent))
		pin_table(&batch, space, copy, 1);
	space_set_upper(&batch, space, parent, offset, 2, space_table_entry(copy, 2));
	tlb_note_all_stale(&batch, space);
	tlb_settle(&batch);
	mc_issue(); /* before the table may be another's alone, or nobody's */
	mc_commit(&batch);
	space_leaf_forget(space);
	now_own(space, offset, copy);
	if (drop(table, COPIED_FROM))
		share_end(space, table, space->sharing->release, NULL);
	return 0;
}

/* An entry that lets a program write to what a copy of the table maps as well. */
static bool lends(const struct pt_space *space, pte_t pte)
{
	return pte_present(pte) && pte_writable(pte) && !space->sharing->sole(pte);
}

/* Take the right to write from those entries of a table, which nobody else links, that must not
 * have it. False, and nothing has changed: they are many. */
static bool take_back(struct pt_space *space, pfn_t table)
{
	unsigned int idx[REQUESTS_MAX], found = 0, count = pt_entry_count(1);

	for (unsigned int i = 0; (i = pt_next_entry(table, i, count, PTE_WRITE)) < count; i++) {
		if (!lends(space, pt_entry_read(table, i)))
			continue;
		if (found == REQUESTS_MAX)
			return false;
		idx[found++] = i;
	}
	struct mc_batch batch = mc_begin();

	for (unsigned int n = 0; n < found; n++) {
		pte_t entry = pte_clear_flags(pt_entry_read(table, idx[n]), PTE_WRITE);

		mc_mmu_update(&batch, pt_entry_maddr(table, idx[n]), entry);
	}
	mc_commit(&batch);
	return true;
}

/* Take it from all entries of such a table: needs no memory. */
static void take_all(pfn_t table)
{
	unsigned int count = pt_entry_count(1);
	struct mc_batch batch = mc_begin();

	for (unsigned int i = 0; (i = pt_next_entry(table, i, count, PTE_WRITE)) < count; i++) {
		pte_t entry = pt_entry_read(table, i);

		if (pte_present(entry))
			mc_mmu_update(&batch, pt_entry_maddr(table, i),
			              pte_clear_flags(entry, PTE_WRITE));
	}
	mc_commit(&batch);
}

int share_own(struct pt_space *space, uint64_t offset)
{
	pfn_t parent = pt_find_table(space->root, offset, 2);
	bool taken = pt_entry_read(parent, pt_index(offset, 2)).v & LINK_TAKEN;
	uint16_t word = sharers(space->leaf);

	if (taken && word < ONE_SPACE)
		take_all(space->leaf);
	else if (word >= ONE_SPACE || ((word & COPIED_FROM) && !take_back(space, space->leaf)))
		return replace(space, offset, parent);
	grant(space, offset, parent);
	return 0;
}

/* --- A space becomes a copy of another. --- */

struct share_walk {
	struct pt_space *from, *to;
	const struct xen_sharing *sharing;
	void *arg;
};

/* Link a leaf table of `from` in the other space as well. False: no memory. */
static bool link_there(const struct share_walk *walk, const struct pt_place *place)
{
	struct pt_space *from = walk->from, *to = walk->to;
	uint64_t offset = place->offset;
	pfn_t parent;

	if (space_prepare(to, offset, 2) != 0)
		return false;
	parent = pt_find_table(to->root, offset, 2);
	/* With its mark, if any. */
	pte_t link = pte_clear_flags(pt_entry_read(place->parent, place->parent_idx), PTE_WRITE);
	struct mc_batch batch = mc_begin();

	change(place->table, ONE_SPACE, 0);
	if (!place->read_only) {
		space_set_upper(&batch, from, place->parent, offset, 2, link);
		tlb_note_all_stale(&batch, from);
		from->shared++;
		space_leaf_forget(from); /* its link is not what it was */
	}
	space_set_upper(&batch, to, parent, offset, 2, link);
	to->shared++;
	mc_commit(&batch);
	return true;
}

static enum pt_way visit_leaf(void *arg, const struct pt_place *place)
{
	const struct share_walk *walk = arg;
	const struct pt_space *to = walk->to;
	pfn_t table = place->table;

	/* There must be much to save; but a link that is read-only already costs nothing. */
	if (!place->read_only && space_pays_to_clear(table))
		return PT_ENTER;
	pfn_t theirs = pt_find_table(to->root, place->offset, 1);
	bool building = to->leaf_building && space_leaf_known(to, place->offset);

	if (theirs.v == table.v)
		return PT_PASS; /* it came with another part of the range */
	if (pfn_is_none(theirs) && !building && walk->from->pinned &&
	    sharers(table) <= SPACES_MAX &&
	    walk->sharing->may_share(pt_vaddr(place->offset), walk->arg))
		return link_there(walk, place) ? PT_PASS : PT_STOP;
	/* What is lent entry by entry must be taken back before the link may be written through. */
	if (place->read_only)
		change(table, 0, COPIED_FROM);
	return PT_ENTER;
}

static bool visit_entry(void *arg, const struct pt_place *place)
{
	const struct share_walk *walk = arg;
	pte_t entry = space_entry_seen(place->entry, place->read_only);

	return walk->sharing->visit(walk->from, pt_vaddr(place->offset), entry, walk->arg);
}

bool xen_tables_share(struct pt_space *from, struct pt_space *to, vaddr_t start, vaddr_t end,
                      const struct xen_sharing *sharing, void *arg)
{
	struct share_walk walk = {.from = from, .to = to, .sharing = sharing, .arg = arg};
	const struct pt_visitor visitor = {.entry = visit_entry, .leaf = visit_leaf, .arg = &walk};
	uint64_t first = pt_offset(start), stop = pt_end_offset(start, end);
	bool done;

	from->sharing = to->sharing = sharing;
	/* Mostly it is a few pages of a table that is not shared. */
	if (first < stop && first / pt_entry_reach(2) == (stop - 1) / pt_entry_reach(2)) {
		pfn_t leaf = space_leaf_find(from, first);

		if (pfn_is_none(leaf))
			return true;
		if (!from->leaf_read_only &&
		    (space_pays_to_clear(leaf) ||
		     !sharing->may_share(pt_vaddr(first & ~(pt_entry_reach(2) - 1)), arg)))
			return pt_walk_leaf(leaf, first, stop, &visitor);
	}
	space_leaf_finish(from);
	struct mc_batch batch = mc_begin();

	done = pt_walk(from->root, first, stop, &visitor);
	if (this_cpu()->lazy != XEN_LAZY_MMU)
		tlb_settle(&batch);
	mc_issue(); /* lazy mode or not: who looks for a link next reads it */
	mc_commit(&batch);
	return done;
}

/* --- A range of a space. --- */

struct own_walk {
	share_spared *spared;
	void *arg;
	uint64_t at, end; /* what is looked through still */
	uint64_t found;   /* in a table that is not the space's own */
};

static enum pt_way find_shared(void *arg, const struct pt_place *place)
{
	struct own_walk *walk = arg;
	uint64_t from = place->offset > walk->at ? place->offset : walk->at;
	uint64_t stop = place->offset + pt_entry_reach(2);

	if (!place->read_only)
		return PT_PASS;
	if (stop > walk->end)
		stop = walk->end;
	unsigned int last = pt_index(stop - PAGE_BYTES, 1) + 1;

	if (pt_next_entry(place->table, pt_index(from, 1), last, ~0ull) == last)
		return PT_PASS;
	if (walk->spared && walk->spared(walk->arg, place->table, true, from, stop))
		return PT_PASS;
	walk->found = place->offset;
	return PT_STOP;
}

int share_own_range(struct pt_space *space, vaddr_t start, vaddr_t end, share_spared *spared,
                    void *arg)
{
	struct own_walk walk = {
	    .spared = spared, .arg = arg, .at = pt_offset(start), .end = pt_end_offset(start, end)};
	const struct pt_visitor visitor = {.leaf = find_shared, .arg = &walk};
	int result = 0;

	while (space->shared > 0 && result == 0 && walk.at < walk.end &&
	       !pt_walk(space->root, walk.at, walk.end, &visitor)) {
		result = xen_pte_prepare(space, pt_vaddr(walk.found));
		walk.at = walk.found + pt_entry_reach(2);
	}
	return result;
}

int xen_tables_own(struct pt_space *space, vaddr_t start, vaddr_t end)
{
	return share_own_range(space, start, end, NULL, NULL);
}

void share_unlink(struct pt_space *space, const struct pt_place *place, xen_pte_release *gone,
                  void *arg)
{
	unsigned int count = pt_entry_count(1);
	struct mc_batch batch = mc_begin();

	space_set_upper(&batch, space, place->parent, place->offset, 2, PTE_NONE);
	tlb_note_all_stale(&batch, space);
	tlb_settle(&batch);
	mc_issue(); /* before the table may be another's alone, or nobody's */
	mc_commit(&batch);
	space->shared--;
	space_leaf_forget(space);
	for (unsigned int i = 0; (i = pt_next_entry(place->table, i, count, ~0ull)) < count; i++)
		gone(pt_entry_read(place->table, i), arg);
	if (share_drop(place->table))
		share_end(space, place->table, space->sharing->release, NULL);
}
