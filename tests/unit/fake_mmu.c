/* SPDX-License-Identifier: MIT */
/*
 * See fake_mmu.h. Rules of pv/mmu.h that are checked here: tables are there before an entry is set;
 * lazy mode is not nested and nothing in it reads what it has set; a frame lives until its entry's
 * change and the flush have been issued; a change that takes rights away is flushed (the TLB would
 * keep the old entry, and the test would see it).
 */
#include "tests/unit/fake_mmu.h"

#include <stdlib.h>

#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "pv/mmu.h"
#include "tests/unit/fake_kernel.h"

#define SPACES      16u
#define CPUS        2u
#define LEAF_BYTES  (2ul << 20)
#define LEAVES      4u
#define UPDATES_MAX 4096u

struct table {
	bool used;
	struct page *leaf[LEAVES]; /* frames that the tables take */
	struct page *upper[LEAVES];
	pte_t entry[FAKE_MMU_PAGES];
	pte_t tlb[CPUS][FAKE_MMU_PAGES];
	bool set_in_batch[FAKE_MMU_PAGES];
};

struct update {
	struct table *table;
	unsigned int page;
	pte_t pte;
	bool flush;
};

static struct table tables[SPACES];
static struct update updates[UPDATES_MAX];
static unsigned int update_count;
static bool lazy;
unsigned int fake_mmu_tables_moved;

static struct table *table_of(const struct pt_space *space)
{
	ASSERT(space->root.v < SPACES && tables[space->root.v].used);
	return &tables[space->root.v];
}

static unsigned int page_number(uintptr_t addr)
{
	ASSERT(addr >= FAKE_MMU_BASE && (addr - FAKE_MMU_BASE) / PAGE_BYTES < FAKE_MMU_PAGES);
	return (unsigned int)((addr - FAKE_MMU_BASE) / PAGE_BYTES);
}

static unsigned int leaf_number(uintptr_t addr)
{
	return (unsigned int)(addr / LEAF_BYTES - FAKE_MMU_BASE / LEAF_BYTES);
}

static int space_init(struct pt_space *space)
{
	unsigned long number = 0;

	while (tables[number].used)
		number++;
	ASSERT(number < SPACES);
	tables[number] = (struct table){.used = true};
	*space = (struct pt_space){.root = PFN(number), .user_root = PFN_NONE};
	return 0;
}

static void space_dissolve(struct pt_space *space, xen_pte_release *release, void *arg)
{
	struct table *table = table_of(space);

	ASSERT(!lazy);
	memset(table->tlb, 0, sizeof(table->tlb));
	for (unsigned int page = 0; page < FAKE_MMU_PAGES; page++)
		if (!pte_none(table->entry[page]))
			release(table->entry[page], arg);
	for (unsigned int i = 0; i < LEAVES; i++) {
		if (table->leaf[i])
			page_put(table->leaf[i]);
		if (table->upper[i])
			page_put(table->upper[i]);
	}
	*table = (struct table){0};
}

static pte_t pte_read(const struct pt_space *space, vaddr_t va)
{
	unsigned int page = page_number(va.v);

	ASSERT(!table_of(space)->set_in_batch[page]);
	return table_of(space)->entry[page];
}

static void *user_reach(struct pt_space *space, vaddr_t va, bool write)
{
	pte_t *entry = &table_of(space)->entry[page_number(va.v)];

	if (!pte_present(*entry) || (write && !pte_writable(*entry)))
		return NULL;
	char *page = page_virt(page_of_pfn(PFN(pte_mfn(*entry).v)));

	space->reached[space_reached_place(va)] = (struct pt_reached){
	    .last = va.v | (PAGE_BYTES - 1), .entry = &entry->v, .value = entry->v, .page = page};
	return page + (va.v & (PAGE_BYTES - 1));
}

static int pte_prepare(struct pt_space *space, vaddr_t va)
{
	struct page **leaf = &table_of(space)->leaf[leaf_number(va.v)];

	if (!*leaf)
		*leaf = page_alloc_zeroed();
	return *leaf ? 0 : -ENOMEM;
}

static int pte_prepare_like(struct pt_space *space, vaddr_t va, const struct pt_space *model)
{
	ASSERT(space->root.v != model->root.v);
	return pte_prepare(space, va);
}

/* The old entry's frame must not have been given away before. */
static void check_frame(pte_t pte)
{
	if (pte_present(pte))
		ASSERT(page_of_pfn(PFN(pte_mfn(pte).v))->ref_count > 0);
}

static void carry_out(const struct update *update)
{
	struct table *table = update->table;

	check_frame(table->entry[update->page]);
	table->entry[update->page] = update->pte;
	table->set_in_batch[update->page] = false;
}

static void flush(const struct update *update)
{
	if (!update->flush)
		return;
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		check_frame(update->table->tlb[cpu][update->page]);
		update->table->tlb[cpu][update->page] = PTE_NONE;
	}
}

static void pte_set(struct pt_space *space, vaddr_t va, pte_t pte, enum pv_flush how)
{
	struct table *table = table_of(space);
	struct update update = {
	    .table = table, .page = page_number(va.v), .pte = pte, .flush = how == PV_FLUSH_PAGE};

	ASSERT(table->leaf[leaf_number(va.v)]);
	if (!lazy) {
		carry_out(&update);
		flush(&update);
		return;
	}
	ASSERT(update_count < UPDATES_MAX);
	table->set_in_batch[update.page] = true;
	updates[update_count++] = update;
}

static bool pte_walk(struct pt_space *space, vaddr_t start, vaddr_t end, pv_pte_visitor *visit,
                     void *arg)
{
	struct table *table = table_of(space);

	for (unsigned int page = 0; page < FAKE_MMU_PAGES; page++) {
		uintptr_t addr = FAKE_MMU_BASE + page * PAGE_BYTES;

		if (addr < start.v || addr >= end.v)
			continue;
		ASSERT(!table->set_in_batch[page]);
		if (!pte_none(table->entry[page]) &&
		    !visit(space, VADDR(addr), table->entry[page], arg))
			return false;
	}
	return true;
}

static void lazy_enter(void)
{
	ASSERT(!lazy);
	lazy = true;
}

static void lazy_leave(void)
{
	ASSERT(lazy);
	for (unsigned int i = 0; i < update_count; i++)
		carry_out(&updates[i]);
	for (unsigned int i = 0; i < update_count; i++)
		flush(&updates[i]);
	update_count = 0;
	lazy = false;
}

/* In a batch with what lazy mode has collected, if it is on. */
static vaddr_t pte_rewrite(struct pt_space *space, vaddr_t start, vaddr_t end, pv_pte_editor *edit,
                           void *arg)
{
	struct table *table = table_of(space);
	bool in_lazy = lazy;
	vaddr_t stopped = end;

	if (!in_lazy)
		lazy_enter();
	for (unsigned int page = 0; page < FAKE_MMU_PAGES; page++) {
		vaddr_t va = VADDR(FAKE_MMU_BASE + page * PAGE_BYTES);
		pte_t pte = table->entry[page];

		if (va.v < start.v || va.v >= end.v || pte_none(pte))
			continue;
		ASSERT(!table->set_in_batch[page]);
		if (!edit(va, &pte, arg)) {
			stopped = va;
			break;
		}
		if (pte.v != table->entry[page].v)
			pte_set(space, va, pte, PV_FLUSH_PAGE);
	}
	if (!in_lazy)
		lazy_leave();
	return stopped;
}

static bool leaf_empty(const struct table *table, unsigned int leaf)
{
	for (unsigned int page = 0; page < FAKE_MMU_PAGES; page++)
		if (leaf_number(FAKE_MMU_BASE + page * PAGE_BYTES) == leaf &&
		    !pte_none(table->entry[page]))
			return false;
	return true;
}

/* Each leaf has an upper table of its own here, so that there is one that may be missing. */
static int table_move(struct pt_space *space, vaddr_t from, vaddr_t to)
{
	struct table *table = table_of(space);
	unsigned int old = leaf_number(from.v), new = leaf_number(to.v);

	ASSERT(!lazy && from.v % LEAF_BYTES == 0 && to.v % LEAF_BYTES == 0 && old != new);
	if (!table->leaf[old])
		return 0;
	if (!table->upper[new])
		table->upper[new] = page_alloc_zeroed();
	if (!table->upper[old])
		table->upper[old] = page_alloc_zeroed();
	if (!table->upper[new] || !table->upper[old])
		return -ENOMEM;
	ASSERT(leaf_empty(table, new));
	if (table->leaf[new])
		page_put(table->leaf[new]);
	table->leaf[new] = table->leaf[old];
	table->leaf[old] = NULL;
	for (unsigned int page = 0; page < FAKE_MMU_PAGES; page++) {
		uintptr_t addr = FAKE_MMU_BASE + page * PAGE_BYTES;

		if (leaf_number(addr) != old || pte_none(table->entry[page]))
			continue;
		table->entry[page_number(addr - from.v + to.v)] = table->entry[page];
		table->entry[page] = PTE_NONE;
	}
	memset(table->tlb, 0, sizeof(table->tlb));
	fake_mmu_tables_moved++;
	return 0;
}

static void tables_trim(struct pt_space *space, vaddr_t start, vaddr_t end)
{
	struct table *table = table_of(space);

	for (unsigned int leaf = 0; leaf < LEAVES; leaf++) {
		uintptr_t base = (FAKE_MMU_BASE / LEAF_BYTES + leaf) * LEAF_BYTES;

		if (!table->leaf[leaf] || base < start.v || base + LEAF_BYTES > end.v ||
		    !leaf_empty(table, leaf))
			continue;
		page_put(table->leaf[leaf]);
		table->leaf[leaf] = NULL;
	}
}

static pte_t pte_make(pfn_t pfn, uint64_t flags)
{
	return pte_from_mfn(MFN(pfn.v), flags);
}

static pfn_t pte_pfn(pte_t pte)
{
	return PFN(pte_mfn(pte).v);
}

static const struct pv_mmu_ops mmu = {
    .space_init = space_init,
    .space_dissolve = space_dissolve,
    .pte_read = pte_read,
    .user_reach = user_reach,
    .pte_prepare = pte_prepare,
    .pte_prepare_like = pte_prepare_like,
    .pte_set = pte_set,
    .pte_walk = pte_walk,
    .pte_rewrite = pte_rewrite,
    .table_move = table_move,
    .tables_trim = tables_trim,
    .lazy_enter = lazy_enter,
    .lazy_leave = lazy_leave,
    .pte_make = pte_make,
    .pte_pfn = pte_pfn,
};

static const struct pv_ops ops = {.name = "fake", .mmu = &mmu};
const struct pv_ops *pv = &ops;

static bool allows(pte_t pte, unsigned int access)
{
	if (!pte_present(pte))
		return false;
	if (access == VM_WRITE)
		return pte_writable(pte);
	return access != VM_EXEC || (pte.v & PTE_NX) == 0;
}

uint64_t *fake_mmu_translate(struct pt_space *space, uintptr_t addr, unsigned int access)
{
	struct table *table = table_of(space);
	unsigned int page = page_number(addr);
	pte_t *cached = &table->tlb[fake_random(CPUS)][page];

	if (!allows(*cached, access)) {
		*cached = PTE_NONE;
		if (!allows(table->entry[page], access))
			return NULL;
		*cached = table->entry[page];
	}
	check_frame(*cached);
	return page_virt(page_of_pfn(pte_pfn(*cached)));
}
