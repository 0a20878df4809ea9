/* SPDX-License-Identifier: MIT */
/*
 * Flushes, each a hypercall that can be queued. On more than one CPU it is still one hypercall,
 * with a mask of vcpus, and no interrupt.
 */
#ifndef PINFOLD_XEN_TLB_H
#define PINFOLD_XEN_TLB_H

#include "arch/x86/units.h"
#include "xen/multicall.h"

struct pt_space;

/* All user translations of this CPU, or one address. */
void tlb_flush_local(struct mc_batch *batch);
void tlb_flush_page_local(struct mc_batch *batch, vaddr_t va);

/* The same on the vcpus of the mask (one bit each, Xen's numbering). */
void tlb_flush_mask(struct mc_batch *batch, const unsigned long *vcpu_mask);
void tlb_flush_page_mask(struct mc_batch *batch, vaddr_t va, const unsigned long *vcpu_mask);

/* Everywhere in this domain. */
void tlb_flush_all(struct mc_batch *batch);
void tlb_flush_page_all(struct mc_batch *batch, vaddr_t va);

/* The translation of `va` in `space` becomes stale by what the batch changes, on every vcpu that
 * may hold it: dropped there when the batch ends with tlb_settle(), together with all others noted
 * until then. Queued behind the changes. */
void tlb_note_stale(struct mc_batch *batch, const struct pt_space *space, vaddr_t va);
/* The same of all that the space maps. */
void tlb_note_all_stale(struct mc_batch *batch, const struct pt_space *space);
void tlb_settle(struct mc_batch *batch);

/* The request that drops the translation of `va` on every vcpu that may hold it, to be made in one
 * call with the change and behind it. False: no vcpu holds it. */
bool tlb_page_op(const struct pt_space *space, vaddr_t va, struct mmuext_op *op);

/* The flags (UVMF_*) that make a change of one entry by address drop its translation on every vcpu
 * that may hold it. The space must stay until the change has been carried out. */
unsigned long tlb_page_flags(const struct pt_space *space);

/* All translations of a space, wherever one may be held. */
void xen_flush_space(struct pt_space *space);

#endif
