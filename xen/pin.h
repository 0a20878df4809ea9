/* SPDX-License-Identifier: MIT */
/*
 * Pinning: making Xen validate tables once, and keeping every mapping of them read-only as long as
 * it does.
 *
 * The record of each frame says what it is now, so that each step is idempotent:
 * - PT_FRAME_TABLE: a table in use under Xen; its direct mapping is read-only;
 * - PT_FRAME_PINNED: pinned on its own (tops; leaf tables where they have a lock of their own).
 *
 * Between "read-only" and "pinned" a store from another CPU would fault with nobody to emulate it.
 * So the lock that protects the entries is held from before the first until the hypercall that does
 * both has completed: the unlock is queued behind it. With a lock per leaf table the number held at
 * once is bounded by the batch.
 */
#ifndef PINFOLD_XEN_PIN_H
#define PINFOLD_XEN_PIN_H

#include <stdbool.h>

#include "arch/x86/units.h"
#include "xen/multicall.h"
#include "xen/space.h"

enum pt_frame_flag {
	PT_FRAME_TABLE = 1,
	PT_FRAME_PINNED = 2,
};

/* The record of a table. */
struct pt_frame *pin_frame(pfn_t table);

/* Is this frame a table that Xen watches? Then entries change by request only. */
bool pin_is_live(pfn_t table);

/* Pin and unpin all user tables of a space and its tops. Idempotent. Not inside lazy mode. */
void pin_space(struct pt_space *space);
void unpin_space(struct pt_space *space);

/* A new, zeroed table joins a pinned space, and leaves it. Queued; the caller queues the entry
 * that points to it behind the first, and before the second. */
void pin_table(struct mc_batch *batch, struct pt_space *space, pfn_t table, unsigned int level);
void unpin_table(struct mc_batch *batch, struct pt_space *space, pfn_t table, unsigned int level);

/* A table that is live through its parent only is pinned on its own as well: cheap, as Xen has
 * validated it already. Queued. */
void pin_alone(struct mc_batch *batch, pfn_t table, unsigned int level);

/* The lock that protects the entries of a leaf table, which has this record. Events may be as they
 * are: no handler takes it. */
struct spinlock *pin_leaf_lock(struct pt_space *space, struct pt_frame *frame);

/* A callback of a batch: gives such a lock back when what was queued before it is carried out. */
void pin_unlock_completed(void *lock, bool ok);

#endif
