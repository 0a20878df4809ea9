/* SPDX-License-Identifier: MIT */
/*
 * Boot: from Xen's entry to the kernel's main.
 */
#ifndef PINFOLD_XEN_START_H
#define PINFOLD_XEN_START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include "arch/x86/units.h"

/* What the kernel may want to know of how it was started. Pointers are into the direct map. */
struct xen_boot_info {
	char command_line[MAX_GUEST_CMDLINE + 1];
	const void *ramdisk; /* NULL: none */
	size_t ramdisk_bytes;
	pfn_t ramdisk_first; /* its frames are the kernel's once it has been read */
	unsigned long ramdisk_frames;
	unsigned long frame_count; /* of our memory; pfns 0 … count - 1 */
	pfn_t
	    first_free; /* frames from here on are nobody's; the ones before hold image, ramdisk, tables */
	bool first_domain;
	mfn_t xenstore_mfn;
	port_t xenstore_port;
	char xen_version[32];
};

extern struct xen_boot_info xen_boot;

/* What a start_info lacks that the layer needs, in words, or NULL. Reads nothing but the
 * structure. Pure. */
const char *start_info_check(const struct start_info *info);
/* The same of what Xen says of the domain (XENFEAT_*, a bit each). */
const char *start_features_check(const uint32_t *features);

/* From the width's head.S; the second on a vcpu that smp_up() has started. */
_Noreturn void xen_start(struct start_info *info);
_Noreturn void xen_secondary_start(void);

/* The first step of boot: the layer's operations become those in force (pv/xen_backend.c). */
void xen_choose_operations(void);

/* Where frames from user mode arrive on a vcpu, its place in the shared page, and where its area
 * lies in the machine (within a page, in the image). */
void *xen_entry_stack_top(vcpu_t vcpu);
struct vcpu_info *xen_shared_vcpu_info(vcpu_t vcpu);
maddr_t xen_cpu_area(vcpu_t vcpu);

/* Once the kernel has frame records (host_frame() answers): mark the boot tables, prove the
 * layout. */
void xen_memory_adopt(void);

/* A feature bit of XENFEAT_*, as Xen reported it. */
bool xen_has_feature(unsigned int feature);

/* Counter ticks since xen_start(), which Xen's own boot is not part of. */
uint64_t xen_ticks_since_start(void);

/* End of the domain: SHUTDOWN_*. */
_Noreturn void xen_shutdown(unsigned int reason);

#endif
