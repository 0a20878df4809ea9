/* SPDX-License-Identifier: MIT */
/*
 * What an address space holds, for /proc: by areas, and by looking at the entries of its page
 * tables. Nothing here changes anything.
 *
 * How many map a page is told from its references: each entry holds one, and a file one on each of
 * its pages; the entries of a leaf table that several processes share hold one for all of them, so
 * that who maps the same page by a table of its own counts them as one.
 */
#include "kernel/mm/internal.h"

/* Fraction bits of a page's part. */
#define PART_SHIFT 12

void vm_measure(const struct vm *vm, struct vm_usage *usage)
{
	const struct vm_area *area;

	*usage = (struct vm_usage){0};
	list_for_each_entry (area, &vm->areas, struct vm_area, node) {
		uint64_t bytes = area->end - area->start;

		if (area->flags & VM_GROWS_DOWN)
			usage->stack += bytes;
		else if ((area->prot & (VM_EXEC | VM_WRITE)) == VM_EXEC)
			usage->text += bytes;
		else if ((area->prot & VM_WRITE) && area_private(area))
			usage->data += bytes;
		if (!area_private(area))
			usage->shared += bytes;
		if (area->flags & VM_LOCKED)
			usage->locked += bytes;
	}
}

/* A walk over entries of one space. */
struct look {
	uintptr_t leaf_end; /* the leaf table seen last covers addresses up to here; 0: none */
	unsigned int links; /* … and is linked so often */
	struct vm_area_usage *usage;
	uint64_t parts, parts_anonymous; /* of pages, with PART_SHIFT */
	struct vm_page_seen *seen;
	uintptr_t first;
	uint64_t file_pages;
};

/* How many entries there are for the page of this one. */
static unsigned int mappers(struct look *look, const struct pt_space *space, uintptr_t at,
                            pte_t pte, const struct page *page)
{
	unsigned int own = pte.v & PTE_FILE ? 1 : 0;

	if (at >= look->leaf_end) {
		look->leaf_end = leaf_floor(at) + LEAF_BYTES;
		look->links = MAX(pv_table_links(space, VADDR(at)), 1u);
	}
	return MAX(page->ref_count - own, 1u) + look->links - 1;
}

static bool visit_usage(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct look *look = arg;
	struct vm_area_usage *usage = look->usage;
	const struct page *page = entry_page(pte);
	bool file = pte.v & PTE_FILE, dirty = !file || (pte.v & PTE_DIRTY);

	if (!page || page == entry_zero_page())
		return true;
	unsigned int count = mappers(look, space, va.v, pte, page);
	uint64_t *kind = dirty ? &usage->shared_dirty : &usage->shared_clean;

	if (count == 1)
		kind = dirty ? &usage->private_dirty : &usage->private_clean;
	*kind += PAGE_BYTES;
	usage->resident += PAGE_BYTES;
	look->parts += (PAGE_BYTES << PART_SHIFT) / count;
	if (!file) {
		usage->anonymous += PAGE_BYTES;
		look->parts_anonymous += (PAGE_BYTES << PART_SHIFT) / count;
	}
	if (pte_present(pte) && (pte.v & PTE_ACCESSED))
		usage->referenced += PAGE_BYTES;
	return true;
}

void vm_area_measure(struct vm *vm, const struct vm_area *area, struct vm_area_usage *usage)
{
	struct look look = {.usage = usage};
	uint64_t all, anonymous;

	pv_pte_walk(&vm->space, VADDR(area->start), VADDR(area->end), visit_usage, &look);
	all = look.parts >> PART_SHIFT;
	anonymous = look.parts_anonymous >> PART_SHIFT;
	usage->proportional += all;
	usage->proportional_anonymous += anonymous;
	usage->proportional_file += all - anonymous;
}

static bool visit_file_pages(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct look *look = arg;

	(void)space;
	(void)va;
	if (entry_page(pte) && (pte.v & PTE_FILE))
		look->file_pages++;
	return true;
}

uint64_t vm_shared_memory_pages(struct vm *vm)
{
	struct look look = {.file_pages = 0};
	const struct vm_area *area;

	list_for_each_entry (area, &vm->areas, struct vm_area, node)
		if (area->inode && !area->inode->fs)
			pv_pte_walk(&vm->space, VADDR(area->start), VADDR(area->end),
			            visit_file_pages, &look);
	return look.file_pages;
}

static bool visit_page(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct look *look = arg;
	const struct page *page = entry_page(pte);
	struct vm_page_seen *seen = &look->seen[(va.v - look->first) >> PAGE_SHIFT];

	if (!page)
		return true;
	*seen = (struct vm_page_seen){.present = true,
	                              .file = pte.v & PTE_FILE,
	                              .alone = mappers(look, space, va.v, pte, page) == 1,
	                              .pfn = page_pfn(page)};
	return true;
}

void vm_pages_look(struct vm *vm, uintptr_t addr, struct vm_page_seen *seen, size_t count)
{
	struct look look = {.seen = seen, .first = addr};

	memset(seen, 0, count * sizeof(*seen));
	pv_pte_walk(&vm->space, VADDR(addr), VADDR(addr + count * PAGE_BYTES), visit_page, &look);
}
