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
                           void (*wake)(struct wait_entry *entry))
{
	entry->task = NULL;
	entry->wake = wake;
	list_insert_before(&queue->waiters, &entry->node);
}

static void wait_wake_task(struct task *task)
{
	task->woken = true;
	task_wake(task);
}

void wait_wake_waiters(struct wait_queue *queue)
{
	struct wait_entry *entry, *next;

	list_for_each_entry_safe (entry, next, &queue->waiters, struct wait_entry, node) {
		if (entry->wake)
			entry->wake(entry);
		else
			wait_wake_task(entry->task);
	}
}

void wait_wake_one(struct wait_queue *queue)
{
	struct wait_entry *entry, *next;

	list_for_each_entry_safe (entry, next, &queue->waiters, struct wait_entry, node) {
		if (entry->wake) {
			entry->wake(entry);
		} else if (!entry->task->woken) {
			/* One that was woken before and has not run yet has a wake-up of its own.
			 */
			wait_wake_task(entry->task);
			return;
		}
	}
}
