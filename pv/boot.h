/* SPDX-License-Identifier: MIT */
/*
 * How the kernel was started, and the one step of boot that needs its help.
 */
#ifndef PINFOLD_PV_BOOT_H
#define PINFOLD_PV_BOOT_H

#include "arch/x86/boot_layout.h"
#include "pv/ops.h"
#include "xen/boot_map.h"
#include "xen/counters.h"
#include "xen/debug_keys.h"
#include "xen/patch.h"
#include "xen/start.h"

/* Valid from host_main() on. */
static inline const struct xen_boot_info *pv_boot_info(void)
{
	return &xen_boot;
}

/*
 * Memory has to be asked for before it is touched: make at least the first `frames` frames, as far
 * as there are so many, usable at pv_pfn_to_virt(). Returns how many are usable now, as a rule a
 * few more. Calls are serialised by the caller. At first those before first_free are.
 */
static inline unsigned long pv_memory_extend(unsigned long frames)
{
	return boot_map_extend(frames);
}

/* Once host_frame() answers: the boot tables are marked as the tables they are, and the layout
 * is proved by a walk (or the machine stops). */
static inline void pv_memory_adopt(void)
{
	xen_memory_adopt();
}

/* The frame behind an address in the kernel image, which is mapped apart from the direct map. */
static inline pfn_t pv_image_pfn(const void *address)
{
	return boot_virt_to_pfn(address);
}

/* Counter ticks since the layer was entered; under deterministic instruction counting these are
 * instructions. */
static inline uint64_t pv_ticks_since_start(void)
{
	return xen_ticks_since_start();
}

/* Make the hypervisor print what its debug keys stand for. First domain only: 0 or a negative
 * errno. */
static inline int pv_debug_keys(const char *keys, size_t count)
{
	return xen_debug_keys(keys, count);
}

/* What became of the recorded sites at boot. */
static inline const struct patch_counts *pv_patch_counts(void)
{
	return &patch_counts;
}

/* The layer's counters, summed over all CPUs. */
static inline void pv_counters(struct xen_counters *sum)
{
	xen_counters_sum(sum);
}

/* Those of one CPU; the sum's own members are 0. */
static inline const struct xen_counters *pv_counters_of(unsigned int cpu)
{
	return xen_counters_of(cpu);
}

#endif
