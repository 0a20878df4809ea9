/* SPDX-License-Identifier: MIT */
/*
 * Sleeping and waking. A waiter queues itself, looks at its condition, and only then sleeps, so no
 * wake-up is lost.
 */
#ifndef PINFOLD_KERNEL_WAIT_H
#define PINFOLD_KERNEL_WAIT_H

#include "kernel/kernel.h"
#include "lib/list.h"

struct task;

struct wait_queue {
	struct list waiters;
};

struct wait_entry {
	struct list node;
	struct task *task;
	/* Instead of waking `task`; NULL for one that sleeps. `events` as of wait_wake_events(), 0
	 * for any. True if it woke somebody who had not been woken. */
	bool (*wake)(struct wait_entry *entry, uint32_t events);
	bool exclusive; /* of those with `wake`: see wait_wake_events() */
};

#define WAIT_FOREVER UINT64_MAX

static inline void wait_queue_init(struct wait_queue *queue)
{
	list_init(&queue->waiters);
}

/* Queue the running task; it keeps running until task_sleep(). One entry per queue. */
void wait_enqueue(struct wait_queue *queue, struct wait_entry *entry);
static inline void wait_dequeue(struct wait_entry *entry)
{
	list_remove(&entry->node);
}
/* Queue a function to be called at each wake-up, in the waker's context; it stays queued. It must
 * not sleep. `exclusive`: it needs not be called when another such one has woken somebody. */
void wait_enqueue_callback(struct wait_queue *queue, struct wait_entry *entry,
                           bool (*wake)(struct wait_entry *entry, uint32_t events), bool exclusive);

/* Sleep until a wake-up, a deliverable signal (when interruptible) or the deadline (monotonic ns,
 * WAIT_FOREVER: none). Returns 0 after a wake-up (perhaps a spurious one), -EINTR for a signal,
 * -ETIMEDOUT. A wake-up since wait_enqueue() makes it return at once. */
int task_sleep(bool interruptible, uint64_t deadline_ns);

/* Wake the waiters; of the exclusive ones, unless `events` is 0, those up to the first that wakes
 * somebody. True if somebody was woken who had not been woken before and not run yet. */
bool wait_wake_waiters(struct wait_queue *queue, uint32_t events);

/* Wake every waiter. Task context only (deferred work counts), as below. */
static inline void wait_wake_all(struct wait_queue *queue)
{
	if (!list_empty(&queue->waiters))
		wait_wake_waiters(queue, 0);
}

/* The events (POLLIN ...) have become true: wake every task that waits, and of the functions those
 * that are concerned. */
static inline bool wait_wake_events(struct wait_queue *queue, uint32_t events)
{
	return !list_empty(&queue->waiters) && wait_wake_waiters(queue, events);
}

/* Sleep on `queue` until `cond` holds: 0, -EINTR (callers turn it into -ERESTARTSYS where a restart
 * is right), -ETIMEDOUT. */
#define wait_event(queue, cond, deadline_ns)                            \
	({                                                              \
		int wait_result_ = 0;                                   \
		struct wait_entry wait_entry_;                          \
		wait_enqueue((queue), &wait_entry_);                    \
		while (!(cond)) {                                       \
			wait_result_ = task_sleep(true, (deadline_ns)); \
			if (wait_result_ != 0) {                        \
				if (cond)                               \
					wait_result_ = 0;               \
				break;                                  \
			}                                               \
		}                                                       \
		wait_dequeue(&wait_entry_);                             \
		wait_result_;                                           \
	})

#endif
