/* SPDX-License-Identifier: MIT */
/*
 * Debug keys: see debug_keys.h. The call is part of the toolstack's interface, which Xen numbers by
 * version.
 */
#define __XEN_TOOLS__ 1

#include "xen/debug_keys.h"

#include <stdint.h>

#include <xen/sysctl.h>

#include "xen/hypercall.h"

int xen_debug_keys(const char *keys, size_t count)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_debug_keys,
	                        .interface_version = XEN_SYSCTL_INTERFACE_VERSION};

	set_xen_guest_handle(op.u.debug_keys.keys, keys);
	op.u.debug_keys.nr_keys = (uint32_t)count;
	return (int)xen_call1(__HYPERVISOR_sysctl, (unsigned long)&op);
}
