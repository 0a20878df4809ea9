/* SPDX-License-Identifier: MIT */
/*
 * The right to write is taken from a range, or given back to it: see pv_pte_protect() in pv/mmu.h.
 *
 * An address may be written when its entry and the link of its leaf table both say so. So where the
 * range has much of a table, and what lies beside it in the table may not be written anyway, one
 * request to the link does what else takes one for each entry; and as the entries stay what they
 * are, one gives the right back to exactly those that had it. The link has a mark meanwhile, and
 * what else it may meet is the same as for a table that spaces share: see share.h.
 */
#include "xen/multicall.h"
#include "xen/pt_walk.h"
#include "xen/rewrite.h"
#include "xen/share.h"
#include "xen/space_entries.h"
#include "xen/tlb.h"

/* Where so small a part of a table may be written, requests for the entries are cheaper than two
 * for the link, and the walk through all entries that may follow. */
#define FEW_PART 64u

static unsigned int few_entries(void)
{
	return pt_entry_count(1) / FEW_PART;
}

struct protect {
	struct rewrite rewrite; /* where the link does not decide */
	bool write;             /* given, else taken */
};

/* Whether more than a few entries of a part of a leaf table permit writes. */
static bool many_writable(pfn_t leaf, unsigned int first, unsigned int end)
{
	unsigned int found = 0;

	for (unsigned int i = first; (i = pt_next_entry(leaf, i, end, PTE_WRITE)) < end; i++)
		if (++found > few_entries())
			return true;
	return false;
}

/* Whether it is for the link to change, if anything is, and no entry. That stays so as long as it
 * and the entries do, whoever else shares the table or ceases to. */
static bool link_decides(void *arg, pfn_t leaf, bool read_only, uint64_t from, uint64_t to)
{
	const struct protect *protect = arg;
	const struct pt_space *space = protect->rewrite.space;
	unsigned int first = pt_index(from, 1), end = pt_index(to - PAGE_BYTES, 1) + 1;
	unsigned int count = pt_entry_count(1);
	bool taken = read_only && (space_link(space, from).v & LINK_TAKEN);

	if (protect->write ? !taken : taken)
		return taken;
	if (!read_only && !(space->pinned && many_writable(leaf, first, end)))
		return false;
	return pt_next_entry(leaf, 0, first, PTE_WRITE) == first &&
	       pt_next_entry(leaf, end, count, PTE_WRITE) == count;
}

static void set_link(const struct rewrite *rewrite, uint64_t offset, pte_t link)
{
	struct pt_space *space = rewrite->space;

	space_set_upper(rewrite->batch, space, pt_find_table(space->root, offset, 2), offset, 2,
	                link);
}

static void take(const struct rewrite *rewrite, uint64_t offset)
{
	struct pt_space *space = rewrite->space;
	pte_t link = space_link(space, offset);

	if (link.v & LINK_TAKEN)
		return;
	set_link(rewrite, offset, pte_set_flags(pte_clear_flags(link, PTE_WRITE), LINK_TAKEN));
	if (!pte_writable(link)) /* nor could anybody write before */
		return;
	tlb_note_all_stale(rewrite->batch, space);
	space->shared++;
	space_leaf_forget(space);
}

/* What others have part in stays without the right, as before it was taken. */
static void give(const struct rewrite *rewrite, uint64_t offset, pfn_t leaf)
{
	struct pt_space *space = rewrite->space;
	pte_t link = pte_clear_flags(space_link(space, offset), LINK_TAKEN);

	if (share_with_others(leaf)) {
		set_link(rewrite, offset, link);
	} else if (share_with_nobody(leaf)) {
		set_link(rewrite, offset, pte_set_flags(link, PTE_WRITE));
		space->shared--;
		space_leaf_forget(space);
	} else {
		/* Copies have part in what the entries permit. Not shared, it needs no memory. */
		space_leaf_find(space, offset);
		share_own(space, offset);
	}
}

static bool protect_leaf(void *arg, pfn_t leaf, bool read_only, uint64_t from, uint64_t to)
{
	struct protect *protect = arg;

	if (!link_decides(protect, leaf, read_only, from, to))
		return rewrite_leaf(&protect->rewrite, leaf, read_only, from, to);
	if (protect->write)
		give(&protect->rewrite, from, leaf);
	else
		take(&protect->rewrite, from);
	return true;
}

int xen_pte_protect(struct pt_space *space, vaddr_t start, vaddr_t end, bool write,
                    const struct xen_sharing *sharing, xen_pte_editor *edit, void *arg)
{
	struct mc_batch batch;
	struct protect protect = {
	    .rewrite = {.space = space, .batch = &batch, .edit = edit, .arg = arg}, .write = write};
	int result;

	/* Mostly it is a few pages, and no link is involved. */
	if (space->shared == 0 && end.v - start.v <= few_entries() * PAGE_BYTES) {
		xen_pte_rewrite(space, start, end, edit, arg);
		return 0;
	}
	space->sharing = sharing;
	space_leaf_finish(space);
	result = share_own_range(space, start, end, link_decides, &protect);
	if (result != 0)
		return result;
	batch = mc_begin();
	space_walk_leaves(space, start, end, protect_leaf, &protect);
	tlb_settle(&batch);
	mc_commit(&batch);
	rewrite_done(&protect.rewrite);
	return 0;
}
