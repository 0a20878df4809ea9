/* SPDX-License-Identifier: MIT */
/*
 * The direct map: every frame of the guest's memory has one kernel address, in order of pfn.
 * boot_map.c builds it.
 */
#ifndef PINFOLD_XEN_DIRECT_MAP_H
#define PINFOLD_XEN_DIRECT_MAP_H

#include <port/memory.h>

#include "arch/x86/units.h"

/* No check: the caller knows that the frame is ours. */
static inline void *xen_pfn_to_virt(pfn_t pfn)
{
	return (void *)(PORT_DIRECT_MAP_BASE + (pfn.v << PAGE_SHIFT));
}

static inline pfn_t xen_virt_to_pfn(const void *virt)
{
	return PFN(((uintptr_t)virt - PORT_DIRECT_MAP_BASE) >> PAGE_SHIFT);
}

#endif
