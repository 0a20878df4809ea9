/* SPDX-License-Identifier: MIT */
/*
 * Many entries of a space changed in one batch: see rewrite.h.
 */
#include "xen/rewrite.h"

#include "xen/hooks.h"
#include "xen/multicall.h"
#include "xen/percpu.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/pv_lock.h"
#include "xen/space_entries.h"
#include "xen/tlb.h"

/* The leaf table of some entries, which is there. */
static pfn_t table_of(struct pt_space *space, vaddr_t va)
{
	pfn_t table = space_leaf_find(space, pt_offset(va));

	if (pfn_is_none(table))
		host_panic("space: entries are asked for where there is no table");
	return table;
}

void xen_ptes_read(struct pt_space *space, vaddr_t va, pte_t *ptes, unsigned int count)
{
	pfn_t table = table_of(space, va);
	unsigned int first = pt_index(pt_offset(va), 1);

	for (unsigned int i = 0; i < count; i++)
		ptes[i] = space_entry_seen(pt_entry_read(table, first + i), space->leaf_read_only);
}

void xen_ptes_add(struct pt_space *space, vaddr_t va, const pte_t *ptes, unsigned int count)
{
	pfn_t table = table_of(space, va);
	unsigned int first = pt_index(pt_offset(va), 1);
	maddr_t at = pt_entry_maddr(table, first);
	struct pt_frame *frame = pin_frame(table);
	struct spinlock *lock = pin_leaf_lock(space, frame);
	struct mc_batch batch = mc_begin();

	if (space->leaf_read_only)
		host_panic("space: an entry is set in a table that is not the space's own");
	/* As for one entry. Xen refuses a request to a table that ends meanwhile, so it is held until
	 * they are carried out. */
	spinlock_lock(lock);
	for (unsigned int i = 0; i < count; i++, at.v += 1u << PT_FORMAT.entry_shift) {
		if (pte_none(ptes[i]))
			continue;
		pt_mark_used(frame, first + i);
		if (frame->flags & PT_FRAME_TABLE)
			mc_mmu_update(&batch, at, ptes[i]);
		else
			pt_entry_store(table, first + i, ptes[i]);
	}
	mc_commit(&batch);
	spinlock_unlock(lock);
}

/* Whether a CPU may still do through the old entry what the new one forbids, or reach another
 * frame. */
static bool stale(pte_t old, pte_t new)
{
	bool lost_rights = (old.v & ~new.v &(PTE_PRESENT | PTE_USER | PTE_WRITE)) != 0;
	bool lost_exec = (new.v & ~old.v &PTE_NX) != 0;

	return pte_present(old) &&
	       (lost_rights || lost_exec || ((old.v ^ new.v) & PTE_FRAME_MASK) != 0);
}

static bool rewrite_entry(void *arg, const struct pt_place *place)
{
	struct rewrite *rewrite = arg;
	vaddr_t va = pt_vaddr(place->offset);
	uint64_t in_leaf = (uint64_t)place->idx << PT_FORMAT.entry_shift;
	pte_t pte = place->entry;

	if (!rewrite->edit(va, &pte, rewrite->arg)) {
		rewrite->stopped = va;
		return false;
	}
	if (pte.v == place->entry.v)
		return true;
	if (rewrite->read_only)
		host_panic("space: an entry is set in a table that is not the space's own");
	if (!rewrite->live) {
		pt_entry_store(place->table, place->idx, pte);
		return true;
	}
	rewrite->queued = true;
	mc_mmu_update(rewrite->batch, (maddr_t){rewrite->leaf.v + in_leaf}, pte);
	if (stale(place->entry, pte))
		tlb_note_stale(rewrite->batch, rewrite->space, va);
	return true;
}

/* The lock of the table at hand, which may be the one that is kept. */
static void lock_leaf(struct rewrite *rewrite, struct spinlock *lock)
{
	if (lock == rewrite->kept)
		return;
	if (rewrite->kept)
		mc_callback(rewrite->batch, pin_unlock_completed, rewrite->kept);
	rewrite->kept = NULL;
	spinlock_lock(lock);
}

/* Inside a batch of the caller's the requests come later: there the caller sees to it that no table
 * ends. */
static void unlock_leaf(struct rewrite *rewrite, struct spinlock *lock)
{
	if (rewrite->queued && rewrite->batch->outermost)
		rewrite->kept = lock;
	else if (lock != rewrite->kept)
		spinlock_unlock(lock);
}

bool rewrite_leaf(void *arg, pfn_t leaf, bool read_only, uint64_t from, uint64_t to)
{
	struct rewrite *rewrite = arg;
	struct pt_frame *frame = pin_frame(leaf);
	struct spinlock *lock = pin_leaf_lock(rewrite->space, frame);
	bool more;

	/* As for one entry: held from the look to the last change. What has an entry is marked so
	 * already. */
	lock_leaf(rewrite, lock);
	rewrite->read_only = read_only;
	rewrite->live = frame->flags & PT_FRAME_TABLE;
	rewrite->queued = false;
	rewrite->leaf = pt_entry_maddr(leaf, 0);
	more = pt_walk_leaf(leaf, from, to,
	                    &(struct pt_visitor){.entry = rewrite_entry, .arg = rewrite});
	unlock_leaf(rewrite, lock);
	return more;
}

void rewrite_done(struct rewrite *rewrite)
{
	if (rewrite->kept)
		spinlock_unlock(rewrite->kept);
}

/* As much as a change of one entry. */
static vaddr_t rewrite_one(struct pt_space *space, vaddr_t va, xen_pte_editor *edit, void *arg)
{
	pfn_t leaf = space_leaf_find(space, pt_offset(va));
	pte_t old = pfn_is_none(leaf) ? PTE_NONE : pt_entry_read(leaf, pt_index(pt_offset(va), 1));
	pte_t pte = old;

	if (!pte_none(old) && !edit(va, &pte, arg))
		return va;
	if (pte.v != old.v)
		xen_pte_set(space, va, pte, stale(old, pte) ? XEN_FLUSH_PAGE : XEN_FLUSH_NONE);
	return VADDR(va.v + PAGE_BYTES);
}

vaddr_t xen_pte_rewrite(struct pt_space *space, vaddr_t start, vaddr_t end, xen_pte_editor *edit,
                        void *arg)
{
	if (end.v - start.v == PAGE_BYTES)
		return rewrite_one(space, start, edit, arg);
	struct mc_batch batch = mc_begin();
	struct rewrite rewrite = {
	    .space = space, .batch = &batch, .edit = edit, .arg = arg, .stopped = end};

	space_walk_leaves(space, start, end, rewrite_leaf, &rewrite);
	if (this_cpu()->lazy != XEN_LAZY_MMU)
		tlb_settle(&batch);
	mc_commit(&batch);
	rewrite_done(&rewrite);
	return rewrite.stopped;
}
