/* SPDX-License-Identifier: MIT */
/*
 * Translation between the guest's frame numbers and the machine's, and between entries and frames.
 * The only place where one becomes the other.
 */
#ifndef PINFOLD_XEN_P2M_H
#define PINFOLD_XEN_P2M_H

#include "arch/x86/pte.h"
#include "arch/x86/units.h"

/* Boot: the guest's own table, one word for each frame, and Xen's table of the machine. */
void p2m_init(const unsigned long *mfn_list, unsigned long frame_count);

/* Boot: the same table is at another address now. */
void p2m_move(const unsigned long *mfn_list);

unsigned long p2m_frame_count(void);

/* The machine frame behind a frame of ours; MFN_NONE for a hole or a frame that is not ours. */
mfn_t p2m_mfn(pfn_t pfn);

/* The frame of ours that is this machine frame; PFN_NONE if it is none of ours. Xen's table
 * answers for any frame with what its owner last wrote, and may not be mapped where there is no
 * RAM: the answer counts only if our own table agrees. */
pfn_t p2m_pfn(mfn_t mfn);

/* An entry that maps a frame of ours. A non-present entry (flags without PTE_PRESENT) keeps its
 * bits as they are: nothing is converted. */
pte_t pte_from_pfn(pfn_t pfn, uint64_t flags);

/* The frame of ours that a present entry maps; PFN_NONE if it is foreign or not present. */
pfn_t pte_pfn(pte_t pte);

#endif
