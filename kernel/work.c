/* SPDX-License-Identifier: MIT */
/*
 * Deferred work. Registered kinds form a list that never shrinks; a mark is one bit per kind and
 * CPU, and one per CPU for all of them, so that the look at an idle system costs one load. A CPU
 * runs what its own handlers have marked. A mark that is set between the clearing and the run
 * only makes the work run once more.
 */
#include "kernel/work.h"

#include <stddef.h>

#include "pv/smp.h"

static struct work *work_list;
unsigned long work_marks;

static unsigned long my_bit(void)
{
	return 1ul << pv_cpu_id();
}

/* Take this CPU's bit. */
static bool take(unsigned long *marks)
{
	if (!(__atomic_load_n(marks, __ATOMIC_ACQUIRE) & my_bit()))
		return false;
	__atomic_fetch_and(marks, ~my_bit(), __ATOMIC_ACQ_REL);
	return true;
}

void work_register(struct work *work)
{
	work->marked = 0;
	work->next = work_list;
	work_list = work;
}

void work_mark(struct work *work)
{
	__atomic_fetch_or(&work->marked, my_bit(), __ATOMIC_RELAXED);
	__atomic_fetch_or(&work_marks, my_bit(), __ATOMIC_RELEASE);
}

bool work_run(void)
{
	static bool running;
	bool ran = false;

	/* A piece of work that makes a task runnable must not run the others inside itself. */
	if (running)
		return false;
	running = true;
	while (take(&work_marks)) {
		for (struct work *work = work_list; work; work = work->next) {
			if (!take(&work->marked))
				continue;
			work->run();
			ran = true;
		}
	}
	running = false;
	return ran;
}
