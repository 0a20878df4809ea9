/* SPDX-License-Identifier: MIT */
/*
 * Deferred work: what an event handler marks and the kernel does later, at the return to user mode,
 * before it sleeps in the idle loop, and whenever it schedules, on the CPU that took the event. The
 * functions run in task context with the kernel lock, events enabled, and must not sleep.
 */
#ifndef PINFOLD_KERNEL_WORK_H
#define PINFOLD_KERNEL_WORK_H

#include <stdbool.h>

#include "pv/smp.h"

struct work {
	void (*run)(void);
	struct work *next; /* on the list of all kinds of work */
	unsigned long bit; /* of this kind, in the marks of each CPU */
};

/* At boot, once per kind of work. */
void work_register(struct work *work);

/* Any context, events masked or not. */
void work_mark(struct work *work);

/* Run what is marked until nothing is. True if anything ran. Called with events enabled or masked;
 * leaves the flag as it was. */
bool work_run(void);

static inline bool work_pending(void)
{
	return pv_cpu_marks() != 0;
}

#endif
