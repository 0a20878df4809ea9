/* SPDX-License-Identifier: MIT */
/*
 * Batches of hypercalls.
 *
 *	struct mc_batch batch = mc_begin();
 *	mc_mmu_update(&batch, …);
 *	mc_mmuext(&batch, …);
 *	mc_callback(&batch, unlock, lock);
 *	mc_commit(&batch);
 *
 * The token is this CPU's: events stay masked from begin to commit, so it can neither move nor be
 * interrupted by someone who queues. Tokens nest, and the outermost commit issues; lazy mode is a
 * token held by the task, so that what is queued inside it is not issued before it is left
 * (xen/lazy.h).
 *
 * A run of page-table updates (or of mmuext operations) is one entry with an array; a batch of one
 * entry is the hypercall itself; more go as one multicall. A full buffer is issued at once and
 * queueing goes on. Order is kept, and callbacks run after what was queued before them was carried
 * out.
 *
 * A refusal here means that our own rules are wrong: the batch is put into the log with operation,
 * arguments, result and place of each entry, and host_panic() ends it. What may fail is called with
 * xen_call().
 */
#ifndef PINFOLD_XEN_MULTICALL_H
#define PINFOLD_XEN_MULTICALL_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include "arch/x86/pte.h"
#include "arch/x86/units.h"
#include "xen/percpu.h"
#include "xen/mc_buffer.h"

struct mc_batch {
	bool irq_enabled; /* before the outermost begin */
	bool outermost;
};

struct mc_batch mc_begin(void);
void mc_commit(struct mc_batch *batch);

/* Issue what is queued now, token or not; callbacks run. Events masked or a token open. */
void mc_issue(void);

/* Nothing is queued on this CPU: what a sleep, a return to user mode and a shutdown require. */
bool mc_idle(void);

/* A token is open: the short question, as without one the buffer is empty. */
static inline bool mc_open(void)
{
	return this_cpu()->mc.open_depth != 0;
}

/* mmu_update: write `value` to the entry at machine address `entry`. */
void mc_mmu_update(struct mc_batch *batch, maddr_t entry, pte_t value);

/* The same at once, where no batch is open, and with the flush behind it if that is not NULL: so
 * little need not be queued. */
void mc_mmu_update_now(maddr_t entry, pte_t value, const struct mmuext_op *flush);

/* update_va_mapping in the tables that are in force; flags are UVMF_*. */
void mc_update_va(struct mc_batch *batch, vaddr_t va, pte_t value, unsigned long flags);

/* mmuext_op: pins, base pointers, flushes. */
void mc_mmuext(struct mc_batch *batch, const struct mmuext_op *op);

/* Any other hypercall. A block of `arg_bytes` is copied when `arg` is not NULL, and argument
 * `arg_slot` of the call points to the copy. */
void mc_call(struct mc_batch *batch, unsigned int op, const unsigned long args[5], const void *arg,
             unsigned int arg_bytes, unsigned int arg_slot);

/* Run fn(arg, ok) after everything queued so far was carried out; events are masked, and fn
 * queues nothing. */
void mc_callback(struct mc_batch *batch, mc_callback_fn *fn, void *arg);

#endif
