/* SPDX-License-Identifier: MIT */
/*
 * Entries of an address space's page tables: what they look like, and the operations on ranges of
 * them.
 *
 * Invariants: an entry has the rights of its area, but that it may lack write permission
 * (copy-on-write; a fault gives it). Each entry, present or hidden, holds one reference on its
 * frame; one in a leaf table that several processes share (fork.c) holds one for all of them. A
 * frame whose entry was cleared is put only after the batch with the change and its flush has been
 * issued, since until then the CPU may still use it.
 *
 * A hidden entry keeps the frame of an area that permits nothing. Its address bits are the inverted
 * pfn: that is far above any memory, so that a CPU that reads ahead through entries that are not
 * present finds nothing there.
 */
#include "kernel/mm/internal.h"

#define GATHER_MAX 64u

/* What is no more has no leaf table that is worth being taken out with all that it maps. */
#define FEW_BYTES (64 * PAGE_BYTES)

static struct page *zero_page;

bool entry_zero_page_init(void)
{
	if (!zero_page)
		zero_page = page_alloc_zeroed();
	return zero_page != NULL;
}

struct page *entry_zero_page(void)
{
	return zero_page;
}

static pfn_t hidden_pfn(pte_t pte)
{
	return PFN((unsigned long)((~pte.v & PTE_FRAME_MASK) >> PAGE_SHIFT));
}

static pte_t hidden_make(const struct page *page, uint64_t soft)
{
	uint64_t address = (uint64_t)page_pfn(page).v << PAGE_SHIFT;

	return (pte_t){(~address & PTE_FRAME_MASK) | PTE_HIDDEN | soft};
}

struct page *entry_page(pte_t pte)
{
	pfn_t pfn = PFN_NONE;

	if (pte_present(pte))
		pfn = pv_pte_pfn(pte);
	else if (pte.v & PTE_HIDDEN)
		pfn = hidden_pfn(pte);
	return pfn_is_none(pfn) ? NULL : page_of_pfn(pfn);
}

uint64_t entry_flags(const struct vm_area *area, bool write, uint64_t soft)
{
	uint64_t flags = PTE_PRESENT | PTE_USER | PTE_ACCESSED | soft;

	if (write && (area->prot & VM_WRITE))
		flags |= PTE_WRITE | PTE_DIRTY;
	return area->prot & VM_EXEC ? flags : flags | PTE_NX;
}

pte_t entry_make(const struct vm_area *area, const struct page *page, bool write, uint64_t soft)
{
	if ((area->prot & VM_PROT_ALL) == 0)
		return hidden_make(page, soft);
	return pv_pte_make(page_pfn(page), entry_flags(area, write, soft));
}

void entry_count_pages(struct vm *vm, uint64_t soft, int change)
{
	vm->resident_pages += (uint64_t)(int64_t)change;
	if (soft & PTE_FILE)
		vm->file_pages += (uint64_t)(int64_t)change;
	vm->resident_peak = MAX(vm->resident_peak, vm->resident_pages);
}

void entry_count(struct vm *vm, const struct page *page, uint64_t soft, int change)
{
	if (page != zero_page)
		entry_count_pages(vm, soft, change);
}

/* Frames to put after the batch. */
struct zap {
	struct vm *vm;
	unsigned int count;
	struct page *pages[GATHER_MAX];
};

static bool edit_zap(vaddr_t va, pte_t *pte, void *arg)
{
	struct zap *zap = arg;
	struct page *page = entry_page(*pte);

	(void)va;
	if (zap->count == GATHER_MAX)
		return false;
	if (page) {
		entry_count(zap->vm, page, pte->v, -1);
		zap->pages[zap->count++] = page;
	}
	*pte = PTE_NONE;
	return true;
}

/* An entry of a table that is left to who else shares it. */
static void visit_left(pte_t pte, void *arg)
{
	struct page *page = entry_page(pte);

	if (page)
		entry_count(arg, page, pte.v, -1);
}

/* An entry of a table that is taken out. */
static void visit_gone(pte_t pte, void *arg)
{
	struct page *page = entry_page(pte);

	if (!page)
		return;
	entry_count(arg, page, pte.v, -1);
	page_put(page);
}

int entry_zap(struct vm *vm, uintptr_t start, uintptr_t end)
{
	struct zap zap = {.vm = vm};
	uintptr_t first_end = MIN(end, (start | (LEAF_BYTES - 1)) + 1);
	uintptr_t last_start = MAX(start, leaf_floor(end));
	uintptr_t low = start, high = end;

	if (end - start > FEW_BYTES)
		area_gap_around(vm, start, end, &low, &high);
	/* Only a table that maps something else as well is copied. */
	if (leaf_floor(start) < low &&
	    pv_tables_own(&vm->space, VADDR(start), VADDR(first_end)) != 0)
		return -ENOMEM;
	if (leaf_floor(end - 1) + LEAF_BYTES > high &&
	    pv_tables_own(&vm->space, VADDR(last_start), VADDR(end)) != 0)
		return -ENOMEM;
	low = MAX(low, leaf_floor(start));
	high = MIN(high, leaf_floor(end - 1) + LEAF_BYTES);
	pv_tables_leave(&vm->space, VADDR(low), VADDR(high), visit_left, visit_gone, vm);
	for (vaddr_t at = VADDR(start); at.v < end;) {
		at = pv_pte_rewrite(&vm->space, at, VADDR(end), edit_zap, &zap);
		while (zap.count > 0)
			page_put(zap.pages[--zap.count]);
	}
	return 0;
}

void entry_release(pte_t pte, void *arg)
{
	struct page *page = entry_page(pte);

	(void)arg;
	if (page)
		page_put(page);
}

static bool edit_protect(vaddr_t va, pte_t *pte, void *arg)
{
	const struct vm_area *area = arg;
	uint64_t soft = pte->v & PTE_FILE;

	(void)va;
	if (pte_present(*pte) && (area->prot & VM_PROT_ALL) && !(area->prot & VM_WRITE)) {
		pte->v = (pte->v & PTE_FRAME_MASK) | entry_flags(area, false, soft);
		return true;
	}
	struct page *page = entry_page(*pte);

	if (!page)
		return true;
	/* A frame of ours alone may be written at once; the others when a fault has looked at them.
	 */
	bool write = area_private(area) ? page->ref_count == 1 && soft == 0 : pte_writable(*pte);

	if (pte_present(*pte) && (area->prot & VM_PROT_ALL))
		pte->v = (pte->v & PTE_FRAME_MASK) | entry_flags(area, write, soft);
	else
		*pte = entry_make(area, page, write, soft);
	return true;
}

int entry_protect(struct vm *vm, const struct vm_area *area, unsigned int before)
{
	vaddr_t start = VADDR(area->start), end = VADDR(area->end);
	void *arg = (void *)(uintptr_t)area;

	if ((before ^ area->prot) == VM_WRITE && (before & area->prot))
		return pv_pte_protect(&vm->space, start, end, area->prot & VM_WRITE, &vm_sharing,
		                      edit_protect, arg);
	if (pv_tables_own(&vm->space, start, end) != 0)
		return -ENOMEM;
	pv_pte_rewrite(&vm->space, start, end, edit_protect, arg);
	return 0;
}

/* [from, end) goes to where it is `distance` higher, modulo the address range. */
struct move {
	uintptr_t from, end, distance;
	uintptr_t prepared; /* leaf table that was seen to last */
};

static bool visit_move_prepare(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct move *move = arg;
	uintptr_t to = va.v + move->distance;

	(void)pte;
	if (to / LEAF_BYTES == move->prepared)
		return true;
	move->prepared = to / LEAF_BYTES;
	return pv_pte_prepare(space, VADDR(to)) == 0;
}

/* Entries on their way. Their frames keep the references that the entries had. */
struct taken {
	unsigned int count;
	uintptr_t from[GATHER_MAX];
	pte_t pte[GATHER_MAX];
};

static bool edit_take(vaddr_t va, pte_t *pte, void *arg)
{
	struct taken *taken = arg;

	if (taken->count == GATHER_MAX)
		return false;
	taken->from[taken->count] = va.v;
	taken->pte[taken->count++] = *pte;
	*pte = PTE_NONE;
	return true;
}

static int move_entries(struct vm *vm, struct move move)
{
	move.prepared = UINTPTR_MAX;
	if (pv_tables_own(&vm->space, VADDR(move.from), VADDR(move.end)) != 0)
		return -ENOMEM;
	if (!pv_pte_walk(&vm->space, VADDR(move.from), VADDR(move.end), visit_move_prepare, &move))
		return -ENOMEM;
	for (vaddr_t at = VADDR(move.from); at.v < move.end;) {
		struct taken taken = {.count = 0};

		at = pv_pte_rewrite(&vm->space, at, VADDR(move.end), edit_take, &taken);
		pv_lazy_mmu_enter();
		for (unsigned int i = 0; i < taken.count; i++)
			pv_pte_set(&vm->space, VADDR(taken.from[i] + move.distance), taken.pte[i],
			           PV_FLUSH_NONE);
		pv_lazy_mmu_leave();
	}
	return 0;
}

/* Whether what lies in the leaf table at `block` can move with the table: it is all that the table
 * maps, and where the table goes nothing is mapped. */
static bool table_can_move(struct vm *vm, const struct move *move, uintptr_t block)
{
	uintptr_t start = MAX(block, move->from), end = MIN(block + LEAF_BYTES, move->end);
	uintptr_t place = block + move->distance;

	/* A part that has moved already has no area yet. */
	if (move->from + move->distance < block + LEAF_BYTES && move->end + move->distance > block)
		return false;
	return (move->distance & (LEAF_BYTES - 1)) == 0 &&
	       area_bytes_in(vm, block, block + LEAF_BYTES) == end - start &&
	       area_bytes_in(vm, place, place + LEAF_BYTES) == 0;
}

/* The part of a move that lies in the leaf table at `block`, or the way back. The areas are as they
 * were before. */
static int move_block(struct vm *vm, const struct move *move, uintptr_t block, bool back)
{
	uintptr_t shift = back ? move->distance : 0;
	struct move part = {.from = MAX(block, move->from) + shift,
	                    .end = MIN(block + LEAF_BYTES, move->end) + shift,
	                    .distance = back ? -move->distance : move->distance};

	if (!table_can_move(vm, move, block))
		return move_entries(vm, part);
	block += shift;
	return pv_table_move(&vm->space, VADDR(block), VADDR(block + part.distance));
}

static bool visit_find(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	uintptr_t *found = arg;

	(void)space;
	(void)pte;
	*found = va.v;
	return false;
}

uintptr_t entry_find(struct vm *vm, uintptr_t at, uintptr_t end)
{
	uintptr_t found = end;

	if (at < end)
		pv_pte_walk(&vm->space, VADDR(at), VADDR(end), visit_find, &found);
	return found;
}

uintptr_t entry_piece(struct vm *vm, uintptr_t start, uintptr_t end)
{
	uintptr_t found;

	if (end - start <= PIECE_BYTES)
		return end;
	found = entry_find(vm, start, end);
	return found < end ? MIN(leaf_floor(found) + PIECE_BYTES, end) : end;
}

int entry_move(struct vm *vm, uintptr_t from, uintptr_t to, size_t bytes)
{
	const struct move move = {.from = from, .end = from + bytes, .distance = to - from};
	uintptr_t at = entry_find(vm, from, move.end), failed;

	while (at < move.end && move_block(vm, &move, leaf_floor(at), false) == 0)
		at = entry_find(vm, leaf_floor(at) + LEAF_BYTES, move.end);
	if (at == move.end)
		return 0;
	/* The tables of the way back are there. */
	failed = leaf_floor(at);
	for (at = leaf_floor(from); at < failed; at += LEAF_BYTES)
		if (move_block(vm, &move, at, true) != 0)
			panic("mm: a move cannot be undone");
	entry_trim(vm, to, to + bytes);
	return -ENOMEM;
}

void entry_trim(struct vm *vm, uintptr_t start, uintptr_t end)
{
	uintptr_t first = start, last = end, low, high;

	area_gap_around(vm, start, end, &low, &high);
	/* As far around the range as tables of it reach that serve nothing else. */
	for (uintptr_t reach = LEAF_BYTES; reach < VM_USER_TOP; reach *= LEAF_BYTES / PAGE_BYTES) {
		uintptr_t from = start & ~(reach - 1), to = (end + reach - 1) & ~(reach - 1);

		if (from >= low)
			first = from;
		if (to <= high)
			last = to;
	}
	/* Mostly a neighbour shares the leaf table, and there is nothing to look for. */
	if (leaf_floor(first + LEAF_BYTES - 1) < leaf_floor(last))
		pv_tables_trim(&vm->space, VADDR(first), VADDR(last));
}
