/* SPDX-License-Identifier: MIT */
/*
 * The entries of a space's tables: see space_entries.h and pv/mmu.h.
 */
#include "xen/space_entries.h"

#include <xen/errno.h>

#include "xen/direct_map.h"
#include "xen/hooks.h"
#include "xen/lazy.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/percpu.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/pv_lock.h"
#include "xen/share.h"
#include "xen/table_pool.h"
#include "xen/tlb.h"

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

pte_t space_table_entry(pfn_t table, unsigned int parent_level)
{
	bool rights = parent_level < PT_FORMAT.levels || PT_FORMAT.top_has_rights;

	return pte_from_pfn(table, rights ? TABLE_FLAGS : PTE_PRESENT);
}

void space_entry_store(pfn_t table, unsigned int idx, pte_t value)
{
	pt_mark_entry(table, idx);
	pt_entry_store(table, idx, value);
}

/* Does a change of entry `idx` of `table` belong into the user top as well? */
static bool mirrored(const struct pt_space *space, pfn_t table, uint64_t offset)
{
	return !pfn_is_none(space->user_root) && table.v == space->root.v &&
	       offset < PT_FORMAT.user_end;
}

void space_set_upper(struct mc_batch *batch, struct pt_space *space, pfn_t table, uint64_t offset,
                     unsigned int level, pte_t value)
{
	unsigned int idx = pt_index(offset, level);

	pt_mark_entry(table, idx);
	if (!pin_is_live(table)) {
		pt_entry_store(table, idx, value);
		if (mirrored(space, table, offset))
			space_entry_store(space->user_root, idx, value);
		return;
	}
	mc_mmu_update(batch, pt_entry_maddr(table, idx), value);
	if (mirrored(space, table, offset))
		mc_mmu_update(batch, pt_entry_maddr(space->user_root, idx), value);
}

void space_leaf_finish(struct pt_space *space)
{
	if (!space->leaf_building)
		return;
	uint64_t offset = space->leaf_end - pt_entry_reach(2);
	pfn_t parent = pt_find_table(space->root, offset, 2);
	struct mc_batch batch = mc_begin();

	space->leaf_building = false;
	pin_table(&batch, space, space->leaf, 1);
	space_set_upper(&batch, space, parent, offset, 2, space_table_entry(space->leaf, 2));
	mc_issue(); /* lazy mode or not: who looks for it next reads the entry */
	mc_commit(&batch);
}

void space_leaf_remember(struct pt_space *space, uint64_t offset, pfn_t leaf, bool read_only)
{
	space->leaf = leaf;
	space->leaf_read_only = read_only;
	space->leaf_end = (offset & ~(pt_entry_reach(2) - 1)) + pt_entry_reach(2);
}

pte_t space_link(const struct pt_space *space, uint64_t offset)
{
	return pt_entry_read(pt_find_table(space->root, offset, 2), pt_index(offset, 2));
}

/* Whether the leaf table for `offset`, which is there, is linked without write permission. */
static bool linked_read_only(const struct pt_space *space, uint64_t offset)
{
	return space->shared > 0 && !pte_writable(space_link(space, offset));
}

pfn_t space_leaf_find(struct pt_space *space, uint64_t offset)
{
	if (space_leaf_known(space, offset))
		return space->leaf;
	space_leaf_finish(space);
	pfn_t leaf = pt_find_table(space->root, offset, 1);

	if (!pfn_is_none(leaf))
		space_leaf_remember(space, offset, leaf, linked_read_only(space, offset));
	return leaf;
}

void space_leaf_forget(struct pt_space *space)
{
	space_leaf_finish(space);
	space->leaf_end = 0;
	for (unsigned int i = 0; i < SPACE_REACHED; i++)
		space->reached[i].last[false] = space->reached[i].last[true] = 0;
}

pte_t xen_pte_read(const struct pt_space *space, vaddr_t va)
{
	uint64_t offset = pt_offset(va);
	bool known = space_leaf_known(space, offset);
	pfn_t table = known ? space->leaf : pt_find_table(space->root, offset, 1);

	if (pfn_is_none(table))
		return PTE_NONE;
	pte_t pte = pt_entry_read(table, pt_index(offset, 1));

	return space_entry_seen(pte,
	                        known ? space->leaf_read_only : linked_read_only(space, offset));
}

static void note_reached(struct pt_space *space, vaddr_t va, pfn_t leaf, bool writable, char *page)
{
	unsigned int idx = pt_index(pt_offset(va), 1);
	uintptr_t last = va.v | (PAGE_BYTES - 1);

	if (PT_FORMAT.entry_shift == 3)
		space->reached[space_reached_place(va)] =
		    (struct pt_reached){.last = {last, writable ? last : 0},
		                        .entry = pt_entry_address(leaf, idx),
		                        .value = pt_entry_read(leaf, idx).v,
		                        .page = page};
}

void *xen_user_reach(struct pt_space *space, vaddr_t va, bool write)
{
	const uint64_t needed = PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0);
	pfn_t leaf = space_leaf_find(space, pt_offset(va));
	pte_t pte = pfn_is_none(leaf) ? PTE_NONE : xen_pte_read(space, va);
	pfn_t frame = (pte.v & needed) == needed ? pte_pfn(pte) : PFN_NONE;

	if (pfn_is_none(frame))
		return NULL;
	char *page = xen_pfn_to_virt(frame);

	note_reached(space, va, leaf, pte_writable(pte), page);
	return page + (va.v & (PAGE_BYTES - 1));
}

/* And not more than this part of a table. */
#define CLEAR_PART 8u

bool space_pays_to_clear(pfn_t table)
{
	unsigned int part = pt_entry_count(1) / CLEAR_PART;

	return pt_entries_max(table, 1) <= (part < SPACE_CLEAR_MAX ? part : SPACE_CLEAR_MAX);
}

/* A table for the entry of `parent` that serves `offset`. PFN_NONE: no memory. */
static pfn_t table_add(struct mc_batch *batch, struct pt_space *space, pfn_t parent,
                       unsigned int level, uint64_t offset)
{
	bool live = pin_is_live(parent);
	pfn_t table = live ? table_pool_take(level - 1) : PFN_NONE;

	if (pfn_is_none(table))
		table = table_alloc();
	if (pfn_is_none(table))
		return PFN_NONE;
	if (live)
		pin_table(batch, space, table, level - 1);
	space_set_upper(batch, space, parent, offset, level, space_table_entry(table, level));
	return table;
}

int space_prepare(struct pt_space *space, uint64_t offset, unsigned int lowest)
{
	struct mc_batch batch = mc_begin();
	pfn_t table = space->root;
	bool added = false;

	for (unsigned int level = PT_FORMAT.levels; level > lowest && !pfn_is_none(table);
	     level--) {
		pfn_t parent = table;

		/* Below one that is new there is none. */
		table = added ? PFN_NONE : pt_table_at(parent, level, offset);
		if (pfn_is_none(table)) {
			table = table_add(&batch, space, parent, level, offset);
			added = true;
		}
	}
	if (added)
		mc_issue(); /* lazy mode or not: who looks for them reads the entries */
	mc_commit(&batch);
	if (lowest == 1 && !pfn_is_none(table))
		space_leaf_remember(space, offset, table, false);
	return pfn_is_none(table) ? -XEN_ENOMEM : 0;
}

int xen_pte_prepare(struct pt_space *space, vaddr_t va)
{
	uint64_t offset = pt_offset(va);

	if (pfn_is_none(space_leaf_find(space, offset)))
		return space_prepare(space, offset, 1);
	return space->leaf_read_only ? share_own(space, offset) : 0;
}

int xen_pte_prepare_like(struct pt_space *space, vaddr_t va, const struct pt_space *model)
{
	uint64_t offset = pt_offset(va);
	pfn_t leaf = pt_find_table(model->root, offset, 1);
	bool dense = !pfn_is_none(leaf) && !space_pays_to_clear(leaf);

	if (!dense || !pfn_is_none(space_leaf_find(space, offset)))
		return xen_pte_prepare(space, va);
	if (space_prepare(space, offset, 2) != 0)
		return -XEN_ENOMEM;
	if (!pin_is_live(pt_find_table(space->root, offset, 2)))
		return space_prepare(space, offset, 1);
	/* It will hold so much that it is built as ordinary memory first. */
	pfn_t table = table_alloc();

	if (pfn_is_none(table))
		return -XEN_ENOMEM;
	space_leaf_remember(space, offset, table, false);
	space->leaf_building = true;
	return 0;
}

/* Whether Xen, entered now, would find the space's entries by address: it looks in the tables that
 * kernel mode runs on. Behind a switch that waits in the batch these are the next space's. */
static bool by_address(const struct xen_cpu *cpu, const struct pt_space *space)
{
	if (space == &xen_kernel_space)
		return true;
	return !xen_spaces_apart() && cpu->space_actual == space && cpu->space_asked == space;
}

static void request_by_machine(struct mc_batch *batch, struct pt_space *space, pfn_t table,
                               vaddr_t va, pte_t pte, enum xen_flush flush)
{
	mc_mmu_update(batch, pt_entry_maddr(table, pt_index(pt_offset(va), 1)), pte);
	if (flush == XEN_FLUSH_PAGE)
		tlb_note_stale(batch, space, va);
}

/* An entry of a table that Xen watches: by address where that can be, else by machine address. At
 * once, and with the flush that it needs, if no batch is open. */
static void request(struct pt_space *space, pfn_t table, vaddr_t va, pte_t pte,
                    enum xen_flush flush)
{
	struct xen_cpu *cpu = this_cpu();
	struct mmuext_op op;

	if (cpu->lazy == XEN_LAZY_MMU) {
		request_by_machine(xen_lazy_batch(), space, table, va, pte, flush);
		return;
	}
	if (!mc_open() && !by_address(cpu, space)) {
		bool held = flush == XEN_FLUSH_PAGE && tlb_page_op(space, va, &op);

		mc_mmu_update_now(pt_entry_maddr(table, pt_index(pt_offset(va), 1)), pte,
		                  held ? &op : NULL);
		return;
	}
	struct mc_batch batch = mc_begin();

	if (by_address(cpu, space)) {
		mc_update_va(&batch, va, pte, flush == XEN_FLUSH_PAGE ? tlb_page_flags(space) : 0);
	} else {
		request_by_machine(&batch, space, table, va, pte, flush);
		tlb_settle(&batch);
	}
	mc_commit(&batch);
}

void xen_pte_set(struct pt_space *space, vaddr_t va, pte_t pte, enum xen_flush flush)
{
	uint64_t offset = pt_offset(va);
	pfn_t table = space_leaf_find(space, offset);

	if (pfn_is_none(table))
		host_panic("space: an entry is set where there is no table");
	if (space->leaf_read_only)
		host_panic("space: an entry is set in a table that is not the space's own");
	struct pt_frame *frame = pin_frame(table);
	struct spinlock *lock = pin_leaf_lock(space, frame);

	/* Held from the look to the change: a pin on another CPU comes before the one or after
	 * the other. */
	spinlock_lock(lock);
	if (!pte_none(pte))
		pt_mark_used(frame, pt_index(offset, 1));
	if (frame->flags & PT_FRAME_TABLE) {
		request(space, table, va, pte, flush);
	} else {
		pt_entry_store(table, pt_index(offset, 1), pte);
		this_cpu()->counters.entry_stores++;
	}
	spinlock_unlock(lock);
}

struct leaf_walk {
	const struct pt_space *space;
	uint64_t from, to;
	space_leaf_visitor *visit;
	void *arg;
};

static bool visit_leaf_table(void *arg, const struct pt_place *place)
{
	const struct leaf_walk *walk = arg;
	uint64_t base = place->offset, end = base + pt_entry_reach(2);

	if (place->level > 1)
		return true;
	return walk->visit(walk->arg, place->table, place->read_only && walk->space->shared > 0,
	                   base > walk->from ? base : walk->from, end < walk->to ? end : walk->to);
}

static bool walk_leaves(struct pt_space *space, uint64_t from, uint64_t to,
                        space_leaf_visitor *visit, void *arg)
{
	struct leaf_walk walk = {
	    .space = space, .from = from, .to = to, .visit = visit, .arg = arg};

	space_leaf_finish(space);
	return pt_walk(space->root, from, to,
	               &(struct pt_visitor){.table = visit_leaf_table, .arg = &walk});
}

bool space_walk_leaves(struct pt_space *space, vaddr_t start, vaddr_t end,
                       space_leaf_visitor *visit, void *arg)
{
	uint64_t from = pt_offset(start), to = pt_end_offset(start, end);

	if (from >= to || to > PT_FORMAT.user_end ||
	    from / pt_entry_reach(2) != (to - 1) / pt_entry_reach(2))
		return walk_leaves(space, from, to, visit, arg);
	/* Mostly it is a few pages, where the last change was. */
	pfn_t leaf = space_leaf_find(space, from);

	return pfn_is_none(leaf) || visit(arg, leaf, space->leaf_read_only, from, to);
}

struct entry_walk {
	struct pt_space *space;
	xen_pte_visitor *visit;
	void *arg;
	bool read_only; /* the link of the leaf table at hand */
};

static bool visit_entry(void *arg, const struct pt_place *place)
{
	const struct entry_walk *walk = arg;

	return walk->visit(walk->space, pt_vaddr(place->offset),
	                   space_entry_seen(place->entry, walk->read_only), walk->arg);
}

static bool visit_entries(void *arg, pfn_t leaf, bool read_only, uint64_t from, uint64_t to)
{
	struct entry_walk *walk = arg;

	walk->read_only = read_only;
	return pt_walk_leaf(leaf, from, to, &(struct pt_visitor){.entry = visit_entry, .arg = arg});
}

bool xen_pte_walk(struct pt_space *space, vaddr_t start, vaddr_t end, xen_pte_visitor *visit,
                  void *arg)
{
	struct entry_walk walk = {.space = space, .visit = visit, .arg = arg};

	return space_walk_leaves(space, start, end, visit_entries, &walk);
}
