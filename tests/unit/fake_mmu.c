/* SPDX-License-Identifier: MIT */
/*
 * See fake_mmu.h. Rules of pv/mmu.h that are checked here: tables are there before an entry is set;
 * lazy mode is not nested, nobody gives way in it, and nothing in it reads what it has set; a frame
 * lives until its entry's change and the flush have been issued; a change that takes rights away is
 * flushed (the TLB would keep the old entry, and the test would see it); entries of a leaf table
 * that is linked without write permission are not set, and none of one that is shared is a file's
 * own. Every leaf table that may be shared in a fork is, and each that can lose the right to write
 * by its link does.
 */
#include "tests/unit/fake_mmu.h"

#include <stdlib.h>

#include "kernel/mm/internal.h"
#include "kernel/task/give_way.h"
#include "pv/mmu.h"
#include "tests/unit/fake_kernel.h"

#define SPACES      16u
#define CPUS        2u
#define LEAVES      4u
#define UPDATES_MAX 4096u
#define LEAF_PAGES  (LEAF_BYTES / PAGE_BYTES)

struct leaf {
	unsigned int links;
	bool copied_from;
	struct page *frame; /* that it takes */
	pte_t entry[LEAF_PAGES];
};

struct table {
	bool used;
	struct pt_space *space;
	struct leaf *leaf[LEAVES];
	bool read_only[LEAVES];            /* the link */
	bool taken[LEAVES];                /* … since the right to write was taken from all */
	bool flush_due;                    /* at the end of lazy mode */
	const struct xen_sharing *sharing; /* once a leaf table was shared */
	struct page *upper[LEAVES];
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
struct fake_mmu_shares fake_mmu_shares;
static struct leaf leaves[SPACES * LEAVES];
static struct update updates[UPDATES_MAX];
static unsigned int update_count;
static bool lazy;
unsigned int fake_mmu_tables_moved, fake_mmu_tables_left;

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

static uintptr_t page_address(unsigned int page)
{
	return FAKE_MMU_BASE + page * PAGE_BYTES;
}

static uintptr_t leaf_base(unsigned int number)
{
	return (FAKE_MMU_BASE / LEAF_BYTES + number) * LEAF_BYTES;
}

/* Of a page whose leaf table is there. */
static pte_t *entry_at(const struct table *table, unsigned int page)
{
	uintptr_t addr = page_address(page);

	return &table->leaf[leaf_number(addr)]->entry[addr % LEAF_BYTES / PAGE_BYTES];
}

/* As the CPU sees it. */
static pte_t entry_seen(const struct table *table, unsigned int page)
{
	unsigned int number = leaf_number(page_address(page));

	if (!table->leaf[number])
		return PTE_NONE;
	pte_t pte = *entry_at(table, page);

	return table->read_only[number] && pte_present(pte) ? pte_clear_flags(pte, PTE_WRITE) : pte;
}

static struct leaf *leaf_create(void)
{
	struct page *frame = page_alloc_zeroed();
	struct leaf *leaf = leaves;

	if (!frame)
		return NULL;
	while (leaf->links > 0)
		leaf++;
	ASSERT(leaf < leaves + SPACES * LEAVES);
	*leaf = (struct leaf){.links = 1, .frame = frame};
	return leaf;
}

/* One link less; the last releases what the leaf table maps. */
static void leaf_drop(struct leaf *leaf, xen_pte_release *release, void *arg)
{
	if (--leaf->links > 0)
		return;
	for (unsigned int i = 0; i < LEAF_PAGES; i++)
		if (!pte_none(leaf->entry[i]))
			release(leaf->entry[i], arg);
	page_put(leaf->frame);
}

/* Where pages were found by way of a link that goes or loses rights. */
static void forget_reached(struct table *table)
{
	memset(table->space->reached, 0, sizeof(table->space->reached));
}

static int space_init(struct pt_space *space)
{
	unsigned long number = 0;

	while (tables[number].used)
		number++;
	ASSERT(number < SPACES);
	tables[number] = (struct table){.used = true, .space = space};
	*space = (struct pt_space){.root = PFN(number), .user_root = PFN_NONE};
	return 0;
}

static void space_dissolve(struct pt_space *space, xen_pte_release *release, void *arg)
{
	struct table *table = table_of(space);

	ASSERT(!lazy);
	memset(table->tlb, 0, sizeof(table->tlb));
	for (unsigned int i = 0; i < LEAVES; i++) {
		if (table->leaf[i])
			leaf_drop(table->leaf[i], release, arg);
		if (table->upper[i])
			page_put(table->upper[i]);
	}
	*table = (struct table){0};
}

static pte_t pte_read(const struct pt_space *space, vaddr_t va)
{
	unsigned int page = page_number(va.v);

	ASSERT(!table_of(space)->set_in_batch[page]);
	return entry_seen(table_of(space), page);
}

static void *user_reach(struct pt_space *space, vaddr_t va, bool write)
{
	struct table *table = table_of(space);
	pte_t seen = entry_seen(table, page_number(va.v));

	if (!pte_present(seen) || (write && !pte_writable(seen)))
		return NULL;
	pte_t *entry = entry_at(table, page_number(va.v));
	char *page = page_virt(page_of_pfn(PFN(pte_mfn(seen).v)));

	uintptr_t last = va.v | (PAGE_BYTES - 1);

	space->reached[space_reached_place(va)] =
	    (struct pt_reached){.last = {last, pte_writable(seen) ? last : 0},
	                        .entry = &entry->v,
	                        .value = entry->v,
	                        .page = page};
	return page + (va.v & (PAGE_BYTES - 1));
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

	pte_t *entry = entry_at(table, update->page);

	check_frame(*entry);
	*entry = update->pte;
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

static void flush_all(struct table *table)
{
	for (unsigned int page = 0; page < FAKE_MMU_PAGES; page++)
		flush(&(struct update){.table = table, .page = page, .flush = true});
}

/* A copy of a leaf table that others link as well takes its place. */
static int leaf_replace(struct table *table, unsigned int number)
{
	struct leaf *old = table->leaf[number], *copy = leaf_create();

	if (!copy)
		return -ENOMEM;
	for (unsigned int i = 0; i < LEAF_PAGES; i++)
		if (!pte_none(old->entry[i]))
			copy->entry[i] = table->sharing->copy(old->entry[i]);
	old->copied_from = true;
	fake_mmu_shares.replaced++;
	table->leaf[number] = copy;
	table->taken[number] = false;
	forget_reached(table);
	flush_all(table);
	leaf_drop(old, table->sharing->release, NULL);
	return 0;
}

static int leaf_own(struct table *table, unsigned int number)
{
	struct leaf *leaf = table->leaf[number];

	if (!table->read_only[number])
		return 0;
	if (leaf->links > 1) {
		if (leaf_replace(table, number) != 0)
			return -ENOMEM;
	} else {
		bool taken = table->taken[number];

		fake_mmu_shares.granted++;
		for (unsigned int i = 0; (taken || leaf->copied_from) && i < LEAF_PAGES; i++)
			if (pte_present(leaf->entry[i]) &&
			    (taken || !table->sharing->sole(leaf->entry[i])))
				leaf->entry[i] = pte_clear_flags(leaf->entry[i], PTE_WRITE);
		leaf->copied_from = false;
	}
	table->read_only[number] = table->taken[number] = false;
	return 0;
}

static int pte_prepare(struct pt_space *space, vaddr_t va)
{
	struct table *table = table_of(space);
	unsigned int number = leaf_number(va.v);

	if (!table->leaf[number])
		table->leaf[number] = leaf_create();
	return table->leaf[number] ? leaf_own(table, number) : -ENOMEM;
}

static int pte_prepare_like(struct pt_space *space, vaddr_t va, const struct pt_space *model)
{
	ASSERT(space->root.v != model->root.v);
	return pte_prepare(space, va);
}

static int tables_own(struct pt_space *space, vaddr_t start, vaddr_t end)
{
	struct table *table = table_of(space);
	int result = 0;

	for (unsigned int page = 0; page < FAKE_MMU_PAGES && result == 0; page++) {
		uintptr_t addr = page_address(page);

		if (addr >= start.v && addr < end.v && !pte_none(entry_seen(table, page)))
			result = leaf_own(table, leaf_number(addr));
	}
	return result;
}

static void pte_set(struct pt_space *space, vaddr_t va, pte_t pte, enum pv_flush how)
{
	struct table *table = table_of(space);
	struct update update = {
	    .table = table, .page = page_number(va.v), .pte = pte, .flush = how == PV_FLUSH_PAGE};

	ASSERT(table->leaf[leaf_number(va.v)] && !table->read_only[leaf_number(va.v)]);
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
		uintptr_t addr = page_address(page);

		if (addr < start.v || addr >= end.v)
			continue;
		ASSERT(!table->set_in_batch[page]);
		if (!pte_none(entry_seen(table, page)) &&
		    !visit(space, VADDR(addr), entry_seen(table, page), arg))
			return false;
	}
	return true;
}

static void lazy_enter(void)
{
	ASSERT(!lazy);
	lazy = true;
}

/* Nobody else is here. */
bool give_way(void)
{
	ASSERT(!lazy);
	return false;
}

static void lazy_leave(void)
{
	ASSERT(lazy);
	for (unsigned int i = 0; i < update_count; i++)
		carry_out(&updates[i]);
	for (unsigned int i = 0; i < update_count; i++)
		flush(&updates[i]);
	for (unsigned int i = 0; i < SPACES; i++) {
		if (tables[i].flush_due)
			flush_all(&tables[i]);
		tables[i].flush_due = false;
	}
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
		pte_t old = entry_seen(table, page), pte = old;

		if (va.v < start.v || va.v >= end.v || pte_none(old))
			continue;
		ASSERT(!table->set_in_batch[page]);
		if (!edit(va, &pte, arg)) {
			stopped = va;
			break;
		}
		if (pte.v != old.v)
			pte_set(space, va, pte, PV_FLUSH_PAGE);
	}
	if (!in_lazy)
		lazy_leave();
	return stopped;
}

/* Whether entries of the leaf table that lie beside the range permit writes. */
static bool writable_beside(const struct table *table, unsigned int number, vaddr_t start,
                            vaddr_t end)
{
	for (unsigned int i = 0; i < LEAF_PAGES; i++) {
		uintptr_t addr = leaf_base(number) + i * PAGE_BYTES;
		pte_t pte = table->leaf[number]->entry[i];

		if (pte_present(pte) && pte_writable(pte) && (addr < start.v || addr >= end.v))
			return true;
	}
	return false;
}

/* Whether the right of what the range has of a leaf table is changed by the link. */
static bool by_link(const struct table *table, unsigned int number, vaddr_t start, vaddr_t end,
                    bool write)
{
	bool beside = writable_beside(table, number, start, end);

	return write ? table->taken[number] && !beside : table->taken[number] || !beside;
}

static void change_link(struct table *table, unsigned int number, bool write)
{
	const struct leaf *leaf = table->leaf[number];

	if (write && !leaf->copied_from && leaf->links == 1)
		table->read_only[number] = false;
	else if (write && leaf->links == 1)
		leaf_own(table, number);
	if (!write) {
		table->read_only[number] = true;
		forget_reached(table);
		flush_all(table);
	}
	table->taken[number] = !write;
	fake_mmu_shares.by_link++;
}

static int pte_protect(struct pt_space *space, vaddr_t start, vaddr_t end, bool write,
                       const struct xen_sharing *sharing, pv_pte_editor *edit, void *arg)
{
	struct table *table = table_of(space);
	vaddr_t part[LEAVES][2];
	bool entries[LEAVES];

	ASSERT(!lazy);
	table->sharing = sharing;
	for (unsigned int i = 0; i < LEAVES; i++) {
		part[i][0] = VADDR(MAX(start.v, leaf_base(i)));
		part[i][1] = VADDR(MIN(end.v, leaf_base(i) + LEAF_BYTES));
		entries[i] = table->leaf[i] && part[i][0].v < part[i][1].v &&
		             !by_link(table, i, part[i][0], part[i][1], write);
		if (entries[i] && tables_own(space, part[i][0], part[i][1]) != 0)
			return -ENOMEM;
	}
	for (unsigned int i = 0; i < LEAVES; i++) {
		if (!table->leaf[i] || part[i][0].v >= part[i][1].v)
			continue;
		if (entries[i])
			pte_rewrite(space, part[i][0], part[i][1], edit, arg);
		else
			change_link(table, i, write);
	}
	return 0;
}

/* What the range touches of a leaf table: linked in both, or shown entry by entry. */
static bool leaf_share(struct pt_space *from, struct pt_space *to, unsigned int number,
                       vaddr_t start, vaddr_t end, const struct xen_sharing *sharing, void *arg)
{
	struct table *source = table_of(from), *copy = table_of(to);
	uintptr_t base = leaf_base(number);

	if (copy->leaf[number] == source->leaf[number])
		return true;
	if (!copy->leaf[number] && sharing->may_share(VADDR(base), arg)) {
		for (unsigned int i = 0; i < LEAF_PAGES; i++)
			ASSERT((source->leaf[number]->entry[i].v & PTE_FILE) == 0);
		source->leaf[number]->links++;
		source->read_only[number] = copy->read_only[number] = true;
		copy->taken[number] = source->taken[number];
		source->flush_due = true;
		forget_reached(source);
		copy->leaf[number] = source->leaf[number];
		fake_mmu_shares.shared++;
		return true;
	}
	source->leaf[number]->copied_from |= source->read_only[number];
	return pte_walk(from, VADDR(MAX(base, start.v)), VADDR(MIN(base + LEAF_BYTES, end.v)),
	                sharing->visit, arg);
}

static bool tables_share(struct pt_space *from, struct pt_space *to, vaddr_t start, vaddr_t end,
                         const struct xen_sharing *sharing, void *arg)
{
	struct table *source = table_of(from);

	ASSERT(lazy);
	source->sharing = table_of(to)->sharing = sharing;
	for (unsigned int i = 0; i < LEAVES; i++)
		if (source->leaf[i] && leaf_base(i) < end.v &&
		    leaf_base(i) + LEAF_BYTES > start.v &&
		    !leaf_share(from, to, i, start, end, sharing, arg))
			return false;
	return true;
}

static void ptes_read(struct pt_space *space, vaddr_t va, pte_t *ptes, unsigned int count)
{
	const struct table *table = table_of(space);
	unsigned int first = page_number(va.v);

	ASSERT(va.v % LEAF_BYTES + count * PAGE_BYTES <= LEAF_BYTES);
	ASSERT(table->leaf[leaf_number(va.v)]);
	for (unsigned int i = 0; i < count; i++)
		ptes[i] = entry_seen(table, first + i);
}

/* Of what is set in lazy mode already the caller knows. */
static void ptes_add(struct pt_space *space, vaddr_t va, const pte_t *ptes, unsigned int count)
{
	const struct table *table = table_of(space);

	for (unsigned int i = 0; i < count; i++) {
		unsigned int page = page_number(va.v) + i;

		if (pte_none(ptes[i]))
			continue;
		ASSERT(!table->set_in_batch[page] && pte_none(entry_seen(table, page)));
		pte_set(space, VADDR(page_address(page)), ptes[i], PV_FLUSH_NONE);
	}
}

/* How many entries a leaf table has that is taken out rather than cleared. */
#define LEAVE_ENTRIES 4u

static bool leaf_goes(const struct table *table, unsigned int i)
{
	unsigned int entries = 0;

	for (unsigned int n = 0; n < LEAF_PAGES; n++)
		entries += !pte_none(table->leaf[i]->entry[n]);
	return table->read_only[i] || entries > LEAVE_ENTRIES;
}

static void tables_leave(struct pt_space *space, vaddr_t start, vaddr_t end, xen_pte_release *gone,
                         xen_pte_release *release, void *arg)
{
	struct table *table = table_of(space);

	ASSERT(!lazy);
	for (unsigned int i = 0; i < LEAVES; i++) {
		struct leaf *leaf = table->leaf[i];

		if (!leaf || leaf_base(i) < start.v || leaf_base(i) + LEAF_BYTES > end.v ||
		    !leaf_goes(table, i))
			continue;
		bool own = !table->read_only[i];

		table->leaf[i] = NULL;
		table->read_only[i] = table->taken[i] = false;
		forget_reached(table);
		flush_all(table);
		fake_mmu_shares.left += !own;
		fake_mmu_tables_left += own;
		for (unsigned int n = 0; n < LEAF_PAGES && !own; n++)
			if (!pte_none(leaf->entry[n]))
				gone(leaf->entry[n], arg);
		if (own)
			leaf_drop(leaf, release, arg);
		else
			leaf_drop(leaf, table->sharing->release, NULL);
	}
}

static bool leaf_empty(const struct table *table, unsigned int leaf)
{
	for (unsigned int page = 0; page < FAKE_MMU_PAGES; page++)
		if (leaf_number(page_address(page)) == leaf && !pte_none(entry_seen(table, page)))
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
		leaf_drop(table->leaf[new], NULL, NULL);
	table->leaf[new] = table->leaf[old];
	table->read_only[new] = table->read_only[old];
	table->taken[new] = table->taken[old];
	table->leaf[old] = NULL;
	table->read_only[old] = table->taken[old] = false;
	forget_reached(table);
	memset(table->tlb, 0, sizeof(table->tlb));
	fake_mmu_tables_moved++;
	return 0;
}

static void tables_trim(struct pt_space *space, vaddr_t start, vaddr_t end)
{
	struct table *table = table_of(space);

	for (unsigned int leaf = 0; leaf < LEAVES; leaf++) {
		uintptr_t base = leaf_base(leaf);

		if (!table->leaf[leaf] || base < start.v || base + LEAF_BYTES > end.v ||
		    !leaf_empty(table, leaf))
			continue;
		leaf_drop(table->leaf[leaf], NULL, NULL);
		forget_reached(table);
		table->leaf[leaf] = NULL;
		table->read_only[leaf] = table->taken[leaf] = false;
	}
}

static unsigned int table_links(const struct pt_space *space, vaddr_t va)
{
	const struct leaf *leaf = table_of(space)->leaf[leaf_number(va.v)];

	return leaf ? leaf->links : 0;
}

static pte_t pte_make(pfn_t pfn, uint64_t flags)
{
	return pte_from_mfn(MFN(pfn.v), flags);
}

static pfn_t pte_pfn(pte_t pte)
{
	return PFN(pte_mfn(pte).v);
}

struct pv_mmu_ops pv_mmu_ops = {
    .space_init = space_init,
    .space_dissolve = space_dissolve,
    .pte_read = pte_read,
    .user_reach = user_reach,
    .pte_prepare = pte_prepare,
    .pte_prepare_like = pte_prepare_like,
    .tables_own = tables_own,
    .tables_share = tables_share,
    .ptes_read = ptes_read,
    .ptes_add = ptes_add,
    .tables_leave = tables_leave,
    .pte_set = pte_set,
    .pte_walk = pte_walk,
    .pte_rewrite = pte_rewrite,
    .pte_protect = pte_protect,
    .table_move = table_move,
    .tables_trim = tables_trim,
    .table_links = table_links,
    .lazy_enter = lazy_enter,
    .lazy_leave = lazy_leave,
    .pte_make = pte_make,
    .pte_pfn = pte_pfn,
};

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
		if (!allows(entry_seen(table, page), access))
			return NULL;
		*cached = entry_seen(table, page);
	}
	check_frame(*cached);
	return page_virt(page_of_pfn(pte_pfn(*cached)));
}
