/* SPDX-License-Identifier: MIT */
/*
 * Units as types. A frame number or an address of one kind cannot be passed for another; the only
 * conversions are in xen/p2m.h (pfn and mfn) and here (shifts within one kind).
 */
#ifndef PINFOLD_ARCH_X86_UNITS_H
#define PINFOLD_ARCH_X86_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_BYTES 4096ul
#define PAGE_MASK  (~(PAGE_BYTES - 1))

/* Guest page frame number: the kernel's own numbering of its memory, from 0. */
typedef struct {
	unsigned long v;
} pfn_t;

/* Machine frame number: what page-table entries hold. */
typedef struct {
	unsigned long v;
} mfn_t;

/* Guest physical address in bytes. */
typedef struct {
	uint64_t v;
} paddr_t;

/* Machine address in bytes. */
typedef struct {
	uint64_t v;
} maddr_t;

/* Virtual address. */
typedef struct {
	uintptr_t v;
} vaddr_t;

/* The value of a page-table entry of any level, always 64 bits and in machine terms. */
typedef struct {
	uint64_t v;
} pte_t;

/* Event channel port. */
typedef struct {
	uint32_t v;
} port_t;

/* Number of a virtual CPU, as Xen counts them. */
typedef struct {
	uint32_t v;
} vcpu_t;

#define PFN(n)   ((pfn_t){n})
#define MFN(n)   ((mfn_t){n})
#define VADDR(p) ((vaddr_t){(uintptr_t)(p)})

/* "No such frame": outside what either numbering reaches. */
#define PFN_NONE PFN(~0ul)
#define MFN_NONE MFN(~0ul)

static inline bool pfn_is_none(pfn_t pfn)
{
	return pfn.v == ~0ul;
}

static inline bool mfn_is_none(mfn_t mfn)
{
	return mfn.v == ~0ul;
}

static inline maddr_t mfn_to_maddr(mfn_t mfn)
{
	return (maddr_t){(uint64_t)mfn.v << PAGE_SHIFT};
}

static inline mfn_t maddr_to_mfn(maddr_t addr)
{
	return MFN((unsigned long)(addr.v >> PAGE_SHIFT));
}

static inline paddr_t pfn_to_paddr(pfn_t pfn)
{
	return (paddr_t){(uint64_t)pfn.v << PAGE_SHIFT};
}

static inline vaddr_t vaddr_page(vaddr_t va)
{
	return (vaddr_t){va.v & PAGE_MASK};
}

static inline unsigned long vaddr_offset(vaddr_t va)
{
	return va.v & (PAGE_BYTES - 1);
}

#endif
