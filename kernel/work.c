/* SPDX-License-Identifier: MIT */
/*
 * Deferred work. Registered kinds form a list that never shrinks, and each CPU has a word with a
 * bit for each kind, so that the look at an idle system costs one load. A CPU runs what its own
 * handlers have marked. A mark that is set between the taking and the run only makes the work
 * run once more.
 */
#include "kernel/work.h"

#include <stddef.h>

#include "kernel/kernel.h"

static struct work *work_list;

void work_register(struct work *work)
{
	work->bit = work_list ? work_list->bit << 1 : 1;
	ASSERT(work->bit != 0);
	work->next = work_list;
	work_list = work;
}

void work_mark(struct work *work)
{
	pv_cpu_marks_set(work->bit);
}

bool work_run(void)
{
	static bool running;
	bool ran = false;

	/* A piece of work that makes a task runnable must not run the others inside itself. */
	if (running)
		return false;
	running = true;
	while (work_pending()) {
		unsigned long kinds = pv_cpu_marks_take();

		for (struct work *work = work_list; work; work = work->next) {
			if (!(kinds & work->bit))
				continue;
			work->run();
			ran = true;
		}
	}
	running = false;
	return ran;
}
