/* SPDX-License-Identifier: MIT */
/*
 * The copy of an address space for fork: frames are shared; what is private loses write permission
 * in both, so that the first to write gets a copy of its own.
 *
 * The child's tables are not pinned yet, so its entries are plain stores; the parent's changes go
 * in one batch for each area, with one flush. When memory runs out half-way the child is destroyed:
 * the parent's frames then have one owner again, and its next write takes the permission back.
 */
#include "kernel/mm/internal.h"

struct fork_walk {
	struct vm *child;
	const struct vm_area *area; /* the child's */
	uintptr_t prepared;         /* leaf table that was seen to last */
};

static bool visit_fork(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct fork_walk *walk = arg;
	struct page *page = entry_page(pte);

	if (!page)
		return true;
	if (va.v / LEAF_BYTES != walk->prepared) {
		if (pv_pte_prepare_like(&walk->child->space, va, space) != 0)
			return false;
		walk->prepared = va.v / LEAF_BYTES;
	}
	if (area_private(walk->area) && pte_present(pte) && pte_writable(pte)) {
		pte = pte_clear_flags(pte, PTE_WRITE);
		pv_pte_set(space, va, pte, PV_FLUSH_PAGE);
	}
	page_get(page);
	pv_pte_set(&walk->child->space, va, pte, PV_FLUSH_NONE);
	entry_count(walk->child, page, pte.v, +1);
	return true;
}

static bool fork_entries(struct vm *source, struct vm *child, const struct vm_area *area)
{
	struct fork_walk walk = {.child = child, .area = area, .prepared = UINTPTR_MAX};
	bool done;

	pv_lazy_mmu_enter();
	done = pv_pte_walk(&source->space, VADDR(area->start), VADDR(area->end), visit_fork, &walk);
	pv_lazy_mmu_leave();
	return done;
}

static bool fork_areas(struct vm *source, struct vm *child)
{
	const struct vm_area *area;

	list_for_each_entry (area, &source->areas, struct vm_area, node) {
		if (area->flags & VM_DONT_FORK)
			continue;
		struct vm_area *copy = area_create(area, area->start, area->end);

		if (!copy)
			return false;
		copy->flags &= ~(unsigned int)VM_LOCKED;
		area_insert(child, copy);
		if ((area->flags & VM_WIPE_ON_FORK) == 0 && !fork_entries(source, child, copy))
			return false;
	}
	return true;
}

static void fork_layout(const struct vm *source, struct vm *child)
{
	child->mmap_top = source->mmap_top;
	child->brk_start = source->brk_start;
	child->brk_end = source->brk_end;
	child->stack_top = source->stack_top;
	child->arg_start = source->arg_start;
	child->arg_end = source->arg_end;
	child->env_start = source->env_start;
	child->env_end = source->env_end;
	child->membarriers = source->membarriers;
	memcpy(child->exe_path, source->exe_path, sizeof(child->exe_path));
	child->exe = source->exe;
	if (child->exe) {
		inode_get(child->exe);
		child->exe->exec_count++;
	}
}

struct vm *vm_fork(struct vm *source)
{
	struct vm *child = vm_create();

	if (!child)
		return err_ptr(-ENOMEM);
	fork_layout(source, child);
	if (!fork_areas(source, child)) {
		vm_put(child);
		return err_ptr(-ENOMEM);
	}
	return child;
}
