/* SPDX-License-Identifier: MIT */
/*
 * Counters: see counters.h.
 */
#include "xen/counters.h"

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include "xen/percpu.h"
#include "xen/table_pool.h"

const struct xen_counter_name xen_hypercall_names[] = {
    {__HYPERVISOR_set_trap_table, "set_trap_table"},
    {__HYPERVISOR_mmu_update, "mmu_update"},
    {__HYPERVISOR_set_gdt, "set_gdt"},
    {__HYPERVISOR_stack_switch, "stack_switch"},
    {__HYPERVISOR_fpu_taskswitch, "fpu_taskswitch"},
    {__HYPERVISOR_set_debugreg, "set_debugreg"},
    {__HYPERVISOR_update_descriptor, "update_descriptor"},
    {__HYPERVISOR_memory_op, "memory_op"},
    {__HYPERVISOR_multicall, "multicall"},
    {__HYPERVISOR_update_va_mapping, "update_va_mapping"},
    {__HYPERVISOR_xen_version, "xen_version"},
    {__HYPERVISOR_console_io, "console_io"},
    {__HYPERVISOR_grant_table_op, "grant_table_op"},
    {__HYPERVISOR_vm_assist, "vm_assist"},
    {__HYPERVISOR_iret, "iret"},
    {__HYPERVISOR_vcpu_op, "vcpu_op"},
    {__HYPERVISOR_set_segment_base, "set_segment_base"},
    {__HYPERVISOR_mmuext_op, "mmuext_op"},
    {__HYPERVISOR_sched_op, "sched_op"},
    {__HYPERVISOR_callback_op, "callback_op"},
    {__HYPERVISOR_event_channel_op, "event_channel_op"},
    {__HYPERVISOR_physdev_op, "physdev_op"},
    {0, NULL},
};

void xen_counters_sum(struct xen_counters *sum)
{
	uint64_t *to = (uint64_t *)sum;

	*sum = (struct xen_counters){0};
	for (unsigned int cpu = 0; cpu < XEN_CPU_COUNT_MAX; cpu++) {
		const uint64_t *from = (const uint64_t *)&xen_cpus[cpu].counters;

		/* All members are counters of one type. */
		for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
			to[i] += from[i];
		sum->hypercalls[__HYPERVISOR_iret] += xen_cpus[cpu].iret_count;
	}
	sum->tables_pooled = table_pool_frames();
}

const struct xen_counters *xen_counters_of(unsigned int cpu)
{
	return &xen_cpus[cpu].counters;
}

uint64_t xen_counters_entries(const struct xen_counters *sum)
{
	uint64_t entries = 0;

	for (unsigned int i = 0; i < XEN_HYPERCALL_COUNT; i++)
		entries += sum->hypercalls[i];
	return entries;
}
