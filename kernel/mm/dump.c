/* SPDX-License-Identifier: MIT */
/*
 * What a core file has of an address space: see dump.h.
 */
#include "kernel/mm/dump.h"

#include "kernel/mm/internal.h"

static const char elf_magic[4] = "\177ELF";

/* A page of the area is the process's own copy. */
static bool has_copies(struct vm *vm, const struct vm_area *area)
{
	for (uintptr_t addr = area->start; addr < area->end; addr += PAGE_BYTES) {
		pte_t pte = pv_pte_read(&vm->space, VADDR(addr));

		if (entry_page(pte) && !(pte.v & PTE_FILE))
			return true;
	}
	return false;
}

static bool begins_program(struct vm *vm, const struct vm_area *area)
{
	char magic[sizeof(elf_magic)];

	return area->offset == 0 && (area->prot & VM_READ) &&
	       vm_read(vm, area->start, magic, sizeof(magic)) == (long)sizeof(magic) &&
	       memcmp(magic, elf_magic, sizeof(magic)) == 0;
}

size_t vm_dump_bytes(struct vm *vm, const struct vm_area *area)
{
	size_t all = area->end - area->start;

	if (area->flags & VM_DONT_DUMP)
		return 0;
	if (!area->inode)
		return all;
	if (!area_private(area))
		return area->inode->link_count == 0 ? all : 0; /* memory that has no name */
	if (has_copies(vm, area))
		return all;
	return begins_program(vm, area) ? PAGE_BYTES : 0;
}

const void *vm_dump_page(struct vm *vm, uintptr_t addr)
{
	const struct vm_area *area = vm_find(vm, addr);
	struct page *page;

	if (!area)
		return NULL;
	page = entry_page(pv_pte_read(&vm->space, VADDR(addr)));
	/* What has not been touched of a file is in the file. */
	if (!page && area->inode && vm_fault(vm, addr, VM_READ) == 0)
		page = entry_page(pv_pte_read(&vm->space, VADDR(addr)));
	return page && page != entry_zero_page() ? page_virt(page) : NULL;
}
