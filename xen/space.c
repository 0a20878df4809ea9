/* SPDX-License-Identifier: MIT */
/*
 * Spaces: see space.h and pv/mmu.h.
 *
 * Invariant: the user half of user_root equals that of root, entry by entry, whenever no batch is
 * open.
 */
#include "xen/space.h"

#include <stdint.h>

#include <xen/errno.h>

#include "xen/direct_map.h"
#include "xen/hooks.h"
#include "xen/ipi.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/percpu.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/pv_lock.h"
#include "xen/table_pool.h"
#include "xen/tlb.h"

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

struct pt_space xen_kernel_space = {.user_root = {~0ul}, .pinned = true};

static pte_t table_entry(pfn_t table, unsigned int parent_level)
{
	bool rights = parent_level < PT_FORMAT.levels || PT_FORMAT.top_has_rights;

	return pte_from_pfn(table, rights ? TABLE_FLAGS : PTE_PRESENT);
}

void xen_space_adopt_boot(pfn_t first, unsigned long tables)
{
	for (unsigned long i = 0; i < tables; i++) {
		struct pt_frame *frame = host_frame(PFN(first.v + i));

		if (!frame)
			host_panic("space: no record for a boot table");
		frame->flags |= PT_FRAME_TABLE;
	}
	host_frame(xen_kernel_space.root)->flags |= PT_FRAME_PINNED;
}

static void entry_store(pfn_t table, unsigned int idx, pte_t value)
{
	pt_mark_entry(table, idx);
	pt_entry_store(table, idx, value);
}

/* The kernel half of a new top table: the kernel's own entries, but not Xen's. */
static void copy_kernel_half(pfn_t root)
{
	unsigned int top = PT_FORMAT.levels;

	for (unsigned int i = pt_index(PT_FORMAT.user_end, top); i < pt_entry_count(top); i++)
		if (!pt_in_hole((uint64_t)i << pt_level_shift(top)))
			entry_store(root, i, pt_entry_read(xen_kernel_space.root, i));
}

/* PAE: the kernel's level-2 table cannot be shared, so each space has a copy. It refers to the
 * same leaf tables. */
static int copy_kernel_l2(struct pt_space *space)
{
	pfn_t source = pt_find_table(xen_kernel_space.root, PT_FORMAT.user_end, 2);
	pfn_t copy = table_alloc();

	if (pfn_is_none(copy))
		return -XEN_ENOMEM;
	for (unsigned int i = 0; i < pt_entry_count(2); i++)
		if (!pt_in_hole(PT_FORMAT.user_end + i * pt_entry_reach(2)))
			entry_store(copy, i, pt_entry_read(source, i));
	entry_store(space->root, pt_index(PT_FORMAT.user_end, 3), table_entry(copy, 3));
	return 0;
}

/* Whether `offset` lies in what the leaf table found last covers. Most work goes on in one
 * place. */
static bool leaf_known(const struct pt_space *space, uint64_t offset)
{
	return offset < space->leaf_end && space->leaf_end - offset <= pt_entry_reach(2);
}

/* Does a change of entry `idx` of `table` belong into the user top as well? */
static bool mirrored(const struct pt_space *space, pfn_t table, uint64_t offset)
{
	return !pfn_is_none(space->user_root) && table.v == space->root.v &&
	       offset < PT_FORMAT.user_end;
}

/* Change an entry above the leaves, in both tops if it is one of theirs. */
static void set_upper(struct mc_batch *batch, struct pt_space *space, pfn_t table, uint64_t offset,
                      unsigned int level, pte_t value)
{
	unsigned int idx = pt_index(offset, level);

	pt_mark_entry(table, idx);
	if (!pin_is_live(table)) {
		pt_entry_store(table, idx, value);
		if (mirrored(space, table, offset))
			entry_store(space->user_root, idx, value);
		return;
	}
	mc_mmu_update(batch, pt_entry_maddr(table, idx), value);
	if (mirrored(space, table, offset))
		mc_mmu_update(batch, pt_entry_maddr(space->user_root, idx), value);
}

/* The leaf table that was being built joins the others: read-only, validated once with all that it
 * holds, and only then linked. */
static void leaf_finish(struct pt_space *space)
{
	if (!space->leaf_building)
		return;
	uint64_t offset = space->leaf_end - pt_entry_reach(2);
	pfn_t parent = pt_find_table(space->root, offset, 2);
	struct mc_batch batch = mc_begin();

	space->leaf_building = false;
	pin_table(&batch, space, space->leaf, 1);
	set_upper(&batch, space, parent, offset, 2, table_entry(space->leaf, 2));
	mc_issue(); /* lazy mode or not: who looks for it next reads the entry */
	mc_commit(&batch);
}

static void leaf_remember(struct pt_space *space, uint64_t offset, pfn_t leaf)
{
	space->leaf = leaf;
	space->leaf_end = (offset & ~(pt_entry_reach(2) - 1)) + pt_entry_reach(2);
}

/* The leaf table for `offset`, remembered; PFN_NONE: there is none. */
static pfn_t leaf_find(struct pt_space *space, uint64_t offset)
{
	if (leaf_known(space, offset))
		return space->leaf;
	leaf_finish(space);
	pfn_t leaf = pt_find_table(space->root, offset, 1);

	if (!pfn_is_none(leaf))
		leaf_remember(space, offset, leaf);
	return leaf;
}

/* A table is about to go. */
static void leaf_forget(struct pt_space *space)
{
	leaf_finish(space);
	space->leaf_end = 0;
}

int xen_space_init(struct pt_space *space)
{
	*space = (struct pt_space){.root = PFN_NONE, .user_root = PFN_NONE};
	spinlock_init(&space->lock);
	space->pinned = table_pool_take_tops(space);
	if (space->pinned)
		return 0;
	space->root = table_alloc();
	if (pfn_is_none(space->root))
		return -XEN_ENOMEM;
	if (PT_FORMAT.user_top) {
		space->user_root = table_alloc();
		if (pfn_is_none(space->user_root)) {
			table_free(space->root);
			return -XEN_ENOMEM;
		}
	}
	if (PT_FORMAT.levels != 3) {
		copy_kernel_half(space->root);
		return 0;
	}
	int result = copy_kernel_l2(space);

	if (result != 0)
		table_free(space->root);
	return result;
}

void xen_space_activate(struct pt_space *space)
{
	leaf_finish(space);
	pin_space(space);
}

/* The hypercall that loads the tables has been carried out. */
static void switch_completed(void *space, bool ok)
{
	struct xen_cpu *cpu = this_cpu();
	struct pt_space *left = cpu->space_actual;

	if (!ok)
		return;
	cpu->space_actual = space;
	/* The last use of the one left, unless a load of it is queued again. */
	if (left && left != cpu->space_asked)
		port_and_word(&left->cpus, ~xen_cpu_bit(cpu));
}

void xen_space_switch(struct pt_space *next)
{
	struct xen_cpu *cpu = this_cpu();
	const struct pt_space *tables = next ? next : &xen_kernel_space;

	if (cpu->space_asked == next)
		return;
	if (!tables->pinned || tables->leaf_building)
		host_panic("space: switch to a space that is not active");
	struct mc_batch batch = mc_begin();
	struct mmuext_op load = {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = p2m_mfn(tables->root).v};

	cpu->space_asked = next;
	/* Before the load: who changes an entry after it sees the bit, who changes one before is
	 * seen by the load, which drops all old translations. */
	if (next)
		port_or_word(&next->cpus, xen_cpu_bit(cpu));
	cpu->counters.space_switches++;
	mc_mmuext(&batch, &load);
	if (PT_FORMAT.user_top) {
		load.cmd = MMUEXT_NEW_USER_BASEPTR;
		load.arg1.mfn = next ? p2m_mfn(next->user_root).v : 0;
		mc_mmuext(&batch, &load);
	}
	mc_callback(&batch, switch_completed, next);
	mc_commit(&batch);
}

/* Make the calling vcpu leave a space. */
static void leave(void *arg)
{
	struct pt_space *space = arg;
	struct xen_cpu *cpu = this_cpu();

	if (cpu->space_asked == space)
		xen_space_switch(NULL);
	/* It may have asked for another and not got it yet: what counts is what it runs on. */
	if (cpu->space_actual == space)
		mc_issue();
}

/* The same at another vcpu's request. */
static void evict(void *space)
{
	this_cpu()->counters.spaces_evicted++;
	leave(space);
}

/* No vcpu begins to use it any more; those that still do are made to leave. */
static void leave_everywhere(struct pt_space *space)
{
	leave(space);
	unsigned long others = port_load_word(&space->cpus);

	if (others)
		ipi_call_mask(others, evict, space, true);
}

void xen_space_retire(struct pt_space *space)
{
	leave_everywhere(space);
	leaf_finish(space);
	unpin_space(space);
}

static bool visit_free(void *arg, const struct pt_place *place)
{
	(void)arg;
	if (place->level < PT_FORMAT.levels)
		table_free(place->table);
	return true;
}

void xen_space_destroy(struct pt_space *space)
{
	if (space->pinned)
		host_panic("space: destroyed while pinned");
	leaf_forget(space);
	pt_walk(space->root, 0, PT_FORMAT.user_end, &(struct pt_visitor){.table = visit_free});
	if (PT_FORMAT.levels == 3)
		table_free(pt_find_table(space->root, PT_FORMAT.user_end, 2));
	if (!pfn_is_none(space->user_root))
		table_free(space->user_root);
	table_free(space->root);
	space->root = space->user_root = PFN_NONE;
}

pte_t xen_pte_read(const struct pt_space *space, vaddr_t va)
{
	uint64_t offset = pt_offset(va);
	pfn_t table =
	    leaf_known(space, offset) ? space->leaf : pt_find_table(space->root, offset, 1);

	return pfn_is_none(table) ? PTE_NONE : pt_entry_read(table, pt_index(offset, 1));
}

/* To clear an entry costs less than to have Xen take a table apart and, later, validate another, as
 * long as there are not more than so many. */
#define CLEAR_MAX  64u
#define CLEAR_PART 8u /* and not more than this part of it */
#define GONE_MAX   (2 * CLEAR_MAX)
#define TABLES_MAX 16u

struct dissolve {
	struct pt_space *space;
	xen_pte_release *release;
	void *arg;
	struct mc_batch batch;
	unsigned int gone_count, table_count;
	pte_t gone[GONE_MAX]; /* entries that the batch clears */
	struct {
		pfn_t pfn;
		uint8_t level;
		bool kept;
	} tables[TABLES_MAX]; /* that the batch detaches */
};

/* Carry the batch out; only then what the entries referred to is free. */
static void dissolve_settle(struct dissolve *dissolve)
{
	mc_issue();
	for (unsigned int i = 0; i < dissolve->gone_count; i++)
		dissolve->release(dissolve->gone[i], dissolve->arg);
	for (unsigned int i = 0; i < dissolve->table_count; i++) {
		pfn_t table = dissolve->tables[i].pfn;
		unsigned int count = pt_entry_count(1), idx = 0;

		if (dissolve->tables[i].level == 1 && !dissolve->tables[i].kept)
			for (; (idx = pt_next_entry(table, idx, count, ~0ull)) < count; idx++)
				dissolve->release(pt_entry_read(table, idx), dissolve->arg);
		table_detach_end(table, dissolve->tables[i].level, dissolve->tables[i].kept);
	}
	dissolve->gone_count = dissolve->table_count = 0;
}

static void clear_entries(struct dissolve *dissolve, pfn_t table)
{
	unsigned int count = pt_entry_count(1);

	for (unsigned int i = 0; (i = pt_next_entry(table, i, count, ~0ull)) < count; i++) {
		dissolve->gone[dissolve->gone_count++] = pt_entry_read(table, i);
		mc_mmu_update(&dissolve->batch, pt_entry_maddr(table, i), PTE_NONE);
	}
}

static bool pays_to_clear(pfn_t table)
{
	unsigned int part = pt_entry_count(1) / CLEAR_PART;

	return pt_entries_max(table, 1) <= (part < CLEAR_MAX ? part : CLEAR_MAX);
}

static bool visit_dissolve(void *arg, const struct pt_place *place)
{
	struct dissolve *dissolve = arg;
	pfn_t table = place->table;
	bool sparse = place->level > 1 || pays_to_clear(table);

	if (place->level == PT_FORMAT.levels)
		return true;
	if (dissolve->table_count == TABLES_MAX || dissolve->gone_count > GONE_MAX - CLEAR_MAX)
		dissolve_settle(dissolve);
	bool kept = sparse && table_detach_begin(&dissolve->batch, table, place->level);

	set_upper(&dissolve->batch, dissolve->space, place->parent, place->offset, place->level + 1,
	          PTE_NONE);
	if (kept && place->level == 1)
		clear_entries(dissolve, table);
	table_detach_queue(&dissolve->batch, dissolve->space, table, place->level, kept);
	dissolve->tables[dissolve->table_count].pfn = table;
	dissolve->tables[dissolve->table_count].level = (uint8_t)place->level;
	dissolve->tables[dissolve->table_count++].kept = kept;
	return true;
}

void xen_space_dissolve(struct pt_space *space, xen_pte_release *release, void *arg)
{
	struct dissolve dissolve = {.space = space, .release = release, .arg = arg};

	leave_everywhere(space);
	leaf_forget(space);
	dissolve.batch = mc_begin();
	pt_walk(space->root, 0, PT_FORMAT.user_end,
	        &(struct pt_visitor){.table = visit_dissolve, .arg = &dissolve});
	dissolve_settle(&dissolve);
	mc_commit(&dissolve.batch);
	if (space->pinned && table_pool_put_tops(space)) {
		space->pinned = false;
		space->root = space->user_root = PFN_NONE;
		return;
	}
	unpin_space(space);
	xen_space_destroy(space);
}

/* A table for the entry of `parent` that serves `offset`. PFN_NONE: no memory. */
static pfn_t table_add(struct pt_space *space, pfn_t parent, unsigned int level, uint64_t offset)
{
	bool live = pin_is_live(parent);
	pfn_t table = live ? table_pool_take(level - 1) : PFN_NONE;

	if (pfn_is_none(table))
		table = table_alloc();
	if (pfn_is_none(table))
		return PFN_NONE;
	struct mc_batch batch = mc_begin();

	if (live)
		pin_table(&batch, space, table, level - 1);
	set_upper(&batch, space, parent, offset, level, table_entry(table, level));
	mc_issue(); /* lazy mode or not: the next step reads it */
	mc_commit(&batch);
	return table;
}

/* `dense`: the leaf table will hold so much that it is built as ordinary memory first. */
static int prepare(struct pt_space *space, uint64_t offset, bool dense)
{
	pfn_t parent = space->root;

	if (!pfn_is_none(leaf_find(space, offset)))
		return 0;
	for (unsigned int level = PT_FORMAT.levels; level > 1; level--) {
		pfn_t table = pt_find_table(space->root, offset, level - 1);

		if (pfn_is_none(table) && level == 2 && dense && pin_is_live(parent)) {
			table = table_alloc();
			if (pfn_is_none(table))
				return -XEN_ENOMEM;
			leaf_remember(space, offset, table);
			space->leaf_building = true;
			return 0;
		}
		if (pfn_is_none(table))
			table = table_add(space, parent, level, offset);
		if (pfn_is_none(table))
			return -XEN_ENOMEM;
		parent = table;
	}
	return 0;
}

int xen_pte_prepare(struct pt_space *space, vaddr_t va)
{
	return prepare(space, pt_offset(va), false);
}

int xen_pte_prepare_like(struct pt_space *space, vaddr_t va, const struct pt_space *model)
{
	pfn_t leaf = pt_find_table(model->root, pt_offset(va), 1);

	return prepare(space, pt_offset(va), !pfn_is_none(leaf) && !pays_to_clear(leaf));
}

/* An entry of a table that Xen watches: by address where these tables are in force, else by
 * machine address. */
static void request(struct pt_space *space, pfn_t table, vaddr_t va, pte_t pte,
                    enum xen_flush flush)
{
	struct xen_cpu *cpu = this_cpu();
	struct mc_batch batch = mc_begin();
	/* Behind a switch that waits in the batch the address is one of the next space. */
	bool in_force =
	    space == &xen_kernel_space || (cpu->space_actual == space && cpu->space_asked == space);

	if (in_force && cpu->lazy != XEN_LAZY_MMU) {
		mc_update_va(&batch, va, pte, flush == XEN_FLUSH_PAGE ? tlb_page_flags(space) : 0);
	} else {
		mc_mmu_update(&batch, pt_entry_maddr(table, pt_index(pt_offset(va), 1)), pte);
		if (flush == XEN_FLUSH_PAGE)
			tlb_note_stale(&batch, space, va);
		if (cpu->lazy != XEN_LAZY_MMU)
			tlb_settle(&batch);
	}
	mc_commit(&batch);
}

void xen_pte_set(struct pt_space *space, vaddr_t va, pte_t pte, enum xen_flush flush)
{
	uint64_t offset = pt_offset(va);
	pfn_t table = leaf_find(space, offset);

	if (pfn_is_none(table))
		host_panic("space: an entry is set where there is no table");
	struct pt_frame *frame = pin_frame(table);
	struct spinlock *lock = CONFIG_SPLIT_TABLE_LOCKS ? &frame->lock : &space->lock;

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

struct entry_walk {
	struct pt_space *space;
	xen_pte_visitor *visit;
	void *arg;
};

static bool visit_entry(void *arg, const struct pt_place *place)
{
	const struct entry_walk *walk = arg;

	return walk->visit(walk->space, pt_vaddr(place->offset), place->entry, walk->arg);
}

/* One past the last address that a range may end at, as an offset. */
static uint64_t end_offset(vaddr_t start, vaddr_t end)
{
	return pt_offset(start) + (uint64_t)(end.v - start.v);
}

bool xen_pte_walk(struct pt_space *space, vaddr_t start, vaddr_t end, xen_pte_visitor *visit,
                  void *arg)
{
	struct entry_walk walk = {.space = space, .visit = visit, .arg = arg};
	const struct pt_visitor visitor = {.entry = visit_entry, .arg = &walk};
	uint64_t from = pt_offset(start), to = end_offset(start, end);

	/* Mostly it is a few pages, where the last change was. */
	if (from < to && to <= PT_FORMAT.user_end &&
	    from / pt_entry_reach(2) == (to - 1) / pt_entry_reach(2)) {
		pfn_t leaf = leaf_find(space, from);

		return pfn_is_none(leaf) || pt_walk_leaf(leaf, from, to, &visitor);
	}
	leaf_finish(space);
	return pt_walk(space->root, from, to, &visitor);
}

struct trim_walk {
	struct pt_space *space;
	uint64_t start, end;
};

static bool table_empty(pfn_t table, unsigned int level)
{
	unsigned int count = pt_entry_count(level);

	return pt_next_entry(table, 0, count, ~0ull) == count;
}

static bool visit_trim(void *arg, const struct pt_place *place)
{
	struct trim_walk *walk = arg;
	struct pt_space *space = walk->space;

	if (place->level == PT_FORMAT.levels || place->offset < walk->start ||
	    place->offset + pt_entry_reach(place->level + 1) > walk->end ||
	    !table_empty(place->table, place->level))
		return true;
	struct mc_batch batch = mc_begin();
	bool kept = table_detach_begin(&batch, place->table, place->level);

	set_upper(&batch, space, place->parent, place->offset, place->level + 1, PTE_NONE);
	/* The CPU may keep upper entries too: dropped before the frame becomes something else. */
	tlb_note_stale(&batch, space, pt_vaddr(place->offset));
	tlb_settle(&batch);
	table_detach_queue(&batch, space, place->table, place->level, kept);
	mc_issue(); /* the table above is read next */
	mc_commit(&batch);
	table_detach_end(place->table, place->level, kept);
	return true;
}

void xen_tables_trim(struct pt_space *space, vaddr_t start, vaddr_t end)
{
	struct trim_walk walk = {
	    .space = space, .start = pt_offset(start), .end = end_offset(start, end)};

	leaf_forget(space);
	pt_walk(space->root, walk.start, walk.end,
	        &(struct pt_visitor){.table = visit_trim, .arg = &walk});
}
