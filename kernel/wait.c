/* SPDX-License-Identifier: MIT */
/*
 * Wait queues. A waiter stays on its queue until it takes itself off: a wake-up only makes its task
 * runnable and notes that in task->woken, which the next task_sleep() consumes.
 */
#include "kernel/wait.h"

#include "kernel/task/task.h"

void wait_enqueue(struct wait_queue *queue, struct wait_entry *entry)
{
	entry->task = current();
	entry->wake = NULL;
	list_insert_before(&queue->waiters, &entry->node);
}

void wait_enqueue_callback(struct wait_queue *queue, struct wait_entry *entry,
                           bool (*wake)(struct wait_entry *entry, uint32_t events), bool exclusive)
{
	entry->task = NULL;
	entry->wake = wake;
	entry->exclusive = exclusive;
	list_insert_before(&queue->waiters, &entry->node);
}

static bool wait_wake_task(struct task *task)
{
	bool before = task->woken;

	task->woken = true;
	task_wake(task);
	return !before;
}

static __attribute__((noinline)) bool wake_many(struct wait_queue *queue, uint32_t events)
{
	struct wait_entry *entry, *next;
	bool woken = false, taken = false;

	list_for_each_entry_safe (entry, next, &queue->waiters, struct wait_entry, node) {
		if (!entry->wake) {
			woken |= wait_wake_task(entry->task);
		} else if (!entry->exclusive) {
			woken |= entry->wake(entry, events);
		} else if (!taken) {
			taken = entry->wake(entry, events) && events != 0;
			woken |= taken;
		}
	}
	return woken;
}

/* Mostly one task waits. */
bool wait_wake_waiters(struct wait_queue *queue, uint32_t events)
{
	struct wait_entry *first = container_of(queue->waiters.next, struct wait_entry, node);

	if (!first->wake && first->node.next == &queue->waiters)
		return wait_wake_task(first->task);
	return wake_many(queue, events);
}
