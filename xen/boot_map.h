/* SPDX-License-Identifier: MIT */
/*
 * From the tables that Xen built to the kernel's own layout.
 */
#ifndef PINFOLD_XEN_BOOT_MAP_H
#define PINFOLD_XEN_BOOT_MAP_H

#include <stdint.h>

#include <xen/xen.h>

#include "arch/x86/units.h"

struct boot_map {
	pfn_t tables; /* the boot tables and the direct map's, in one run … */
	unsigned long table_count;
	pfn_t first_free; /* frames from here on are nobody's */
};

/*
 * Build the direct map beside Xen's boot map, give image pages the rights of their section, and drop the boot map but for the image. Afterwards boot data
 * is reached through the direct map. Events masked; before any frame record exists.
 */
struct boot_map boot_map_build(const struct start_info *info);

/* Walk the kernel half and panic unless: no page is writable and executable, no table is writable anywhere,
 * the image has the rights of its sections. */
void boot_map_verify(void);

#endif
