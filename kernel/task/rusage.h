/* SPDX-License-Identifier: MIT */
/*
 * CPU times and counters, in our form and the ABI's.
 */
#ifndef PINFOLD_KERNEL_TASK_RUSAGE_H
#define PINFOLD_KERNEL_TASK_RUSAGE_H

#include "kernel/linux/abi_task.h"

/* Sum; the larger of the two maxima of memory. */
void rusage_add(struct abi_rusage_times *to, const struct abi_rusage_times *from);

void rusage_fill(struct abi_rusage *out, const struct abi_rusage_times *times);

#endif
