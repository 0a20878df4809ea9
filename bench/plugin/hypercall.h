/* SPDX-License-Identifier: MIT */
/* What a guest kernel asks of Xen: the hypercall that was just made, decoded and counted. */
#ifndef BENCH_PLUGIN_HYPERCALL_H
#define BENCH_PLUGIN_HYPERCALL_H

#include <stdbool.h>

#include "bench/plugin/counts.h"

/*
 * To be called at Xen's first instruction behind the guest's syscall. Counts the hypercall, the
 * entries of a multicall, the commands of mmuext_op and the requests of mmu_update. `resumed` says
 * that Xen had preempted it: only the entry counts then. Returns the hypercall's number.
 */
enum count_idx hypercall_count(unsigned int cpu, bool resumed);

#endif
