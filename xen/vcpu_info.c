/* SPDX-License-Identifier: MIT */
/*
 * The place of a vcpu_info: see vcpu_info.h. Xen copies what the old place holds and then says that
 * there is an event, so that none is lost between the two (public/vcpu.h).
 */
#include "xen/vcpu_info.h"

#include <stddef.h>

#include <xen/vcpu.h>

#include "xen/hooks.h"
#include "xen/hypercall.h"

bool vcpu_info_placed;

bool vcpu_info_place(struct xen_cpu *cpu, maddr_t area)
{
	uint64_t at = area.v + offsetof(struct xen_cpu, placed_vcpu_info);
	struct vcpu_register_vcpu_info op = {
	    .mfn = maddr_to_mfn((maddr_t){at}).v,
	    .offset = (uint32_t)(at & (PAGE_BYTES - 1)),
	};

	/* Xen agrees once. */
	if (cpu->vcpu_info == &cpu->placed_vcpu_info)
		return true;
	/* It may not cross a page: Xen maps one. */
	if (op.offset + sizeof(cpu->placed_vcpu_info) > PAGE_BYTES)
		host_panic("vcpu_info: a per-CPU area is not aligned");
	if (xen_call3(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, cpu->id.v,
	              (unsigned long)&op) != 0)
		return false;
	cpu->vcpu_info = &cpu->placed_vcpu_info;
	return true;
}
