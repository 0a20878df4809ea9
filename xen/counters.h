/* SPDX-License-Identifier: MIT */
/*
 * What happened, counted per CPU: every entry into Xen by kind, batch sizes, page-table work,
 * upcalls. A few increments each; always on, so that a figure never needs a special build.
 */
#ifndef PINFOLD_XEN_COUNTERS_H
#define PINFOLD_XEN_COUNTERS_H

#include <stdint.h>

#define XEN_HYPERCALL_COUNT 64u
#define XEN_BATCH_SIZE_BINS 7u /* 1, 2, 3-4, 5-8, 9-16, 17-32, more */

struct xen_counters {
	uint64_t hypercalls[XEN_HYPERCALL_COUNT]; /* traps into Xen, by call number */
	uint64_t batched[XEN_HYPERCALL_COUNT];    /* calls carried inside a multicall, by number */
	uint64_t batch_sizes[XEN_BATCH_SIZE_BINS];
	uint64_t entry_stores;                   /* page-table entries changed by plain store */
	uint64_t entry_requests;                 /* … and by request to Xen */
	uint64_t tables_pinned, tables_unpinned; /* frames marked read-only and back, all levels */
	uint64_t tables_recycled;                /* tables that came from the pool */
	uint64_t tables_pooled;                  /* in a sum only: frames in the pool now */
	uint64_t flush_all, flush_page;          /* requests, whoever they reach */
	uint64_t space_switches;
	uint64_t spaces_evicted; /* other vcpus made to leave tables that end */
	uint64_t ipi_reschedule, ipi_calls, ipi_calls_taken;
	uint64_t upcalls, events;
	uint64_t traps, nmis, system_calls;
	uint64_t lock_sleeps; /* waits for a spin lock that were too long to spin */
	uint64_t lock_kicks;  /* … and the wake-ups */
};

struct xen_counter_name {
	unsigned int number;
	const char *name;
};

/* Names of the hypercalls that a guest makes; ends with a NULL name. */
extern const struct xen_counter_name xen_hypercall_names[];

/* Sum over all CPUs. */
void xen_counters_sum(struct xen_counters *sum);

/* Of one CPU, as they stand. */
const struct xen_counters *xen_counters_of(unsigned int cpu);

/* All traps into Xen in a sum, returns to user mode included. */
uint64_t xen_counters_entries(const struct xen_counters *sum);

#endif
