/* SPDX-License-Identifier: MIT */
/*
 * The copy of an address space for fork: frames are shared; what is private loses write permission
 * in both, so that the first to write gets a copy of its own.
 *
 * A leaf table that holds much, all of it private memory without a file, is not copied at all: both
 * processes have it, and neither writes through it, until one changes something in its 2 MiB
 * (pv_tables_share()). Such a table holds one reference on each of its frames, however many
 * processes share it. Where a file is mapped tables are not shared, so that a file that shrinks
 * never finds pages of its own in one: to take them out could need memory.
 *
 * Of other tables each entry is copied. A page that the parent may write was written since its last
 * fork, and mostly one of the two writes it again soon: a fault with a copy, and a fault of the
 * other one. So the first few of them are copied at once, and the parent's stay as they are.
 *
 * The parent's changes go in one batch, with one flush. When memory runs out half-way the child is
 * destroyed: the parent's frames then have one owner again, and its next write takes the permission
 * back.
 *
 * The child is counted what the parent is, less what it does not inherit, as nobody looks at the
 * entries of a table that is shared.
 */
#include "kernel/mm/internal.h"

/* Pages copied at once: of all stacks, from their low end, where they are in use, and of the
 * rest. */
#define COPIES_STACK 4u
#define COPIES_OTHER 12u

/* So few entries are better requests to a table that comes pinned from the layer's pool, whatever
 * its model in the parent holds beside them. */
#define REQUESTS_MAX 32u

struct fork_walk {
	struct vm *source, *child;
	const struct vm_area *area; /* the child's */
	uintptr_t prepared;         /* leaf table that was seen to last */
	unsigned int *copies_left;  /* for this kind of area */
	uint64_t file_pages_left;   /* … out */
};

/* Give the child a copy of its own. False: it shares the page. */
static bool copy_for_child(struct fork_walk *walk, vaddr_t va, const struct page *page)
{
	struct page *copy = *walk->copies_left > 0 ? copy_page(page) : NULL;

	if (!copy)
		return false;
	--*walk->copies_left;
	pv_pte_set(&walk->child->space, va, entry_make(walk->area, copy, true, 0), PV_FLUSH_NONE);
	return true;
}

static int prepare(const struct fork_walk *walk, struct pt_space *space, vaddr_t va)
{
	const struct vm *source = walk->source;

	if (source->resident_pages - source->file_pages <= REQUESTS_MAX)
		return pv_pte_prepare(&walk->child->space, va);
	return pv_pte_prepare_like(&walk->child->space, va, space);
}

static bool visit_fork(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct fork_walk *walk = arg;
	struct page *page;

	/* The file has it for who asks: mostly the child does not. */
	if (area_private(walk->area) && (pte.v & PTE_FILE)) {
		walk->file_pages_left++;
		return true;
	}
	page = entry_page(pte);
	if (!page)
		return true;
	if (va.v / LEAF_BYTES != walk->prepared) {
		if (prepare(walk, space, va) != 0)
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
	return true;
}

/* Whether the child inherits all that is mapped in the 2 MiB at `table`, and no file is. */
static bool may_share(vaddr_t table, void *arg)
{
	const struct fork_walk *walk = arg;
	struct vm_area *area = area_at_or_above(walk->source, table.v);

	for (; area && area->start < table.v + LEAF_BYTES; area = area_next(walk->source, area))
		if (area->inode || (area->flags & (VM_SHARED | VM_DONT_FORK | VM_WIPE_ON_FORK)))
			return false;
	return true;
}

static pte_t share_copy(pte_t pte)
{
	struct page *page = entry_page(pte);

	if (page)
		page_get(page);
	return pte_clear_flags(pte, PTE_WRITE);
}

static bool share_sole(pte_t pte)
{
	const struct page *page = entry_page(pte);

	return !page || page->ref_count == 1;
}

const struct xen_sharing vm_sharing = {.may_share = may_share,
                                       .visit = visit_fork,
                                       .copy = share_copy,
                                       .sole = share_sole,
                                       .release = entry_release};

static bool visit_not_inherited(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct page *page = entry_page(pte);

	(void)space, (void)va;
	if (page)
		entry_count(arg, page, pte.v, -1);
	return true;
}

static bool fork_entries(struct vm *source, struct vm *child, const struct vm_area *area,
                         unsigned int *copies_left)
{
	struct fork_walk walk = {.source = source,
	                         .child = child,
	                         .area = area,
	                         .prepared = UINTPTR_MAX,
	                         .copies_left = copies_left};

	bool done = pv_tables_share(&source->space, &child->space, VADDR(area->start),
	                            VADDR(area->end), &vm_sharing, &walk);

	child->resident_pages -= walk.file_pages_left;
	child->file_pages -= walk.file_pages_left;
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

		if (area->flags & (VM_DONT_FORK | VM_WIPE_ON_FORK))
			pv_pte_walk(&source->space, VADDR(area->start), VADDR(area->end),
			            visit_not_inherited, child);
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
	child->stack_start = source->stack_start;
	child->arg_start = source->arg_start;
	child->arg_end = source->arg_end;
	child->env_start = source->env_start;
	child->env_end = source->env_end;
	child->code_start = source->code_start;
	child->code_end = source->code_end;
	child->data_start = source->data_start;
	child->data_end = source->data_end;
	child->aux_start = source->aux_start;
	child->coredump_filter = source->coredump_filter;
	child->membarriers = source->membarriers;
	child->dumpable = source->dumpable;
	child->resident_pages = source->resident_pages;
	child->file_pages = source->file_pages;
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
	bool done;

	if (!child)
		return err_ptr(-ENOMEM);
	fork_layout(source, child);
	pv_lazy_mmu_enter();
	done = fork_areas(source, child);
	pv_lazy_mmu_leave();
	if (!done) {
		vm_put(child);
		return err_ptr(-ENOMEM);
	}
	child->resident_peak = child->resident_pages;
	return child;
}
