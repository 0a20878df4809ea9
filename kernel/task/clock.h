/* SPDX-License-Identifier: MIT */
/*
 * Clocks by their ABI number, the real-time clock and who waits for a moment of it, and times from
 * and to user memory. Task context, with the kernel lock.
 */
#ifndef PINFOLD_KERNEL_TASK_CLOCK_H
#define PINFOLD_KERNEL_TASK_CLOCK_H

#include "kernel/kernel.h"
#include "kernel/linux/abi.h"
#include "kernel/wait.h"

/* -EINVAL: no such clock. */
int clock_read(int clock, uint64_t *ns);

/* Real time: nanoseconds since 1970-01-01 00:00 UTC, by the hypervisor's clock at first, and as it
 * was set in the guest later. The coarse one is up to a millisecond old, and cheap. */
uint64_t clock_realtime_ns(void);
uint64_t clock_realtime_coarse_ns(void);

/* Real time is `ns` (>= 0) since 1970 from now on. Monotonic clocks go on as they were, and nothing
 * outside the guest changes. Whoever waits for a moment of real time is woken and looks again; see
 * clock_set_wait. Task context, does not sleep. */
void clock_set_realtime(int64_t ns);

/* Whether it is one whose moments move when the real-time clock is set. */
bool clock_can_be_set(int clock);

/* What settimeofday() was told of the zone. Nothing but gettimeofday() uses it. */
extern struct abi_timezone clock_timezone;

/* Woken each time the real-time clock was set. */
extern struct wait_queue clock_set_wait;

/* A task's wait for a moment of a clock. `ns` of `clock`, WAIT_FOREVER for none; the clock is one
 * that clock_deadline() knows. Between begin and end, clock_wait_sleep() is one interruptible
 * task_sleep() until then; it also returns 0 when the clock was set. */
struct clock_wait {
	struct wait_entry entry;
	int clock;
	uint64_t ns;
};
void clock_wait_begin(struct clock_wait *wait, int clock, uint64_t ns);
int clock_wait_sleep(struct clock_wait *wait);
void clock_wait_end(struct clock_wait *wait);

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
