/* SPDX-License-Identifier: MIT */
/*
 * Clocks by their ABI number, and times from and to user memory.
 */
#ifndef PINFOLD_KERNEL_TASK_CLOCK_H
#define PINFOLD_KERNEL_TASK_CLOCK_H

#include "kernel/kernel.h"
#include "kernel/linux/abi.h"

/* -EINVAL: no such clock. */
int clock_read(int clock, uint64_t *ns);

/* The monotonic moment at which `clock` (real time or a kind of monotonic) shows `ns`, or false for
 * another clock. Never WAIT_FOREVER. */
bool clock_deadline(int clock, uint64_t ns, uint64_t *deadline_ns);

/* `delta` from now on the monotonic clock; far away rather than overflowing. Never WAIT_FOREVER. */
uint64_t clock_after(uint64_t delta_ns);

struct abi_timespec timespec_from_ns(uint64_t ns);
struct abi_timeval timeval_from_ns(uint64_t ns);
/* -EINVAL: negative or not normalised. Very long times saturate. */
int timespec_to_ns(const struct abi_timespec *time, uint64_t *ns);
int timeval_to_ns(const struct abi_timeval *time, uint64_t *ns);
/* -EFAULT or -EINVAL. */
int timespec_read_user(const void *user, uint64_t *ns);
int timespec_write_user(void *user, uint64_t ns);

#endif
