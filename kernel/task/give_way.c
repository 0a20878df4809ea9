/* SPDX-License-Identifier: MIT */
/*
 * Long work inside a system call: see give_way.h.
 */
#include "kernel/task/give_way.h"

#include "kernel/lock.h"
#include "kernel/task/task.h"
#include "kernel/work.h"

bool give_way(void)
{
	struct task *task = current();

	/* Whoever waits for the lock long enough is next, and this waits its turn. */
	kernel_unlock();
	kernel_lock();
	/* The timer's events have only marked what there is to do: wake-ups, the end of a slice. */
	if (work_pending())
		work_run();
	if (task->need_resched)
		sched_switch();
	return signal_fatal_pending(task);
}
