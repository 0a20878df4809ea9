/* SPDX-License-Identifier: MIT */
/*
 * Where the image is linked and what the linker script marks. XEN_VIRT_BASE is the address Xen maps
 * pfn 0 at (the image's notes say so); its boot map is linear from there.
 */
#ifndef PINFOLD_ARCH_X86_BOOT_LAYOUT_H
#define PINFOLD_ARCH_X86_BOOT_LAYOUT_H

#include "arch/x86/units.h"

#ifdef __x86_64__
#define XEN_VIRT_BASE 0xffffffff80000000ul
/* Device memory and other late kernel mappings; a top-level slot of its own. */
#define XEN_DEVICE_BASE 0xffff890000000000ul
#else
#define XEN_VIRT_BASE   0xc0000000ul
#define XEN_DEVICE_BASE 0xf0000000ul
#endif

/* A table of each level at least. */
#ifdef __x86_64__
#define PT_LEVELS_LEAST 4u
#else
#define PT_LEVELS_LEAST 3u
#endif

extern char image_start[], image_text_end[], image_rodata_end[], image_end[];

static inline pfn_t boot_virt_to_pfn(const void *virt)
{
	return PFN(((uintptr_t)virt - XEN_VIRT_BASE) >> PAGE_SHIFT);
}

static inline void *boot_pfn_to_virt(pfn_t pfn)
{
	return (void *)(XEN_VIRT_BASE + (pfn.v << PAGE_SHIFT));
}

#endif
