/* SPDX-License-Identifier: MIT */
/*
 * Where a vcpu's flags and time record lie.
 */
#ifndef PINFOLD_XEN_VCPU_INFO_H
#define PINFOLD_XEN_VCPU_INFO_H

#include <stdbool.h>

#include "xen/percpu.h"

/*
 * Have Xen keep the vcpu_info of `cpu` inside its area, which begins at `area` in machine
 * memory. The vcpu is the calling one, or is not up. Xen is asked once for each vcpu, and for
 * good. False: Xen refuses, and the place in the shared page stays the one in force; only the
 * first 32 vcpus have one there.
 */
bool vcpu_info_place(struct xen_cpu *cpu, maddr_t area);

/* All vcpus have theirs inside their areas, so its address is at a fixed offset there. */
extern bool vcpu_info_placed;

#endif
