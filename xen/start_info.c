/* SPDX-License-Identifier: MIT */
/*
 * Is a start_info page usable, and the domain one that we can run in? (ABI: public/xen.h). Pure, so
 * that it is fuzzed on the host.
 */
#include <stdint.h>

#include <xen/xen.h>

#include <xen/features.h>

#include "arch/x86/boot_layout.h"
#include "lib/string.h"
#include "xen/start.h"

static bool page_in_boot_map(unsigned long va, unsigned long frame_count)
{
	return va >= XEN_VIRT_BASE && (va & (PAGE_BYTES - 1)) == 0 &&
	       (va - XEN_VIRT_BASE) >> PAGE_SHIFT < frame_count;
}

const char *start_info_check(const struct start_info *info)
{
	unsigned long frames = info->nr_pages;

	if (strncmp(info->magic, "xen-3.", 6) != 0)
		return "start_info has no magic";
	if (frames == 0)
		return "start_info gives no memory";
	if (!page_in_boot_map(info->pt_base, frames) || info->nr_pt_frames < PT_LEVELS_LEAST)
		return "start_info names no page tables";
	if (info->nr_pt_frames > frames - ((info->pt_base - XEN_VIRT_BASE) >> PAGE_SHIFT))
		return "start_info names more page tables than memory";
	/* Memory may be more than the boot map, which ends with the address space, can show. */
	if (info->nr_pt_frames > (~0ul - info->pt_base) >> PAGE_SHIFT)
		return "start_info names more page tables than the boot map has room for";
	if (!page_in_boot_map(info->mfn_list, frames))
		return "start_info names no frame list";
	if (frames > (~0ul - info->mfn_list) / sizeof(unsigned long) ||
	    info->mfn_list + frames * sizeof(unsigned long) > info->pt_base)
		return "start_info's frame list does not end before the page tables";
	if (info->shared_info == 0 || (info->shared_info & (PAGE_BYTES - 1)))
		return "start_info names no shared page";
	if (info->mod_start != 0 &&
	    (!page_in_boot_map(info->mod_start & PAGE_MASK, frames) ||
	     info->mod_len > info->pt_base - info->mod_start || info->mod_start > info->pt_base))
		return "start_info's ramdisk is not in the boot map";
	return NULL;
}

const char *start_features_check(const uint32_t *features)
{
	/* Such a domain's tables hold its own frame numbers, and what we would write is wrong. */
	if (features[XENFEAT_auto_translated_physmap / 32] >>
	        (XENFEAT_auto_translated_physmap % 32) &
	    1)
		return "this domain is auto-translated, not paravirtual";
	return NULL;
}
