/* SPDX-License-Identifier: MIT */
/*
 * The shapes of x86 page tables, as data: 4-level, PAE, 2-level. Levels count from 1 (leaf tables)
 * to `levels` (the top).
 *
 * In a guest build PT_FORMAT is a constant expression, and everything computed from it folds; a
 * hosted build may choose at run time (port/hosted/port/pt_format.h) and so proves all three
 * formats in one binary.
 *
 * Walks count addresses as offsets into the tables' reach: on x86-64 that is 48 bits without the
 * sign extension. pt_offset() and pt_vaddr() convert.
 */
#ifndef PINFOLD_ARCH_X86_PT_FORMAT_H
#define PINFOLD_ARCH_X86_PT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/units.h"

#define PT_LEVELS_MAX 4u

struct pt_format {
	uint8_t levels;
	uint8_t index_bits;  /* of every level below the top */
	uint8_t top_bits;    /* of the top level */
	uint8_t entry_shift; /* log2 of an entry's bytes: 3, or 2 for the 2-level format */
	uint8_t reach_bits;  /* of addresses: 48 or 32 */
	bool top_has_rights; /* top entries carry WRITE, USER, ACCESSED (not in PAE) */
	bool user_top;       /* user mode has a top table of its own (x86-64 under Xen) */
	uint64_t hole_start; /* offsets that belong to Xen: [hole_start, hole_end) */
	uint64_t hole_end;
	uint64_t user_end;   /* offsets below are user space */
	uint64_t frame_mask; /* frame bits of an entry */
};

/* Xen's range: ABI, arch-x86/xen-x86_64.h (HYPERVISOR_VIRT_START/END), xen-x86_32.h. For 32 bits
 * these are what PV32 on a 64-bit Xen reserves at most; the guest's tables never enter it. */
#define PT_FORMAT_4LEVEL                                                                      \
	((struct pt_format){4, 9, 9, 3, 48, true, true, 0x800000000000ull, 0x880000000000ull, \
	                    0x800000000000ull, 0x000ffffffffff000ull})
#define PT_FORMAT_PAE                                                                    \
	((struct pt_format){3, 9, 2, 3, 32, false, false, 0xf5800000ull, 0x100000000ull, \
	                    0xc0000000ull, 0x000ffffffffff000ull})
#define PT_FORMAT_2LEVEL                                                                  \
	((struct pt_format){2, 10, 10, 2, 32, true, false, 0xfc000000ull, 0x100000000ull, \
	                    0xc0000000ull, 0x00000000fffff000ull})

/* Supplies PT_FORMAT. */
#include <port/pt_format.h>

static inline unsigned int pt_level_shift(unsigned int level)
{
	return PAGE_SHIFT + (level - 1) * PT_FORMAT.index_bits;
}

/* Bytes of address space that one entry of a table of this level covers. */
static inline uint64_t pt_entry_reach(unsigned int level)
{
	return 1ull << pt_level_shift(level);
}

static inline unsigned int pt_entry_count(unsigned int level)
{
	return 1u << (level == PT_FORMAT.levels ? PT_FORMAT.top_bits : PT_FORMAT.index_bits);
}

static inline unsigned int pt_index(uint64_t offset, unsigned int level)
{
	return (unsigned int)(offset >> pt_level_shift(level)) & (pt_entry_count(level) - 1);
}

static inline uint64_t pt_reach(void)
{
	return 1ull << PT_FORMAT.reach_bits;
}

static inline uint64_t pt_offset(vaddr_t va)
{
	return (uint64_t)va.v & (pt_reach() - 1);
}

/* One past the last offset of [start, end), which may end where the range of offsets does. */
static inline uint64_t pt_end_offset(vaddr_t start, vaddr_t end)
{
	return pt_offset(start) + (uint64_t)(end.v - start.v);
}

static inline vaddr_t pt_vaddr(uint64_t offset)
{
	unsigned int spare = 64u - PT_FORMAT.reach_bits;

	/* In the smaller formats an offset is the address, also above the half: user space goes on
	 * there. */
	if (PT_FORMAT.levels < 4)
		return (vaddr_t){(uintptr_t)offset};
	return (vaddr_t){(uintptr_t)((int64_t)(offset << spare) >> spare)};
}

static inline bool pt_in_hole(uint64_t offset)
{
	return offset >= PT_FORMAT.hole_start && offset < PT_FORMAT.hole_end;
}

#endif
