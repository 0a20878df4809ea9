/* SPDX-License-Identifier: MIT */
/*
 * What the two kinds of futex share: plain ones (futex.c), and those whose word names its owner
 * (futex_pi.c).
 */
#ifndef PINFOLD_KERNEL_TASK_FUTEX_H
#define PINFOLD_KERNEL_TASK_FUTEX_H

#include "kernel/kernel.h"

struct task;

/* What a word lies in, and where: equal for the same word, by whatever address it is known. */
struct futex_key {
	const void *object;
	uint64_t offset;
};

/* The key of a word of the running task's memory; `private`: the caller says that nobody else has
 * it. 0, -EINVAL (not aligned) or -EFAULT. */
int futex_key_make(uintptr_t address, bool private, struct futex_key *key);

static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

/* FUTEX_LOCK_PI and its kin. Task context; errors as Linux documents them. It waits
 * until `ns` of the clock at most (WAIT_FOREVER: without limit). */
long futex_pi_lock(uintptr_t address, bool private, bool try_only, int clock, uint64_t ns);
long futex_pi_unlock(uintptr_t address, bool private);
/* What the ending task holds goes to those that wait for it. Its memory is still there. */
void futex_pi_exit_task(const struct task *task);

#endif
