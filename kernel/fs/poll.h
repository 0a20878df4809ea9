/* SPDX-License-Identifier: MIT */
/*
 * What pollers give to the poll operations of files: how to queue on a file's wait queue.
 */
#ifndef PINFOLD_KERNEL_FS_POLL_H
#define PINFOLD_KERNEL_FS_POLL_H

#include "kernel/fs/internal.h"

struct poll_table {
	/* Queue on it; NULL once that has been done. */
	void (*queue)(struct poll_table *table, struct wait_queue *queue);
};

/* The deadline (monotonic ns) of a wait that lasts `ns` from now, without overflow. */
uint64_t poll_deadline(uint64_t ns);
/* A relative time in user memory to a deadline; NULL: WAIT_FOREVER. 0, -EFAULT, -EINVAL. */
int poll_deadline_of_spec(const void *user_spec, uint64_t *deadline_ns);

/* A temporary signal mask for the call; user_mask NULL: none. 0, -EINVAL, -EFAULT. */
int poll_mask_begin(const void *user_mask, uint64_t mask_bytes);
/* At the end: a call that a signal interrupted leaves the old mask to the signal code. */
void poll_mask_end(const void *user_mask, long result);

#endif
