/* SPDX-License-Identifier: MIT */
/*
 * Bits of a page-table entry, the same at every level and in every format that has them. Frames in
 * entries are converted by xen/p2m.h, never here.
 */
#ifndef PINFOLD_ARCH_X86_PTE_H
#define PINFOLD_ARCH_X86_PTE_H

#include "arch/x86/units.h"

#define PTE_PRESENT  (1ull << 0)
#define PTE_WRITE    (1ull << 1)
#define PTE_USER     (1ull << 2)
#define PTE_PWT      (1ull << 3)
#define PTE_PCD      (1ull << 4)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY    (1ull << 6)
#define PTE_LARGE    (1ull << 7)
#define PTE_GLOBAL   (1ull << 8)
#define PTE_SOFT0    (1ull << 9)  /* free for the kernel */
#define PTE_SOFT1    (1ull << 10) /* free for the kernel */
#define PTE_FOREIGN  (1ull << 11) /* the frame is not RAM of ours: never converted */
#define PTE_NX       (1ull << 63)

#define PTE_FRAME_MASK 0x000ffffffffff000ull

#define PTE_NONE ((pte_t){0})

static inline bool pte_present(pte_t pte)
{
	return pte.v & PTE_PRESENT;
}

static inline bool pte_writable(pte_t pte)
{
	return pte.v & PTE_WRITE;
}

static inline bool pte_none(pte_t pte)
{
	return pte.v == 0;
}

/* Frame of a present entry, in machine terms. */
static inline mfn_t pte_mfn(pte_t pte)
{
	return MFN((unsigned long)((pte.v & PTE_FRAME_MASK) >> PAGE_SHIFT));
}

static inline pte_t pte_set_flags(pte_t pte, uint64_t flags)
{
	return (pte_t){pte.v | flags};
}

static inline pte_t pte_clear_flags(pte_t pte, uint64_t flags)
{
	return (pte_t){pte.v & ~flags};
}

/* Entry from a machine frame; for RAM of ours use pte_from_pfn(). */
static inline pte_t pte_from_mfn(mfn_t mfn, uint64_t flags)
{
	return (pte_t){((uint64_t)mfn.v << PAGE_SHIFT) | flags};
}

#endif
