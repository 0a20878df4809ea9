/* SPDX-License-Identifier: MIT */
/*
 * The kernel lock. All of the kernel's data is its: whoever runs kernel code beyond the first
 * and last steps of an entry holds it. docs/locking.md says where it stands among the layer's
 * locks, and what is reached without it.
 *
 * It belongs to the CPU, not to the task: a task that sleeps leaves it to the one that runs
 * next, and finds itself with it when it goes on, perhaps on another CPU. The idle loop gives it
 * back while it waits.
 */
#ifndef PINFOLD_KERNEL_LOCK_H
#define PINFOLD_KERNEL_LOCK_H

#include <stdbool.h>

#include "pv/smp.h"

/* lock.c */
#define KERNEL_LOCK_FREE (~0u)
extern unsigned int kernel_lock_owner; /* a CPU's number */
extern bool kernel_lock_taken_in_turn; /* one that waits is next: nobody takes it in passing */
void kernel_lock_wait(void);

static inline bool kernel_lock_try(void)
{
	unsigned int nobody = KERNEL_LOCK_FREE;

	return __atomic_compare_exchange_n(&kernel_lock_owner, &nobody, pv_cpu_id(), false,
	                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Task context, events enabled: its holder may be waiting for this CPU to answer a call. */
static inline void kernel_lock(void)
{
	if (__atomic_load_n(&kernel_lock_taken_in_turn, __ATOMIC_RELAXED) || !kernel_lock_try())
		kernel_lock_wait();
}

static inline void kernel_unlock(void)
{
	__atomic_store_n(&kernel_lock_owner, KERNEL_LOCK_FREE, __ATOMIC_RELEASE);
}

/* Whether the calling CPU has it. */
bool kernel_lock_is_mine(void);

#endif
