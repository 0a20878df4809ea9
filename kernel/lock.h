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

/* Task context, events enabled: its holder may be waiting for this CPU to answer a call. */
void kernel_lock(void);
void kernel_unlock(void);

/* Whether the calling CPU has it. */
bool kernel_lock_is_mine(void);

#endif
