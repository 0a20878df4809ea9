/* SPDX-License-Identifier: MIT */
/*
 * Patching at boot: see patch.h.
 *
 * The text stays read-only where it runs. Its frames become writable in the direct map, where
 * nothing is executable, for as long as the sites are written: one batch before and one after. A
 * site may cross a page, as neighbouring frames are neighbours in the direct map, too.
 */
#include "xen/patch.h"

#include "arch/x86/boot_layout.h"
#include "arch/x86/irq_code.h"
#include "arch/x86/patch.h"
#include "xen/direct_map.h"
#include "xen/hooks.h"
#include "xen/multicall.h"
#include "xen/p2m.h"

#define TEXT_READ_ONLY (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_NX)

struct patch_counts patch_counts;

static void map_page(struct mc_batch *batch, pfn_t pfn, uint64_t flags)
{
	mc_update_va(batch, VADDR(xen_pfn_to_virt(pfn)), pte_from_pfn(pfn, flags),
	             UVMF_INVLPG | UVMF_LOCAL);
}

/* Their bounds are two symbols of the linker's, which C does not let one compare as pointers. */
static size_t record_count(void)
{
	return ((uintptr_t)patch_records_end - (uintptr_t)patch_records_start) /
	       sizeof(struct patch_record);
}

/* The frames of all sites. They come in the order of linking, so that a frame comes again only
 * now and then. */
static void map_sites(uint64_t flags)
{
	struct mc_batch batch = mc_begin();
	pfn_t done = PFN_NONE;

	for (size_t i = 0; i < record_count(); i++) {
		const struct patch_record *record = &patch_records_start[i];
		pfn_t pfn = boot_virt_to_pfn((const void *)(uintptr_t)record->address);
		pfn_t last = boot_virt_to_pfn(
		    (const void *)((uintptr_t)record->address + record->bytes - 1));

		if (pfn.v != done.v)
			map_page(&batch, pfn, flags);
		if (last.v != pfn.v)
			map_page(&batch, last, flags);
		done = last;
	}
	mc_commit(&batch);
}

/* Where the bytes at an address of the text are written. */
static uint8_t *writable(uintptr_t address)
{
	char *page = xen_pfn_to_virt(boot_virt_to_pfn((const void *)address));

	return (uint8_t *)page + (address & (PAGE_BYTES - 1));
}

static void patch_one(const struct patch_record *record, const struct irq_code *codes)
{
	uintptr_t address = (uintptr_t)record->address;
	const struct irq_code *chosen = &codes[record->op];
	struct patch_code code = {.code = chosen->start,
	                          .bytes = (size_t)(chosen->end - chosen->start),
	                          .address = (uintptr_t)chosen->start};

	patch_counts.sites++;
	switch (patch_site(writable(address), record->bytes, address, &code)) {
	case PATCH_INLINE:
		patch_counts.inlined++;
		break;
	case PATCH_CALL:
		patch_counts.called++;
		break;
	case PATCH_LEFT:
		patch_counts.left++;
		break;
	}
}

static void check_records(void)
{
	for (size_t i = 0; i < record_count(); i++) {
		const struct patch_record *record = &patch_records_start[i];

		if (record->op >= IRQ_CODE_COUNT || record->bytes == 0 ||
		    record->address < (uintptr_t)image_start ||
		    record->address + record->bytes > (uintptr_t)image_text_end)
			host_panic("patch: a record is not of a site in the text");
	}
}

void patch_apply(bool direct)
{
	const struct irq_code *codes = direct ? irq_code_direct : irq_code_indirect;

	check_records();
	map_sites(TEXT_READ_ONLY | PTE_WRITE);
	for (size_t i = 0; i < record_count(); i++)
		patch_one(&patch_records_start[i], codes);
	/* The way through Xen makes the processor forget what it has fetched of the old text. */
	map_sites(TEXT_READ_ONLY);
}
