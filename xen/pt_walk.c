/* SPDX-License-Identifier: MIT */
/*
 * The walker: see pt_walk.h. It keeps its path in an array with a slot for each level, so there is
 * no recursion.
 */
#include "xen/pt_walk.h"

#include <port/memory.h>

#include "xen/direct_map.h"
#include "xen/hooks.h"
#include "xen/p2m.h"

volatile void *pt_entry_address(pfn_t table, unsigned int idx)
{
	return (char *)xen_pfn_to_virt(table) + ((uintptr_t)idx << PT_FORMAT.entry_shift);
}

pte_t pt_entry_read(pfn_t table, unsigned int idx)
{
	if (PT_FORMAT.entry_shift == 2)
		return (pte_t){port_load32(pt_entry_address(table, idx))};
	return (pte_t){port_load64(pt_entry_address(table, idx))};
}

maddr_t pt_entry_maddr(pfn_t table, unsigned int idx)
{
	return (maddr_t){mfn_to_maddr(p2m_mfn(table)).v + ((uint64_t)idx << PT_FORMAT.entry_shift)};
}

void pt_entry_store(pfn_t table, unsigned int idx, pte_t value)
{
	volatile void *address = pt_entry_address(table, idx);

	if (PT_FORMAT.entry_shift == 2)
		port_store32(address, (uint32_t)value.v);
	else if (pte_present(value) && pte_present(pt_entry_read(table, idx)))
		port_exchange_pte64(address, value.v); /* no order of halves is right for both */
	else
		port_store_pte64(address, value.v);
}

/* Step down from `entry`: the table it points to. A present entry above the leaves always points
 * to a table of ours. */
static pfn_t table_below(pte_t entry)
{
	pfn_t pfn = p2m_pfn(pte_mfn(entry));

	if (pfn_is_none(pfn))
		host_panic("page table: an entry points to a table that is not ours");
	return pfn;
}

pfn_t pt_table_at(pfn_t table, unsigned int level, uint64_t offset)
{
	pte_t entry = pt_entry_read(table, pt_index(offset, level));

	return pte_present(entry) ? table_below(entry) : PFN_NONE;
}

pfn_t pt_find_table(pfn_t root, uint64_t offset, unsigned int level)
{
	pfn_t table = root;

	for (unsigned int at = PT_FORMAT.levels; at > level && !pfn_is_none(table); at--)
		table = pt_table_at(table, at, offset);
	return table;
}

struct path {
	pfn_t table[PT_LEVELS_MAX + 1];
	uint64_t base[PT_LEVELS_MAX + 1]; /* first offset the table covers */
	uint64_t next[PT_LEVELS_MAX + 1]; /* first offset of it not yet looked at */
	bool read_only;                   /* the entry that links the leaf table */
};

static uint64_t table_reach(unsigned int level)
{
	return level == PT_FORMAT.levels ? pt_reach() : pt_entry_reach(level + 1);
}

void pt_mark_empty(pfn_t table)
{
	struct pt_frame *frame = host_frame(table);

	if (frame)
		frame->empty = ~0ull;
}

void pt_mark_unknown(pfn_t table)
{
	struct pt_frame *frame = host_frame(table);

	if (frame)
		frame->empty = 0;
}

void pt_mark_entry(pfn_t table, unsigned int idx)
{
	struct pt_frame *frame = host_frame(table);

	if (frame)
		pt_mark_used(frame, idx);
}

/* In steps on all bits at once: pairs, fours, eights, and a sum of the bytes. */
static unsigned int bits_set(uint64_t word)
{
	word -= (word >> 1) & 0x5555555555555555ull;
	word = (word & 0x3333333333333333ull) + ((word >> 2) & 0x3333333333333333ull);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (unsigned int)((word * 0x0101010101010101ull) >> 56);
}

unsigned int pt_entries_max(pfn_t table, unsigned int level)
{
	const struct pt_frame *frame = host_frame(table);
	unsigned int count = pt_entry_count(level);
	unsigned int used = bits_set(frame ? ~frame->empty : ~0ull) << pt_part_shift();

	return used < count ? used : count;
}

unsigned int pt_next_entry(pfn_t table, unsigned int idx, unsigned int end, uint64_t bits)
{
	const struct pt_frame *frame = host_frame(table);
	uint64_t used = frame ? ~frame->empty : ~0ull;

	while (idx < end) {
		uint64_t rest = used >> (idx >> pt_part_shift());
		unsigned int stop;

		if (rest == 0)
			return end;
		if (!(rest & 1))
			idx = ((idx >> pt_part_shift()) + (unsigned int)__builtin_ctzll(rest))
			      << pt_part_shift();
		stop = ((idx >> pt_part_shift()) + 1) << pt_part_shift();
		if (stop > end)
			stop = end;
		for (; idx < stop; idx++)
			if (pt_entry_read(table, idx).v & bits)
				return idx;
	}
	return end;
}

/* How many entries of this level [from, to) touches. */
static unsigned int entries_between(uint64_t from, uint64_t to, unsigned int level)
{
	uint64_t base = from & ~(pt_entry_reach(level) - 1);

	return (unsigned int)((to - base + pt_entry_reach(level) - 1) >> pt_level_shift(level));
}

static bool visit_leaf(const struct path *path, uint64_t end, const struct pt_visitor *visitor)
{
	uint64_t stop = path->base[1] + table_reach(1);
	uint64_t start = path->next[1];
	struct pt_place place = {.level = 1, .table = path->table[1], .read_only = path->read_only};

	if (stop > end)
		stop = end;
	if (start >= stop)
		return true;
	unsigned int first = pt_index(start, 1);
	unsigned int last = first + entries_between(start, stop, 1);

	for (unsigned int idx = first; idx < last; idx++) {
		place.entry = pt_entry_read(place.table, idx);
		if (pte_none(place.entry)) {
			idx = pt_next_entry(place.table, idx + 1, last, ~0ull);
			if (idx == last)
				break;
			place.entry = pt_entry_read(place.table, idx);
		}
		place.idx = idx;
		place.offset = start + (uint64_t)(idx - first) * PAGE_BYTES;
		if (!visitor->entry(visitor->arg, &place))
			return false;
	}
	return true;
}

bool pt_walk_leaf(pfn_t leaf, uint64_t start, uint64_t end, const struct pt_visitor *visitor)
{
	struct path path;

	path.read_only = false;
	path.table[1] = leaf;
	path.base[1] = start & ~(pt_entry_reach(2) - 1);
	path.next[1] = start;
	return visit_leaf(&path, end, visitor);
}

static struct pt_place table_place(const struct path *path, unsigned int level)
{
	struct pt_place place = {.level = level,
	                         .table = path->table[level],
	                         .offset = path->base[level],
	                         .parent = PFN_NONE};

	if (level < PT_FORMAT.levels) {
		place.parent = path->table[level + 1];
		place.parent_idx = pt_index(path->base[level], level + 1);
	}
	if (level == 1)
		place.read_only = path->read_only;
	return place;
}

static bool visit_table(const struct path *path, unsigned int level,
                        const struct pt_visitor *visitor)
{
	if (!visitor->table)
		return true;
	struct pt_place place = table_place(path, level);

	return visitor->table(visitor->arg, &place);
}

/* A leaf table that the walk has come to, and its entries. */
static bool visit_below(const struct path *path, uint64_t end, const struct pt_visitor *visitor)
{
	enum pt_way way = PT_ENTER;

	if (visitor->leaf) {
		struct pt_place place = table_place(path, 1);

		way = visitor->leaf(visitor->arg, &place);
	}
	if (way == PT_ENTER && visitor->entry)
		return visit_leaf(path, end, visitor);
	return way != PT_STOP;
}

/* Advance at `level` to the next present entry that lies before `end` and outside the hole:
 * true, and the path is extended by the table below; false when there is none left. */
static bool descend(struct path *path, unsigned int level, uint64_t end)
{
	uint64_t stop = path->base[level] + table_reach(level);
	uint64_t reach = pt_entry_reach(level);
	uint64_t offset = path->next[level];

	if (stop > end)
		stop = end;
	while (offset < stop) {
		if (pt_in_hole(offset)) {
			offset = PT_FORMAT.hole_end;
			continue;
		}
		bool below_hole = offset < PT_FORMAT.hole_start && PT_FORMAT.hole_start < stop;
		uint64_t limit = below_hole ? PT_FORMAT.hole_start : stop;
		unsigned int first = pt_index(offset, level);
		unsigned int last = first + entries_between(offset, limit, level);
		unsigned int idx = pt_next_entry(path->table[level], first, last, PTE_PRESENT);

		if (idx == last) {
			offset = limit;
			continue;
		}
		if (idx > first)
			offset = (offset & ~(reach - 1)) + (idx - first) * reach;
		pte_t entry = pt_entry_read(path->table[level], idx);

		path->read_only = !pte_writable(entry);
		path->table[level - 1] = table_below(entry);
		path->base[level - 1] = offset & ~(reach - 1);
		path->next[level - 1] = offset;
		path->next[level] = path->base[level - 1] + reach;
		return true;
	}
	return false;
}

bool pt_walk(pfn_t root, uint64_t start, uint64_t end, const struct pt_visitor *visitor)
{
	struct path path;
	unsigned int level = PT_FORMAT.levels;

	path.read_only = false;
	path.table[level] = root;
	path.base[level] = 0;
	path.next[level] = start;
	for (;;) {
		if (level > 1 && descend(&path, level, end)) {
			level--;
			continue;
		}
		if (level == 1 && !visit_below(&path, end, visitor))
			return false;
		if (!visit_table(&path, level, visitor))
			return false;
		if (level >= PT_FORMAT.levels)
			return true;
		level++;
	}
}
