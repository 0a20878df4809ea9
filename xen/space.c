/* SPDX-License-Identifier: MIT */
/*
 * The life of spaces: see space.h and pv/mmu.h. What is in their tables is space_entries.c.
 *
 * x86-64 has a top table for each mode. They come in two forms (xen_spaces_set_apart()):
 *
 * In step. A space has both. root is kernel mode's and has the kernel half as well; the user
 * half of user_root equals that of root, entry by entry, whenever no batch is open. A switch
 * loads both, and the load of kernel mode's drops every translation.
 *
 * Apart. A space has user mode's top alone, as root, and the kernel runs on xen_kernel_space
 * whatever space is asked for. So "in force" is what user mode will run on; no address of a space's
 * means anything in the kernel, to Xen either (update_va_mapping). The load of user mode's top
 * drops nothing: Xen takes it into use on the way to user mode, and there it loads cr3 without
 * dropping user translations, which are global. So who leaves a space flushes.
 */
#include "xen/space.h"

#include <xen/errno.h>

#include "xen/hooks.h"
#include "xen/ipi.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/percpu.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/pv_lock.h"
#include "xen/share.h"
#include "xen/space_entries.h"
#include "xen/table_pool.h"
#include "xen/tlb.h"

struct pt_space xen_kernel_space = {.user_root = {~0ul}, .pinned = true};

static bool apart;

void xen_spaces_set_apart(bool are_apart)
{
	if (are_apart == apart)
		return;
	xen_tables_reclaim(); /* tops of the other form */
	apart = are_apart;
}

bool xen_spaces_apart(void)
{
	return PT_FORMAT.user_top && apart;
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

/* The kernel half of a new top table: the kernel's own entries, but not Xen's. */
static void copy_kernel_half(pfn_t root)
{
	unsigned int top = PT_FORMAT.levels;

	for (unsigned int i = pt_index(PT_FORMAT.user_end, top); i < pt_entry_count(top); i++)
		if (!pt_in_hole((uint64_t)i << pt_level_shift(top)))
			space_entry_store(root, i, pt_entry_read(xen_kernel_space.root, i));
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
			space_entry_store(copy, i, pt_entry_read(source, i));
	space_entry_store(space->root, pt_index(PT_FORMAT.user_end, 3), space_table_entry(copy, 3));
	return 0;
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
	if (xen_spaces_apart())
		return 0;
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
	space_leaf_finish(space);
	pin_space(space);
}

/* What loads the tables has been carried out, and of those before nothing is held any more. */
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

/* Kernel mode's top table, and with it all that the vcpu holds. Then user mode's. */
static void load_in_step(struct mc_batch *batch, const struct pt_space *next)
{
	const struct pt_space *tables = next ? next : &xen_kernel_space;
	struct mmuext_op load = {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = p2m_mfn(tables->root).v};

	mc_mmuext(batch, &load);
	if (!PT_FORMAT.user_top)
		return;
	load.cmd = MMUEXT_NEW_USER_BASEPTR;
	load.arg1.mfn = next ? p2m_mfn(next->user_root).v : 0;
	mc_mmuext(batch, &load);
}

/* User mode's alone. Of the space that is left nothing may be held when user mode runs again; where
 * none is left, nothing is held. */
static void load_apart(struct mc_batch *batch, const struct pt_space *next,
                       const struct pt_space *left)
{
	struct mmuext_op load = {.cmd = MMUEXT_NEW_USER_BASEPTR,
	                         .arg1.mfn = next ? p2m_mfn(next->root).v : 0};

	mc_mmuext(batch, &load);
	if (left)
		tlb_flush_local(batch);
}

void xen_space_switch(struct pt_space *next)
{
	struct xen_cpu *cpu = this_cpu();
	const struct pt_space *left = cpu->space_asked;

	if (left == next)
		return;
	if (next && (!next->pinned || next->leaf_building))
		host_panic("space: switch to a space that is not active");
	struct mc_batch batch = mc_begin();

	cpu->space_asked = next;
	/* Before the load: who changes an entry after it sees the bit, who changes one before is
	 * seen when a translation is made after it: nothing old is held of a space whose bit is
	 * not set. */
	if (next)
		port_or_word(&next->cpus, xen_cpu_bit(cpu));
	cpu->counters.space_switches++;
	if (xen_spaces_apart())
		load_apart(&batch, next, left);
	else
		load_in_step(&batch, next);
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
	if (space->shared > 0)
		host_panic("space: retired while it shares tables");
	leave_everywhere(space);
	space_leaf_finish(space);
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
	space_leaf_forget(space);
	pt_walk(space->root, 0, PT_FORMAT.user_end, &(struct pt_visitor){.table = visit_free});
	if (PT_FORMAT.levels == 3)
		table_free(pt_find_table(space->root, PT_FORMAT.user_end, 2));
	if (!pfn_is_none(space->user_root))
		table_free(space->user_root);
	table_free(space->root);
	space->root = space->user_root = PFN_NONE;
}

/* Of one batch of the end of a space: entries that are cleared, tables that are detached. */
#define GONE_MAX   (2 * SPACE_CLEAR_MAX)
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
		bool kept, shared;
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

		if (dissolve->tables[i].shared) {
			if (share_drop(table))
				share_end(dissolve->space, table, dissolve->release, dissolve->arg);
			continue;
		}
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

static bool visit_dissolve(void *arg, const struct pt_place *place)
{
	struct dissolve *dissolve = arg;
	pfn_t table = place->table;
	bool sparse = place->level > 1 || space_pays_to_clear(table);
	bool shared = place->level == 1 && share_with_others(table);

	if (place->level == PT_FORMAT.levels)
		return true;
	if (place->level == 1 && !shared)
		share_forget(table);
	if (dissolve->table_count == TABLES_MAX ||
	    dissolve->gone_count > GONE_MAX - SPACE_CLEAR_MAX)
		dissolve_settle(dissolve);
	bool kept = !shared && sparse && table_detach_begin(&dissolve->batch, table, place->level);

	space_set_upper(&dissolve->batch, dissolve->space, place->parent, place->offset,
	                place->level + 1, PTE_NONE);
	if (kept && place->level == 1)
		clear_entries(dissolve, table);
	if (!shared)
		table_detach_queue(&dissolve->batch, dissolve->space, table, place->level, kept);
	dissolve->tables[dissolve->table_count].pfn = table;
	dissolve->tables[dissolve->table_count].shared = shared;
	dissolve->tables[dissolve->table_count].level = (uint8_t)place->level;
	dissolve->tables[dissolve->table_count++].kept = kept;
	return true;
}

void xen_space_dissolve(struct pt_space *space, xen_pte_release *release, void *arg)
{
	struct dissolve dissolve = {.space = space, .release = release, .arg = arg};

	leave_everywhere(space);
	space_leaf_forget(space);
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

static bool visit_count(void *arg, const struct pt_place *place)
{
	if (place->level < PT_FORMAT.levels)
		(*(size_t *)arg)++;
	return true;
}

size_t xen_tables_count(const struct pt_space *space)
{
	size_t count = 0;

	pt_walk(space->root, 0, PT_FORMAT.user_end,
	        &(struct pt_visitor){.table = visit_count, .arg = &count});
	return count;
}
