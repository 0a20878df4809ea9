/* SPDX-License-Identifier: MIT */
/*
 * Kernel timers: a function that runs, as deferred work, once a moment of the monotonic clock has
 * passed. They lie in a pairing heap, so that arming is constant and expiry and cancelling are
 * logarithmic on average.
 */
#ifndef PINFOLD_KERNEL_TASK_TIMER_H
#define PINFOLD_KERNEL_TASK_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define TIMER_NEVER UINT64_MAX

struct timer {
	uint64_t deadline_ns;
	/* Task context, must not sleep; the timer is no longer armed and may be armed again. */
	void (*expire)(struct timer *timer);
	struct timer *child;   /* first of those that are later than this one */
	struct timer *sibling; /* next child of the same parent */
	struct timer *back;    /* previous sibling, or the parent for a first child */
	bool armed;
};

void timer_init(struct timer *timer, void (*expire)(struct timer *timer));

/* Expire at `deadline_ns` (monotonic), or soon if that is past. Replaces an earlier deadline.
 * TIMER_NEVER only cancels. */
void timer_arm(struct timer *timer, uint64_t deadline_ns);

/* Harmless if not armed. */
void timer_cancel(struct timer *timer);

/* Earliest deadline of all, or TIMER_NEVER. */
uint64_t timer_next_deadline(void);

/* Run timers whose deadline is not after `now_ns`, at most this many: others want the CPU too, and
 * the kernel is not preempted. True: more are due. */
#define TIMER_BATCH 256u
bool timer_run_expired(uint64_t now_ns);

#endif
