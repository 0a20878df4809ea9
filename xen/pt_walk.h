/* SPDX-License-Identifier: MIT */
/*
 * The one walker over page tables, for every format. Pinning, unpinning, freeing, reading,
 * verifying and dumping are visitors.
 *
 * A walk covers the offsets [start, end) (see pt_format.h) and never enters Xen's own range. It
 * shows
 * - each table that has any entry in the range, once, after everything below it: the top table
 *   comes last, so that a visitor may take it as its cue for final work;
 * - and, if asked, each entry of a leaf table in the range that is not zero, in ascending order;
 * - and, if asked, each leaf table before its entries, which may be passed over.
 * Under it no entry above the leaf level may change, except that a visitor of a table, or of a leaf
 * table before its entries, may change the entry that points to that table.
 */
#ifndef PINFOLD_XEN_PT_WALK_H
#define PINFOLD_XEN_PT_WALK_H

#include <stdbool.h>

#include "arch/x86/pt_format.h"
#include "arch/x86/pte.h"
#include "xen/hooks.h"

/* Where the walk is. */
struct pt_place {
	unsigned int level; /* of `table`; 1: leaf */
	pfn_t table;        /* the table that holds the entry, or that is visited */
	unsigned int idx;   /* of the entry in `table` */
	uint64_t offset;    /* first address that the entry (or the table) covers */
	pte_t entry;        /* leaf visits only */
	pfn_t parent;       /* table visits: the table above, PFN_NONE for the top */
	unsigned int parent_idx;
	bool read_only; /* the entry that links the leaf table permits no writes */
};

enum pt_way {
	PT_ENTER, /* show the entries of the leaf table */
	PT_PASS,  /* not these */
	PT_STOP,  /* and no others */
};

struct pt_visitor {
	/* Each may be NULL: not wanted. False stops the walk. Without `entry` leaf tables are
	 * not read. */
	bool (*table)(void *arg, const struct pt_place *place);
	bool (*entry)(void *arg, const struct pt_place *place);
	/* A leaf table, before its entries. */
	enum pt_way (*leaf)(void *arg, const struct pt_place *place);
	void *arg;
};

/* False iff a visitor stopped it. */
bool pt_walk(pfn_t root, uint64_t start, uint64_t end, const struct pt_visitor *visitor);

/* The entries of a leaf table that is known already, in a range that lies within what it covers; as
 * pt_walk(), without visits of tables. */
bool pt_walk_leaf(pfn_t leaf, uint64_t start, uint64_t end, const struct pt_visitor *visitor);

/* The table that the entry for `offset` in `table`, of `level`, points to, or PFN_NONE. */
pfn_t pt_table_at(pfn_t table, unsigned int level, uint64_t offset);

/* The table of `level` that serves `offset`, or PFN_NONE where the path ends above it. */
pfn_t pt_find_table(pfn_t root, uint64_t offset, unsigned int level);

/*
 * Tables are mostly empty, so the record of a table says which parts of it are: a bit for each 64th
 * of its entries. A bit that is not set says nothing. pt_mark_empty() is for a table that was just
 * zeroed; pt_mark_entry() comes before any entry is set, stored or asked of Xen; pt_mark_unknown()
 * when the frame stops to be a table.
 */
void pt_mark_empty(pfn_t table);
void pt_mark_entry(pfn_t table, unsigned int idx);
void pt_mark_unknown(pfn_t table);

/* log2 of the entries that a bit stands for. Tables of fewer entries than bits use only some. */
static inline unsigned int pt_part_shift(void)
{
	return PT_FORMAT.index_bits > 6 ? PT_FORMAT.index_bits - 6u : 0;
}

/* pt_mark_entry() for who has the record at hand. */
static inline void pt_mark_used(struct pt_frame *frame, unsigned int idx)
{
	frame->empty &= ~(1ull << (idx >> pt_part_shift()));
}

/* At most so many entries of a table are not zero. */
unsigned int pt_entries_max(pfn_t table, unsigned int level);

/* The first entry from `idx` on, and before `end`, that has one of the bits; `end` if none has. */
unsigned int pt_next_entry(pfn_t table, unsigned int idx, unsigned int end, uint64_t bits);

/* Entry `idx` of a table through its mapping, and the machine address that Xen knows it by. */
/* An entry in the direct map, and its value. */
volatile void *pt_entry_address(pfn_t table, unsigned int idx);
pte_t pt_entry_read(pfn_t table, unsigned int idx);
maddr_t pt_entry_maddr(pfn_t table, unsigned int idx);

/* Plain store, for a table that Xen has not validated. On PAE the halves go in the order that
 * never shows a torn present entry, and a present entry replaces a present one in one atomic
 * step; elsewhere it is one store. */
void pt_entry_store(pfn_t table, unsigned int idx, pte_t value);

#endif
