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

/*
 * What an early change of a boot map entry really becomes. Xen's tables are the template: as long
 * as they are, an entry that maps a page table read-only (`is_table`) does not become writable,
 * whatever `wanted` says; every other part of the change goes through. Pure.
 */
pte_t boot_early_entry(pte_t old, pte_t wanted, bool is_table);

/*
 * Build the direct map beside Xen's boot map, give image pages the rights of their section, and
 * drop the boot map but for the image. Afterwards boot data is reached through the direct map.
 * Returns the first frame that is nobody's; the direct map reaches as far. Events masked; before
 * any frame record exists.
 */
pfn_t boot_map_build(const struct start_info *info);

/*
 * Have the direct map reach at least the first `frames` frames, as far as there are so many: how
 * far it reaches now. It grows by what one leaf table maps, and never shrinks. Any context but a
 * batch's callback; calls are serialised by the kernel.
 */
unsigned long boot_map_extend(unsigned long frames);

/* Once there are frame records: mark the tables in use as what they are. */
void boot_map_adopt(void);

/* Walk the kernel half and panic unless: no page is writable and executable, no table is
 * writable anywhere, the image has the rights of its sections. */
void boot_map_verify(void);

#endif
