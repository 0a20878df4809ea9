/* SPDX-License-Identifier: MIT */
/*
 * The copy of an address space for fork: frames are shared; what is private loses write permission
 * in both, so that the first to write gets a copy of its own.
 *
 * A page that the parent may write was written since its last fork, and mostly one of the two
 * writes it again soon: a fault with a copy, and a fault of the other one. So the first few of
 * them are copied at once, and the parent's stay as they are.
 *
 * The parent's changes go in one batch for each area, with one flush. When memory runs out
 * half-way the child is destroyed: the parent's frames then have one owner again, and its next
 * write takes the permission back.
 */
#include "kernel/mm/internal.h"

/* Pages copied at once: of all stacks, from their low end, where they are in use, and of the
 * rest. */
#define COPIES_STACK 4u
#define COPIES_OTHER 12u

struct fork_walk {
	struct vm *child;
	const struct vm_area *area; /* the child's */
	uintptr_t prepared;         /* leaf table that was seen to last */
	unsigned int *copies_left;  /* for this kind of area */
};

/* Give the child a copy of its own. False: it shares the page. */
static bool copy_for_child(struct fork_walk *walk, vaddr_t va, const struct page *page)
{
	struct page *copy = *walk->copies_left > 0 ? copy_page(page) : NULL;

	if (!copy)
		return false;
	--*walk->copies_left;
	pv_pte_set(&walk->child->space, va, entry_make(walk->area, copy, true, 0), PV_FLUSH_NONE);
	entry_count(walk->child, copy, 0, +1);
	return true;
}

static bool visit_fork(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct fork_walk *walk = arg;
	struct page *page = entry_page(pte);

	/* The file has it for who asks: mostly the child does not. */
	if (!page || (area_private(walk->area) && (pte.v & PTE_FILE)))
		return true;
	if (va.v / LEAF_BYTES != walk->prepared) {
		if (pv_pte_prepare_like(&walk->child->space, va, space) != 0)
			return false;
		walk->prepared = va.v / LEAF_BYTES;
	}
	if (area_private(walk->area) && pte_present(pte) && pte_writable(pte)) {
		if (copy_for_child(walk, va, page))
			return true;
		pte = pte_clear_flags(pte, PTE_WRITE);
		pv_pte_set(space, va, pte, PV_FLUSH_PAGE);
	}
	page_get(page);
	pv_pte_set(&walk->child->space, va, pte, PV_FLUSH_NONE);
	entry_count(walk->child, page, pte.v, +1);
	return true;
}

static bool fork_entries(struct vm *source, struct vm *child, const struct vm_area *area,
                         unsigned int *copies_left)
{
	struct fork_walk walk = {
	    .child = child, .area = area, .prepared = UINTPTR_MAX, .copies_left = copies_left};
	bool done;

	pv_lazy_mmu_enter();
	done = pv_pte_walk(&source->space, VADDR(area->start), VADDR(area->end), visit_fork, &walk);
	pv_lazy_mmu_leave();
	return done;
}

static bool fork_areas(struct vm *source, struct vm *child)
{
	/* Where other threads may write meanwhile, a page must be what it was at one moment. */
	bool alone = source->ref_count == 1;
	unsigned int stack_left = alone ? COPIES_STACK : 0, other_left = alone ? COPIES_OTHER : 0;
	const struct vm_area *area;

	list_for_each_entry (area, &source->areas, struct vm_area, node) {
		bool stack = area->flags & VM_GROWS_DOWN;

		if (area->flags & VM_DONT_FORK)
			continue;
		struct vm_area *copy = area_create(area, area->start, area->end);

		if (!copy)
			return false;
		copy->flags &= ~(unsigned int)VM_LOCKED;
		area_insert(child, copy);
		if ((area->flags & VM_WIPE_ON_FORK) == 0 &&
		    !fork_entries(source, child, copy, stack ? &stack_left : &other_left))
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
