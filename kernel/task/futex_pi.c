/* SPDX-License-Identifier: MIT */
/*
 * Futexes whose word names the owner: the kernel hands them from one owner to the next, in the
 * order in which they asked. The scheduler obeys no priorities, so that there is none to inherit.
 *
 * A waiter knows by number who owns what it waits for: an owner that ends without a word hands over
 * to it. Programs change the word at any time, so each change of ours compares it in the same step.
 * Left out: conditions that requeue to such a lock.
 */
#include "kernel/task/futex.h"

#include "kernel/linux/abi_task.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/internal.h"
#include "kernel/task/task.h"

struct pi_waiter {
	struct list node;
	struct futex_key key;
	uintptr_t address;
	struct task *task;
	int owner_tid;
	bool granted;
};

/* Of all words, in order of arrival: they are few. */
static struct list waiters = LIST_INIT(waiters);

static struct pi_waiter *waiter_first(const struct futex_key *key)
{
	struct pi_waiter *waiter;

	list_for_each_entry (waiter, &waiters, struct pi_waiter, node) {
		if (futex_key_equal(&waiter->key, key))
			return waiter;
	}
	return NULL;
}

/* The word already says so. */
static void waiter_grant(struct pi_waiter *granted)
{
	struct pi_waiter *waiter;

	list_remove(&granted->node);
	granted->granted = true;
	list_for_each_entry (waiter, &waiters, struct pi_waiter, node) {
		if (futex_key_equal(&waiter->key, &granted->key))
			waiter->owner_tid = granted->task->tid;
	}
	granted->task->woken = true;
	task_wake(granted->task);
}

static bool owner_lives(int tid)
{
	const struct task *owner = task_find(tid);

	return owner && owner->vm && owner->state != TASK_ZOMBIE;
}

/* What the word becomes as somebody wants the lock; 0: unchanged, its owner is gone and cannot hand
 * it over. */
static uint32_t word_wanted(uint32_t word, bool awaited)
{
	int owner_tid = (int)(word & ABI_FUTEX_TID_MASK);

	if (owner_tid == 0)
		return (uint32_t)current()->tid | (word & ABI_FUTEX_OWNER_DIED) |
		       (awaited ? ABI_FUTEX_WAITERS : 0);
	return awaited || owner_lives(owner_tid) ? word | ABI_FUTEX_WAITERS : 0;
}

/* Take the lock if it is free: 0. Else -EBUSY: it is *owner_tid's, and the word says that somebody
 * waits. */
static int lock_or_mark(uintptr_t address, const struct futex_key *key, int *owner_tid)
{
	bool awaited = waiter_first(key) != NULL;
	uint32_t word, seen, wanted;

	if (user_load32(address, &seen) != 0)
		return -EFAULT;
	do {
		word = seen;
		*owner_tid = (int)(word & ABI_FUTEX_TID_MASK);
		if (*owner_tid == current()->tid)
			return -EDEADLK;
		wanted = word_wanted(word, awaited);
		if (user_cmpxchg32(address, &seen, wanted ? wanted : word) != 0)
			return -EFAULT;
	} while (seen != word);
	if (*owner_tid == 0)
		return 0;
	return wanted ? -EBUSY : -ESRCH;
}

long futex_pi_lock(uintptr_t address, bool private, bool try_only, int clock, uint64_t ns)
{
	struct clock_wait limit;
	struct pi_waiter waiter = {.address = address, .task = current()};
	int result = futex_key_make(address, private, &waiter.key);

	if (result == 0)
		result = lock_or_mark(address, &waiter.key, &waiter.owner_tid);
	if (result != -EBUSY)
		return result;
	if (try_only)
		return -EAGAIN;
	list_insert_before(&waiters, &waiter.node);
	result = 0;
	clock_wait_begin(&limit, clock, ns);
	while (!waiter.granted && result == 0)
		result = clock_wait_sleep(&limit);
	clock_wait_end(&limit);
	if (waiter.granted)
		return 0;
	list_remove(&waiter.node);
	return result == -EINTR ? -ERESTARTNOINTR : result;
}

long futex_pi_unlock(uintptr_t address, bool private)
{
	uint32_t own_tid = (uint32_t)current()->tid;
	struct pi_waiter *next;
	struct futex_key key;
	uint32_t word, seen;
	int result;

	if (user_load32(address, &word) != 0)
		return -EFAULT;
	if ((word & ABI_FUTEX_TID_MASK) != own_tid)
		return -EPERM;
	result = futex_key_make(address, private, &key);
	if (result != 0)
		return result;
	next = waiter_first(&key);
	do {
		if ((word & ABI_FUTEX_TID_MASK) != own_tid)
			return -EPERM;
		seen = word;
		if (user_cmpxchg32(address, &word,
		                   next ? (uint32_t)next->task->tid | ABI_FUTEX_WAITERS : 0) != 0)
			return -EFAULT;
	} while (word != seen);
	if (next)
		waiter_grant(next);
	return 0;
}

void futex_pi_exit_task(const struct task *task)
{
	struct pi_waiter *waiter, *next;

	list_for_each_entry_safe (waiter, next, &waiters, struct pi_waiter, node) {
		uint32_t word =
		    (uint32_t)waiter->task->tid | ABI_FUTEX_WAITERS | ABI_FUTEX_OWNER_DIED;

		if (waiter->owner_tid != task->tid)
			continue;
		/* The word is nobody's any more and nobody's to change: each of the other waiters
		 * sleeps. If it is not mapped any more the waiter will see so itself. */
		vm_write(waiter->task->vm, waiter->address, &word, sizeof(word));
		waiter_grant(waiter);
	}
}
