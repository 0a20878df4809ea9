/* SPDX-License-Identifier: MIT */
/*
 * Kernel timers in a pairing heap: children of a timer are never earlier than it. All of it runs in
 * task context, so there is no lock.
 */
#include "kernel/task/timer.h"

#include <stddef.h>

#include "kernel/task/task.h"

static struct timer *heap_root;

/* Join two heaps, either may be empty. */
static struct timer *heap_meld(struct timer *a, struct timer *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (b->deadline_ns < a->deadline_ns) {
		struct timer *swap = a;

		a = b;
		b = swap;
	}
	b->back = a;
	b->sibling = a->child;
	if (a->child)
		a->child->back = b;
	a->child = b;
	return a;
}

/* Join a list of siblings: in pairs from the front, then the pairs. */
static struct timer *heap_join_siblings(struct timer *first)
{
	struct timer *pairs = NULL;
	struct timer *joined = NULL;

	while (first) {
		struct timer *second = first->sibling;
		struct timer *rest = second ? second->sibling : NULL;

		first->sibling = NULL;
		first->back = NULL;
		if (second) {
			second->sibling = NULL;
			second->back = NULL;
		}
		first = heap_meld(first, second);
		first->sibling = pairs;
		pairs = first;
		first = rest;
	}
	while (pairs) {
		struct timer *next = pairs->sibling;

		pairs->sibling = NULL;
		joined = heap_meld(joined, pairs);
		pairs = next;
	}
	return joined;
}

static void heap_remove(struct timer *timer)
{
	struct timer *below = heap_join_siblings(timer->child);

	timer->child = NULL;
	if (timer == heap_root) {
		heap_root = below;
		return;
	}
	if (timer->back->child == timer)
		timer->back->child = timer->sibling;
	else
		timer->back->sibling = timer->sibling;
	if (timer->sibling)
		timer->sibling->back = timer->back;
	timer->sibling = NULL;
	timer->back = NULL;
	heap_root = heap_meld(heap_root, below);
}

void timer_init(struct timer *timer, void (*expire)(struct timer *timer))
{
	*timer = (struct timer){.expire = expire};
}

void timer_cancel(struct timer *timer)
{
	if (!timer->armed)
		return;
	timer->armed = false;
	heap_remove(timer);
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
	timer_cancel(timer);
	if (deadline_ns == TIMER_NEVER)
		return;
	timer->deadline_ns = deadline_ns;
	timer->armed = true;
	heap_root = heap_meld(heap_root, timer);
	sched_timer_request(deadline_ns);
}

uint64_t timer_next_deadline(void)
{
	return heap_root ? heap_root->deadline_ns : TIMER_NEVER;
}

bool timer_run_expired(uint64_t now_ns)
{
	for (unsigned int i = 0; heap_root && heap_root->deadline_ns <= now_ns; i++) {
		struct timer *timer = heap_root;

		if (i == TIMER_BATCH)
			return true;
		timer_cancel(timer);
		timer->expire(timer);
	}
	return false;
}
