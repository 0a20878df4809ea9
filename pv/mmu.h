/* SPDX-License-Identifier: MIT */
/*
 * Page tables as a kernel sees them: spaces, leaf entries by virtual address, lazy mode, flushes.
 * The same calls serve a table that Xen has validated and one that it has not; the backend knows
 * the difference.
 *
 * A space belongs to one address space of the kernel. Its tables cover the user half; the kernel
 * half is shared by all spaces and set up at boot. Calls on one space are serialised by its owner
 * (the kernel's mm lock); the page-table locks inside are the layer's own business.
 *
 * After a fork two spaces may have leaf tables in common (pv_tables_share()). Nobody can write
 * through such a table, its entries are shown without write permission, and they can be set only
 * when the table is the space's own again: after pv_pte_prepare() or pv_tables_own(). The same
 * holds of tables that have lost the right to write as a whole (pv_pte_protect()).
 */
#ifndef PINFOLD_PV_MMU_H
#define PINFOLD_PV_MMU_H

#include <stdbool.h>
#include <stddef.h>

#include "arch/x86/pte.h"
#include "arch/x86/units.h"
#include "pv/ops.h"
#include "xen/direct_map.h"

/* User addresses are below this; the kernel's direct map and image above. */
#define PV_USER_END 0x0000800000000000ull

/* The direct map: every frame of our memory has one kernel address. */
static inline void *pv_pfn_to_virt(pfn_t pfn)
{
	return xen_pfn_to_virt(pfn);
}
static inline pfn_t pv_virt_to_pfn(const void *virt)
{
	return xen_virt_to_pfn(virt);
}

/* Said before the first space is made: this kernel reaches user memory through the direct map
 * alone, at what pv_pte_read() finds, and never by its address. It then runs on its own tables
 * for ever, a space is those of user mode, and a switch costs less. */
static inline void pv_spaces_set_apart(bool apart)
{
	pv_mmu_ops.spaces_set_apart(apart);
}

/* Make an empty space: its top tables with the kernel half filled in. -ENOMEM when no frame is
 * left. Not yet pinned, or pinned while still empty. */
static inline int pv_space_init(struct pt_space *space)
{
	return pv_mmu_ops.space_init(space);
}

/* The space will not be run again: leave it (for the kernel's own tables) on every CPU, and
 * unpin it if it was pinned. Entries can still be read, and are plain memory from here on. Not for
 * one that has ever shared tables, or been protected: that ends with pv_space_dissolve(). */
static inline void pv_space_retire(struct pt_space *space)
{
	pv_mmu_ops.space_retire(space);
}

/* Free all tables of a retired space. What its entries mapped must have been released before;
 * they need no clearing. */
static inline void pv_space_destroy(struct pt_space *space)
{
	pv_mmu_ops.space_destroy(space);
}

/* The end of a space in one go, and the cheap one: it is left on every CPU, each of its entries is
 * shown to `release` when no CPU can use it any more (what it mapped may be given away then),
 * and its tables are kept for the next space as far as that pays. Entries of a table that others
 * share stay theirs. `release` calls nothing of the layer. */
static inline void pv_space_dissolve(struct pt_space *space, xen_pte_release *release, void *arg)
{
	pv_mmu_ops.space_dissolve(space, release, arg);
}

/* The space will be run soon: have Xen validate it now (pin), so that switching to it is cheap.
 * Idempotent. */
static inline void pv_space_activate(struct pt_space *space)
{
	pv_mmu_ops.space_activate(space);
}

/* Run on `next` from here on (its user half becomes accessible to user mode, and to the kernel if
 * spaces are not apart). One
 * entry into Xen at most, none when it is the space in force. NULL: the kernel's own tables, no
 * user half. */
static inline void pv_space_switch(struct pt_space *next)
{
	pv_mmu_ops.space_switch(next);
}

/* Read the leaf entry that maps `va`; PTE_NONE when there is none. Entries are in machine terms. */
static inline pte_t pv_pte_read(const struct pt_space *space, vaddr_t va)
{
	return pv_mmu_ops.pte_read(space, va);
}

/* What user mode's read at `va`, or write, comes to, at the kernel's own address in the direct map:
 * good to the end of the page, and until an entry changes. NULL: there is no such entry, or it does
 * not permit the access, or the frame is not ours. */
static inline void *pv_user_reach(struct pt_space *space, vaddr_t va, bool write)
{
	return pv_mmu_ops.user_reach(space, va, write);
}

/* The same where that is known from before; NULL if it is not. */
static inline void *pv_user_reached(const struct pt_space *space, vaddr_t va, bool write)
{
	const struct pt_reached *reached = &space->reached[space_reached_place(va)];

	if (reached->last[write] != (va.v | (PAGE_BYTES - 1)) || *reached->entry != reached->value)
		return NULL;
	return reached->page + (va.v & (PAGE_BYTES - 1));
}

/* Make sure that every table down to the leaf for `va` exists, and that this is the space's own.
 * -ENOMEM when no frame is left (tables made so far stay). */
static inline int pv_pte_prepare(struct pt_space *space, vaddr_t va)
{
	return pv_mmu_ops.pte_prepare(space, va);
}

/* The same in a space that is not run yet and is to become a copy of `model`, whose tables say how
 * much the leaf table will hold: one that will be full is better filled first and validated after.
 * It joins the space when another is asked for, and at pv_space_activate(). */
static inline int pv_pte_prepare_like(struct pt_space *space, vaddr_t va,
                                      const struct pt_space *model)
{
	return pv_mmu_ops.pte_prepare_like(space, va, model);
}

/* `to`, which is not run yet, becomes a copy of `from` in [start, end). Leaf tables that hold much,
 * and of which `sharing` says that both are to have them wholly, are linked in both; the entries of
 * others are shown in ascending order to its visitor, which makes the copy of each. `sharing` is
 * the same for all spaces of a kernel and stays. What the CPUs may still write through a table of
 * `from` is flushed on return, or when lazy mode is left: until then `to` is not run. False: a
 * visitor stopped it, or there was no memory; what has been shared stays so. */
static inline bool pv_tables_share(struct pt_space *from, struct pt_space *to, vaddr_t start,
                                   vaddr_t end, const struct xen_sharing *sharing, void *arg)
{
	return pv_mmu_ops.tables_share(from, to, start, end, sharing, arg);
}

/* All leaf tables with an entry in [start, end) become the space's own, so that these entries
 * can be set. -ENOMEM: some may not be. */
static inline int pv_tables_own(struct pt_space *space, vaddr_t start, vaddr_t end)
{
	return pv_mmu_ops.tables_own(space, start, end);
}

/* Leaf tables that lie wholly in [start, end) leave the space with all their entries: those that it
 * shares, or has shared or protected as a whole and not made its own since, and those that hold so
 * much that to clear each entry would cost more. Needs no memory. `gone` sees each entry of the
 * former: the references stay with the table, and go when nobody links it any more. `release` sees
 * each of the latter when no CPU can use it any more. Not inside lazy mode. */
static inline void pv_tables_leave(struct pt_space *space, vaddr_t start, vaddr_t end,
                                   xen_pte_release *gone, xen_pte_release *release, void *arg)
{
	pv_mmu_ops.tables_leave(space, start, end, gone, release, arg);
}

/* Replace the leaf entry for `va`, whose tables exist and are the space's own (pv_pte_prepare or
 * pv_tables_own succeeded, and nothing was shared since). Takes effect at once, or, inside lazy
 * mode, at the latest when lazy mode is left. */
static inline void pv_pte_set(struct pt_space *space, vaddr_t va, pte_t pte, enum pv_flush flush)
{
	pv_mmu_ops.pte_set(space, va, pte, flush);
}

/* Visit every non-zero leaf entry in [start, end), in ascending order. Unpopulated ranges cost
 * nothing per page. The visitor may replace the entry it is shown through pv_pte_set (same
 * address) and nothing else; it returns false to stop the walk. Returns false iff a visitor
 * stopped it. */
static inline bool pv_pte_walk(struct pt_space *space, vaddr_t start, vaddr_t end,
                               pv_pte_visitor *visit, void *arg)
{
	return pv_mmu_ops.pte_walk(space, start, end, visit, arg);
}

/* Show every non-zero leaf entry in [start, end), in ascending order, to an editor that may change
 * it. All changes go in one batch, with a flush if one of them takes rights or a frame away. It
 * costs less than a walk that sets entries. The editor calls nothing of the layer but pv_pte_make()
 * and pv_pte_pfn(). Where it stopped, or `end`. */
static inline vaddr_t pv_pte_rewrite(struct pt_space *space, vaddr_t start, vaddr_t end,
                                     pv_pte_editor *edit, void *arg)
{
	return pv_mmu_ops.pte_rewrite(space, start, end, edit, arg);
}

/* Read `count` entries from that for `va` on, whose leaf table is there and covers them all. */
static inline void pv_ptes_read(struct pt_space *space, vaddr_t va, pte_t *ptes, unsigned int count)
{
	pv_mmu_ops.ptes_read(space, va, ptes, count);
}

/* Set those of `count` entries from that for `va` on for which `ptes` has one, in one batch. They
 * are empty, and their leaf table is there, covers them all and is the space's own. As pv_pte_set()
 * else, and cheaper. */
static inline void pv_ptes_add(struct pt_space *space, vaddr_t va, const pte_t *ptes,
                               unsigned int count)
{
	pv_mmu_ops.ptes_add(space, va, ptes, count);
}

/* Take the right to write from all entries in [start, end), or (`write`) give it to those that may
 * have it, and change nothing else: what the editor does, as in pv_pte_rewrite(), but that entries
 * which are changed by a right of their whole leaf table are not shown. Given, the right comes
 * back to those of them that had it. Tables are made the space's own as far as needed: -ENOMEM, and
 * nothing has changed. Carried out on return; not inside lazy mode. `sharing` as for
 * pv_tables_share(). */
static inline int pv_pte_protect(struct pt_space *space, vaddr_t start, vaddr_t end, bool write,
                                 const struct xen_sharing *sharing, pv_pte_editor *edit, void *arg)
{
	return pv_mmu_ops.pte_protect(space, start, end, write, sharing, edit, arg);
}

/* Move all that one leaf table maps: what is at `from` is found at `to`, both where a leaf table
 * begins. Nothing is mapped by the leaf table at `to`. In one batch with its flush, of the cost
 * of two entries; carried out on return. -ENOMEM: nothing has moved. Moving it back does not
 * fail. */
static inline int pv_table_move(struct pt_space *space, vaddr_t from, vaddr_t to)
{
	return pv_mmu_ops.table_move(space, from, to);
}

/* Free the tables that lie wholly inside [start, end) and hold no entry any more. Flushes what
 * is needed. */
static inline void pv_tables_trim(struct pt_space *space, vaddr_t start, vaddr_t end)
{
	pv_mmu_ops.tables_trim(space, start, end);
}

/* Frames have run out: give back those of tables that the layer keeps for later. How many. Not from
 * pv_space_dissolve()'s release. */
static inline unsigned int pv_tables_reclaim(void)
{
	return pv_mmu_ops.tables_reclaim();
}

/* For people: the page tables of the user half below the top; spaces that share a table all count
 * it. It looks at the tables above the leaves. */
static inline size_t pv_tables_count(const struct pt_space *space)
{
	return pv_mmu_ops.tables_count(space);
}

/* How many spaces link the leaf table for `va`, this one included; 0: there is none. */
static inline unsigned int pv_table_links(const struct pt_space *space, vaddr_t va)
{
	return pv_mmu_ops.table_links(space, va);
}

/* Drop every cached user translation of this space, everywhere it may be held. */
static inline void pv_flush_space(struct pt_space *space)
{
	pv_mmu_ops.flush_space(space);
}

/* Lazy MMU mode: entry updates collect in one batch. Not nested; nothing may sleep inside; reads
 * inside must not depend on entries that were set inside. Leaving issues the batch. */
static inline void pv_lazy_mmu_enter(void)
{
	pv_mmu_ops.lazy_enter();
}
static inline void pv_lazy_mmu_leave(void)
{
	pv_mmu_ops.lazy_leave();
}

/* Entry from one of our frames: flags are PTE_*; PTE_PRESENT is included by the caller. */
static inline pte_t pv_pte_make(pfn_t pfn, uint64_t flags)
{
	return pv_mmu_ops.pte_make(pfn, flags);
}

/* Frame of a present entry that maps RAM of ours; PFN_NONE for a foreign one. */
static inline pfn_t pv_pte_pfn(pte_t pte)
{
	return pv_mmu_ops.pte_pfn(pte);
}

#endif
