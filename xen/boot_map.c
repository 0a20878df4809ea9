/* SPDX-License-Identifier: MIT */
/*
 * Building the direct map: see boot_map.h.
 *
 * Xen maps the image and what follows it linearly (the boot map), with at least 512 KiB of room
 * behind. The frames for the new tables, those of all memory, come from there. The leaf tables that
 * map what boot needs are filled through the boot map and installed with the upper tables at once,
 * as far as that room holds them; others are filled through the direct map that exists by then,
 * which therefore reaches the tables themselves first: behind a large ramdisk they lie where the
 * first leaf tables that fit the room would not reach. A table is read-only in both maps before it
 * is installed.
 *
 * Memory behind that is mapped when the kernel asks for it, one leaf table at a time: Xen looks at
 * each entry of a table and at each frame, and most guests never use all of their memory. Entries
 * that appear need no flush.
 */
#include "xen/boot_map.h"

#include "arch/x86/boot_layout.h"
#include "arch/x86/pt_format.h"
#include "lib/string.h"
#include "xen/direct_map.h"
#include "xen/hooks.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/space.h"

#define LEAF_ENTRIES (1ul << PT_FORMAT.index_bits)
#define TABLE_FLAGS  (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define DATA_FLAGS   (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_NX)

struct builder {
	unsigned long frame_count;
	pfn_t boot_tables; /* Xen's */
	unsigned long boot_table_count;
	pfn_t tables; /* ours: device top, upper tables, then leaf tables in order */
	unsigned long table_count;
	pfn_t upper[PT_LEVELS_MAX + 1]; /* first table of each level */
	unsigned long leaf_count;
	unsigned long leaf_done; /* leaf tables that are in use: the first so many of the run */
	/* Where Xen's room is short: the leaves that map the run itself. They come first in it. */
	unsigned long first_leaf, first_count;
};

static struct builder direct_map;

/* The tables in use, from `tables` on. */
static unsigned long tables_done(const struct builder *b)
{
	return b->table_count - b->leaf_count + b->leaf_done;
}

/* Which leaf's table is at a place of the run, counted from the run's first leaf table. They are
 * installed in the order of their places. */
static unsigned long leaf_at(const struct builder *b, unsigned long place)
{
	if (place < b->first_count)
		return b->first_leaf + place;
	return place - b->first_count < b->first_leaf ? place - b->first_count : place;
}

/* How many leaves from the first one on are in use. */
static unsigned long leaves_in_a_row(const struct builder *b)
{
	unsigned long others = b->leaf_done - b->first_count;

	return others < b->first_leaf ? others : b->leaf_done;
}

static uint64_t *table_words(pfn_t table)
{
	return boot_pfn_to_virt(table);
}

/* As pt_find_table(), while tables are reachable through the boot map only. */
static pfn_t boot_find_leaf(pfn_t root, uintptr_t va)
{
	uint64_t offset = pt_offset((vaddr_t){va});
	pfn_t table = root;

	for (unsigned int level = PT_FORMAT.levels; level > 1; level--) {
		pte_t entry = {table_words(table)[pt_index(offset, level)]};

		if (!pte_present(entry))
			return PFN_NONE;
		table = p2m_pfn(pte_mfn(entry));
	}
	return table;
}

static bool boot_mapped(pfn_t root, pfn_t pfn)
{
	uintptr_t va = (uintptr_t)boot_pfn_to_virt(pfn);
	pfn_t leaf = boot_find_leaf(root, va);

	return !pfn_is_none(leaf) &&
	       (table_words(leaf)[pt_index(pt_offset((vaddr_t){va}), 1)] & PTE_PRESENT);
}

static bool in_run(pfn_t pfn, pfn_t first, unsigned long count)
{
	return pfn.v >= first.v && pfn.v - first.v < count;
}

static bool image_read_only(pfn_t pfn)
{
	return pfn.v >= boot_virt_to_pfn(image_start).v &&
	       pfn.v < boot_virt_to_pfn(image_rodata_end).v;
}

/* What the direct map says about a frame. Leaf tables that are filled through it are writable
 * until then. */
static pte_t direct_entry(const struct builder *b, pfn_t pfn)
{
	bool read_only = in_run(pfn, b->boot_tables, b->boot_table_count) ||
	                 in_run(pfn, b->tables, tables_done(b)) || image_read_only(pfn);

	if (mfn_is_none(p2m_mfn(pfn)))
		return PTE_NONE;
	return pte_from_pfn(pfn, read_only ? DATA_FLAGS : DATA_FLAGS | PTE_WRITE);
}

static void plan(struct builder *b, const struct start_info *info)
{
	unsigned long count = info->nr_pages;
	unsigned long total = 1; /* the device region's */

	b->frame_count = info->nr_pages;
	b->boot_tables = boot_virt_to_pfn((void *)info->pt_base);
	b->boot_table_count = info->nr_pt_frames;
	b->tables = PFN(b->boot_tables.v + b->boot_table_count);
	for (unsigned int level = 1; level < PT_FORMAT.levels; level++) {
		count = (count + LEAF_ENTRIES - 1) / LEAF_ENTRIES;
		if (level == 1)
			b->leaf_count = count;
		else
			total += count;
	}
	b->table_count = total + b->leaf_count;
	/* Order of the run: device top, highest level first, leaves last. */
	unsigned long next = b->tables.v + 1;

	for (unsigned int level = PT_FORMAT.levels - 1; level >= 1; level--) {
		unsigned long n = info->nr_pages;

		for (unsigned int i = 1; i <= level; i++)
			n = (n + LEAF_ENTRIES - 1) / LEAF_ENTRIES;
		b->upper[level] = PFN(next);
		next += n;
	}
	/* All that boot needs, if the boot map has room for their tables. */
	unsigned long wanted = (b->tables.v + b->table_count + LEAF_ENTRIES - 1) / LEAF_ENTRIES;

	b->leaf_done = 0;
	while (b->leaf_done < wanted &&
	       boot_mapped(b->boot_tables, PFN(b->upper[1].v + b->leaf_done)))
		b->leaf_done++;
	if (b->leaf_done < wanted) {
		b->first_leaf = b->tables.v / LEAF_ENTRIES;
		b->first_count = wanted - b->first_leaf;
	}
	if (b->leaf_done == 0 || b->leaf_done < b->first_count ||
	    b->tables.v + b->table_count > b->frame_count)
		host_panic("boot: no room for the direct map's tables");
}

static void fill_leaf(const struct builder *b, uint64_t *words, unsigned long leaf)
{
	for (unsigned long i = 0; i < LEAF_ENTRIES; i++) {
		unsigned long pfn = leaf * LEAF_ENTRIES + i;

		words[i] = pfn < b->frame_count ? direct_entry(b, PFN(pfn)).v : 0;
	}
}

/* Fill what is installed first: `leaf_done` leaves and all upper tables, with entries for those
 * leaves only. */
static void fill_early(const struct builder *b)
{
	unsigned long below = b->leaf_done;

	for (unsigned long i = 0; i < b->leaf_done; i++)
		fill_leaf(b, table_words(PFN(b->upper[1].v + i)), leaf_at(b, i));
	for (unsigned int level = 2; level < PT_FORMAT.levels; level++) {
		unsigned long tables = b->upper[level - 1].v - b->upper[level].v;

		memset(table_words(b->upper[level]), 0, tables * PAGE_BYTES);
		/* The tables of a level are one run, so the entries of a level are one array. */
		for (unsigned long i = 0; i < below; i++)
			table_words(b->upper[level])[level == 2 ? leaf_at(b, i) : i] =
			    pte_from_pfn(PFN(b->upper[level - 1].v + i), TABLE_FLAGS).v;
		below = tables;
	}
	memset(table_words(b->tables), 0, PAGE_BYTES);
}

pte_t boot_early_entry(pte_t old, pte_t wanted, bool is_table)
{
	bool same_frame = pte_present(wanted) && pte_mfn(old).v == pte_mfn(wanted).v;

	if (is_table && pte_present(old) && !pte_writable(old) && same_frame)
		return pte_clear_flags(wanted, PTE_WRITE);
	return wanted;
}

/* Change entry `idx` of a leaf table of the boot map. */
static void boot_set_entry(struct mc_batch *batch, const struct builder *b, pfn_t leaf,
                           unsigned int idx, pte_t old, pte_t wanted)
{
	pfn_t mapped = pte_pfn(old);
	bool is_table = in_run(mapped, b->boot_tables, b->boot_table_count);

	mc_mmu_update(batch, pt_entry_maddr(leaf, idx), boot_early_entry(old, wanted, is_table));
}

/* Change the boot map's entry for a frame, while tables are reachable through the boot map. */
static void boot_remap(struct mc_batch *batch, const struct builder *b, pfn_t pfn, pte_t wanted)
{
	uintptr_t va = (uintptr_t)boot_pfn_to_virt(pfn);
	pfn_t leaf = boot_find_leaf(b->boot_tables, va);
	unsigned int idx = pt_index(pt_offset((vaddr_t){va}), 1);

	boot_set_entry(batch, b, leaf, idx, (pte_t){table_words(leaf)[idx]}, wanted);
}

static void install_early(const struct builder *b)
{
	unsigned int top = PT_FORMAT.levels;
	struct mc_batch batch = mc_begin();

	for (unsigned long i = 0; i < tables_done(b); i++) {
		pfn_t table = PFN(b->tables.v + i);

		boot_remap(&batch, b, table, pte_from_pfn(table, DATA_FLAGS));
	}
	mc_mmu_update(&batch,
	              pt_entry_maddr(b->boot_tables,
	                             pt_index(pt_offset((vaddr_t){PORT_DIRECT_MAP_BASE}), top)),
	              pte_from_pfn(b->upper[top - 1], TABLE_FLAGS));
	mc_mmu_update(
	    &batch,
	    pt_entry_maddr(b->boot_tables, pt_index(pt_offset((vaddr_t){XEN_DEVICE_BASE}), top)),
	    pte_from_pfn(b->tables, TABLE_FLAGS));
	mc_commit(&batch);
}

/* The next leaf table, which the direct map reaches by now. */
static void install_next(struct builder *b)
{
	unsigned long i = leaf_at(b, b->leaf_done);
	pfn_t leaf = PFN(b->upper[1].v + b->leaf_done);
	struct mc_batch batch;

	fill_leaf(b, xen_pfn_to_virt(leaf), i);
	batch = mc_begin();
	mc_update_va(&batch, VADDR(xen_pfn_to_virt(leaf)), pte_from_pfn(leaf, DATA_FLAGS),
	             UVMF_NONE);
	mc_mmu_update(
	    &batch,
	    pt_entry_maddr(PFN(b->upper[2].v + i / LEAF_ENTRIES), (unsigned int)(i % LEAF_ENTRIES)),
	    pte_from_pfn(leaf, TABLE_FLAGS));
	/* In somebody else's batch too: the new memory is used at once. */
	mc_issue();
	mc_commit(&batch);
	b->leaf_done++;
	if (host_frame(leaf))
		xen_space_adopt_boot(leaf, 1);
}

unsigned long boot_map_extend(unsigned long frames)
{
	struct builder *b = &direct_map;

	/* Where each space has kernel tables of its own, entries cannot appear in all at once. */
	if (PT_FORMAT.levels < 4)
		frames = b->frame_count;
	while (b->leaf_done < b->leaf_count && leaves_in_a_row(b) * LEAF_ENTRIES < frames)
		install_next(b);
	return b->leaf_done < b->leaf_count ? leaves_in_a_row(b) * LEAF_ENTRIES : b->frame_count;
}

void boot_map_adopt(void)
{
	const struct builder *b = &direct_map;

	xen_space_adopt_boot(b->boot_tables, b->boot_table_count + tables_done(b));
}

static uint64_t image_flags(uintptr_t va)
{
	if (va < (uintptr_t)image_text_end)
		return PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY;
	return va < (uintptr_t)image_rodata_end ? DATA_FLAGS : DATA_FLAGS | PTE_WRITE;
}

/* The image keeps its place with the rights of its sections; everything else leaves the boot
 * map. */
static void restrict_boot_map(const struct builder *b)
{
	struct mc_batch batch = mc_begin();
	uint64_t offset = pt_offset((vaddr_t){XEN_VIRT_BASE});

	while (offset < pt_reach()) {
		pfn_t table = pt_find_table(b->boot_tables, offset, 2);
		uintptr_t va = pt_vaddr(offset).v;
		uint64_t reach = pt_entry_reach(2);

		if (pfn_is_none(table) || !pte_present(pt_entry_read(table, pt_index(offset, 2))))
			break;
		if (va >= (uintptr_t)image_end) {
			mc_mmu_update(&batch, pt_entry_maddr(table, pt_index(offset, 2)), PTE_NONE);
			offset += reach;
			continue;
		}
		pfn_t leaf = pt_find_table(b->boot_tables, offset, 1);

		for (unsigned int i = 0; i < LEAF_ENTRIES; i++, va += PAGE_BYTES) {
			bool inside = va >= (uintptr_t)image_start && va < (uintptr_t)image_end;
			pte_t old = pt_entry_read(leaf, i);

			if (inside)
				boot_set_entry(
				    &batch, b, leaf, i, old,
				    pte_from_pfn(boot_virt_to_pfn((void *)va), image_flags(va)));
			else if (!pte_none(old))
				boot_set_entry(&batch, b, leaf, i, old, PTE_NONE);
		}
		offset += reach;
	}
	struct mmuext_op flush = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};

	mc_mmuext(&batch, &flush);
	mc_commit(&batch);
}

/* Pages that Xen's tools have put somewhere: a guest domain's rings. */
static unsigned long frames_of_rings(const struct start_info *info)
{
	pfn_t store, console;

	if (info->flags & SIF_INITDOMAIN)
		return 0;
	store = p2m_pfn(MFN((unsigned long)info->store_mfn));
	console = p2m_pfn(MFN((unsigned long)info->console.domU.mfn));
	if (pfn_is_none(store))
		return pfn_is_none(console) ? 0 : console.v + 1;
	return (pfn_is_none(console) || store.v > console.v ? store.v : console.v) + 1;
}

pfn_t boot_map_build(const struct start_info *info)
{
	struct builder *b = &direct_map;
	pfn_t first_free;

	plan(b, info);
	first_free = PFN(b->tables.v + b->table_count);
	xen_kernel_space.root = b->boot_tables;
	fill_early(b);
	install_early(b);
	boot_map_extend(first_free.v);
	boot_map_extend(frames_of_rings(info));
	p2m_move(xen_pfn_to_virt(boot_virt_to_pfn((void *)info->mfn_list)));
	restrict_boot_map(b);
	return first_free;
}

static bool verify_entry(void *arg, const struct pt_place *place)
{
	pfn_t pfn = pte_pfn(place->entry);
	uintptr_t va = pt_vaddr(place->offset).v;

	(void)arg;
	if (!pte_present(place->entry))
		return true;
	if (pte_writable(place->entry) && !(place->entry.v & PTE_NX))
		host_panic("boot check: a page is writable and executable");
	if (pte_writable(place->entry) && !pfn_is_none(pfn) && pin_is_live(pfn))
		host_panic("boot check: a page table is writable");
	if (!(place->entry.v & PTE_NX) &&
	    (va < (uintptr_t)image_start || va >= (uintptr_t)image_text_end))
		host_panic("boot check: a page outside the kernel's text is executable");
	if (pte_writable(place->entry) && !pfn_is_none(pfn) && image_read_only(pfn))
		host_panic("boot check: the image's text or constants are writable");
	return true;
}

void boot_map_verify(void)
{
	pt_walk(xen_kernel_space.root, PT_FORMAT.user_end, pt_reach(),
	        &(struct pt_visitor){.entry = verify_entry});
}
