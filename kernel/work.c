/* SPDX-License-Identifier: MIT */
/*
 * Deferred work. Registered kinds form a list that never shrinks; a mark is one flag per kind and
 * one for all of them, so that the look at an idle system costs one load. Handlers set marks with
 * plain stores: they run on the CPU whose task context clears them, and a mark that is set between
 * the clearing and the run only makes the work run once more.
 */
#include "kernel/work.h"

#include <stddef.h>

static struct work *work_list;
static bool any_marked;

void work_register(struct work *work)
{
	work->marked = false;
	work->next = work_list;
	work_list = work;
}

void work_mark(struct work *work)
{
	__atomic_store_n(&work->marked, true, __ATOMIC_RELAXED);
	__atomic_store_n(&any_marked, true, __ATOMIC_RELEASE);
}

bool work_pending(void)
{
	return __atomic_load_n(&any_marked, __ATOMIC_ACQUIRE);
}

bool work_run(void)
{
	static bool running;
	bool ran = false;

	/* A piece of work that makes a task runnable must not run the others inside itself. */
	if (running)
		return false;
	running = true;
	while (__atomic_exchange_n(&any_marked, false, __ATOMIC_ACQ_REL)) {
		for (struct work *work = work_list; work; work = work->next) {
			if (!__atomic_exchange_n(&work->marked, false, __ATOMIC_ACQ_REL))
				continue;
			work->run();
			ran = true;
		}
	}
	running = false;
	return ran;
}
