/* SPDX-License-Identifier: MIT */
/*
 * From the tables that Xen built to the kernel's own layout.
 */
#ifndef PINFOLD_XEN_BOOT_MAP_H
#define PINFOLD_XEN_BOOT_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include "arch/x86/pte.h"
#include "arch/x86/units.h"

struct boot_map {
	pfn_t tables; /* the boot tables and the direct map's, in one run … */
	unsigned long table_count;
	pfn_t first_free; /* frames from here on are nobody's */
};

/*
 * What an early change of a boot map entry really becomes. Xen's tables are the template: as long
 * as they are, an entry that maps a page table read-only (`is_table`) does not become writable,
 * whatever `wanted` says; every other part of the change goes through. Pure.
 */
pte_t boot_early_entry(pte_t old, pte_t wanted, bool is_table);

/*
 * Build the direct map beside Xen's boot map, give image pages the rights of their section, and
 * drop the boot map but for the image. Afterwards boot data is reached through the direct map.
 * Events masked; before any frame record exists.
 */
struct boot_map boot_map_build(const struct start_info *info);

/* Walk the kernel half and panic unless: no page is writable and executable, no table is
 * writable anywhere, the image has the rights of its sections. */
void boot_map_verify(void);

#endif
