/* SPDX-License-Identifier: MIT */
/*
 * Maps a page on first touch, with a race planted: see fault_in.h.
 *
 * Two vcpus may touch two pages of the same leaf table for the first time at once. If both find no
 * table, both make one, and the link that comes second takes the first one's page away.
 */
#include "examples/model/fault_in.h"

#include "xen/direct_map.h"
#include "xen/hooks.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/pt_walk.h"
#include "xen/pv_lock.h"

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER)

bool fault_in_locked;
static struct spinlock lock;

/* A new leaf table: read-only before Xen is asked to take it as a table. */
static pfn_t link_leaf(struct pt_space *space, uint64_t offset)
{
	pfn_t parent = pt_find_table(space->root, offset, 2);
	pfn_t leaf = host_table_alloc();
	struct mc_batch batch = mc_begin();

	mc_update_va(&batch, VADDR(xen_pfn_to_virt(leaf)), pte_from_pfn(leaf, PTE_PRESENT), 0);
	mc_mmu_update(&batch, pt_entry_maddr(parent, pt_index(offset, 2)),
	              pte_from_pfn(leaf, TABLE_FLAGS));
	mc_commit(&batch);
	return leaf;
}

void fault_in(struct pt_space *space, vaddr_t va, pfn_t frame)
{
	uint64_t offset = pt_offset(va);
	pfn_t leaf;

	if (fault_in_locked)
		spinlock_lock(&lock);
	leaf = pt_find_table(space->root, offset, 1);
	if (pfn_is_none(leaf))
		leaf = link_leaf(space, offset);
	if (fault_in_locked)
		spinlock_unlock(&lock);

	struct mc_batch batch = mc_begin();

	mc_mmu_update(&batch, pt_entry_maddr(leaf, pt_index(offset, 1)),
	              pte_from_pfn(frame, TABLE_FLAGS));
	mc_commit(&batch);
}
