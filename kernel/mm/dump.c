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

/* Which bit of the filter speaks for all of the area. */
static uint32_t kind_of(struct vm *vm, const struct vm_area *area)
{
	if (!area->inode)
		return area_private(area) ? VM_DUMP_ANONYMOUS : VM_DUMP_ANONYMOUS_SHARED;
	if (!area_private(area)) /* memory that has no name is nobody's file */
		return area->inode->link_count == 0 ? VM_DUMP_ANONYMOUS_SHARED
		                                    : VM_DUMP_FILE_SHARED;
	if ((vm->coredump_filter & VM_DUMP_ANONYMOUS) && has_copies(vm, area))
		return VM_DUMP_ANONYMOUS;
	return VM_DUMP_FILE;
}

size_t vm_dump_bytes(struct vm *vm, const struct vm_area *area)
{
	uint32_t kind;

	if (area->flags & VM_DONT_DUMP)
		return 0;
	kind = kind_of(vm, area);
	if (vm->coredump_filter & kind)
		return area->end - area->start;
	if (kind != VM_DUMP_FILE || !(vm->coredump_filter & VM_DUMP_HEADERS))
		return 0;
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
