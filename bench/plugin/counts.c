/* SPDX-License-Identifier: MIT */
/* The counters of the plugin and their names in its output, see counts.h. */
#include "bench/plugin/counts.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

struct counts counts_now;

static const struct {
	enum count_idx first;
	unsigned int count;
	const char *name;
} rows[] = {
    {COUNT_SYSCALL, 1, "syscall"},
    {COUNT_TRAP, 1, "trap"},
    {COUNT_HYPERCALL, 1, "hypercall"},
    {COUNT_KIND, HYPERCALL_MAX, "hypercall."},
    {COUNT_MMUEXT, MMUEXT_MAX, "mmuext."},
    {COUNT_VECTOR, VECTOR_MAX, "trap."},
    {COUNT_MMU_REQUEST, 1, "mmu_request"},
    {COUNT_PTE_STORE, 1, "pte_store"},
    {COUNT_PRIVILEGED, 1, "privileged"},
    {COUNT_IRETQ, 1, "iretq"},
    {COUNT_FLUSH_ALL, 1, "flush_all"},
    {COUNT_FLUSH_ONE, 1, "flush_one"},
    {COUNT_COST_KIND, HYPERCALL_MAX, "cost.hypercall."},
    {COUNT_COST_SYSCALL, 1, "cost.syscall"},
    {COUNT_COST_VECTOR, VECTOR_MAX, "cost.trap."},
};

static const char *const places[PLACE_COUNT] = {"user", "kernel", "xen", "firmware"};

/* Xen's public numbers. */
static const char *const hypercalls[HYPERCALL_MAX] = {
    [0] = "set_trap_table",
    [1] = "mmu_update",
    [2] = "set_gdt",
    [3] = "stack_switch",
    [4] = "set_callbacks",
    [5] = "fpu_taskswitch",
    [7] = "platform_op",
    [8] = "set_debugreg",
    [9] = "get_debugreg",
    [10] = "update_descriptor",
    [12] = "memory_op",
    [13] = "multicall",
    [14] = "update_va_mapping",
    [15] = "set_timer_op",
    [17] = "xen_version",
    [18] = "console_io",
    [20] = "grant_table",
    [21] = "vm_assist",
    [23] = "iret",
    [24] = "vcpu_op",
    [25] = "set_segment_base",
    [26] = "mmuext_op",
    [29] = "sched_op",
    [30] = "callback_op",
    [32] = "event_channel_op",
    [33] = "physdev_op",
    [35] = "sysctl",
    [36] = "domctl",
};
static const char *const mmuext[MMUEXT_MAX] = {
    [0] = "pin_l1",
    [1] = "pin_l2",
    [2] = "pin_l3",
    [3] = "pin_l4",
    [4] = "unpin",
    [5] = "new_baseptr",
    [6] = "flush_local",
    [7] = "invlpg_local",
    [8] = "flush_multi",
    [9] = "invlpg_multi",
    [10] = "flush_everywhere",
    [11] = "invlpg_everywhere",
    [12] = "flush_cache",
    [13] = "set_ldt",
    [15] = "new_user_baseptr",
    [16] = "clear_page",
    [17] = "copy_page",
};
static const char *const vectors[VECTOR_MAX] = {
    [0] = "divide", [1] = "debug",  [3] = "breakpoint", [6] = "invalid",
    [7] = "no_fpu", [8] = "double", [12] = "stack",     [13] = "protection",
    [14] = "page",  [16] = "fpu",   [17] = "alignment", [19] = "simd",
};

uint64_t counts_total(const struct counts *counts)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < PLACE_COUNT; i++)
		total += counts->value[COUNT_PLACE + i];
	return total;
}

void counts_add_difference(struct counts *sum, const struct counts *from, const struct counts *to)
{
	for (unsigned int i = 0; i < COUNT_MAX; i++)
		sum->value[i] += to->value[i] - from->value[i];
}

static const char *name_of(enum count_idx first, unsigned int idx)
{
	switch (first) {
	case COUNT_KIND:
	case COUNT_COST_KIND:
		return hypercalls[idx];
	case COUNT_MMUEXT:
		return mmuext[idx];
	case COUNT_VECTOR:
	case COUNT_COST_VECTOR:
		return vectors[idx];
	default:
		return "";
	}
}

void counts_print(const struct counts *counts, FILE *to)
{
	for (unsigned int i = 0; i < PLACE_COUNT; i++)
		fprintf(to, " %s %" PRIu64, places[i], counts->value[COUNT_PLACE + i]);
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		for (unsigned int i = 0; i < rows[row].count; i++) {
			const char *name = name_of(rows[row].first, i);
			uint64_t value = counts->value[rows[row].first + i];

			if (value == 0)
				continue;
			if (name != NULL)
				fprintf(to, " %s%s %" PRIu64, rows[row].name, name, value);
			else
				fprintf(to, " %s%u %" PRIu64, rows[row].name, i, value);
		}
	}
}
