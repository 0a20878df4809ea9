/* SPDX-License-Identifier: MIT */
/*
 * Leaf tables that several spaces link, on real Xen: nobody writes through one, each space reads
 * its own contents whatever the other one does, in either order of writes and ends; what has lost
 * the right to write by its link is not written, and what gets it back is; and the balance of
 * frames and pins is even.
 */
#include "tests/guest/test.h"

#include "arch/x86/uaccess.h"
#include "pv/boot.h"
#include "pv/mmu.h"
#include "xen/p2m.h"
#include "xen/pt_walk.h"
#include "xen/share.h"
#include "xen/table_pool.h"

#define PAGES 100u /* in one leaf table, and enough to share it */
#define FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX)

/* References on the frames that were taken, in no order. */
static struct {
	unsigned long pfn;
	unsigned int references;
} frames[4 * PAGES];

static unsigned int *references(pfn_t frame)
{
	unsigned int i = 0;

	while (frames[i].references > 0 && frames[i].pfn != frame.v)
		i++;
	frames[i].pfn = frame.v;
	return &frames[i].references;
}

static void put(pte_t pte, void *arg)
{
	unsigned int *count = references(pte_pfn(pte));
	unsigned int last = sizeof(frames) / sizeof(frames[0]) - 1;

	(void)arg;
	if (--*count > 0)
		return;
	host_table_free(pte_pfn(pte));
	/* The last one in use goes to the gap. */
	while (last > 0 && frames[last].references == 0)
		last--;
	for (unsigned int i = 0; i < last; i++)
		if (frames[i].references == 0) {
			frames[i] = frames[last];
			frames[last].references = 0;
			break;
		}
}

static pte_t copy(pte_t pte)
{
	++*references(pte_pfn(pte));
	return pte_clear_flags(pte, PTE_WRITE);
}

static bool sole(pte_t pte)
{
	return *references(pte_pfn(pte)) == 1;
}

static bool always(vaddr_t table, void *arg)
{
	(void)table, (void)arg;
	return true;
}

static bool never_shown(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	(void)space, (void)va, (void)pte, (void)arg;
	CHECK(false);
	return true;
}

static const struct xen_sharing sharing = {
    .may_share = always, .visit = never_shown, .copy = copy, .sole = sole, .release = put};

static vaddr_t place(unsigned int page)
{
	return VADDR(TEST_ADDRESS + page * PAGE_BYTES);
}

static void map_new(struct pt_space *space, unsigned int page, uint64_t value, bool flush)
{
	pfn_t frame = host_table_alloc();

	*references(frame) = 1;
	*(uint64_t *)xen_pfn_to_virt(frame) = value;
	xen_pte_set(space, place(page), pv_pte_make(frame, FLAGS),
	            flush ? XEN_FLUSH_PAGE : XEN_FLUSH_NONE);
}

/* A write of the space in force, as a kernel resolves it. */
static void write_word(struct pt_space *space, unsigned int page, uint64_t value)
{
	if (try_store((void *)place(page).v, value))
		return;
	CHECK_EQUAL(xen_pte_prepare(space, place(page)), 0);
	pte_t pte = xen_pte_read(space, place(page));

	if (!pte_writable(pte) && sole(pte)) {
		xen_pte_set(space, place(page), pte_set_flags(pte, PTE_WRITE), XEN_FLUSH_NONE);
	} else if (!pte_writable(pte)) {
		map_new(space, page, 0, true);
		put(pte, NULL);
	}
	CHECK(try_store((void *)place(page).v, value));
}

static void check_words(const uint64_t *values)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		uint64_t word = 0;

		CHECK_EQUAL(uaccess_copy(&word, (void *)place(i).v, sizeof(word)), 0);
		CHECK_EQUAL(word, values[i]);
	}
}

/* Each writes some pages, in this order, and they end in that. */
static void two_lives(unsigned int first_writer, unsigned int first_end)
{
	struct pt_space spaces[2];
	uint64_t values[2][PAGES];

	CHECK_EQUAL(xen_space_init(&spaces[0]), 0);
	CHECK_EQUAL(xen_pte_prepare(&spaces[0], place(0)), 0);
	for (unsigned int i = 0; i < PAGES; i++) {
		map_new(&spaces[0], i, i + 1, false);
		values[0][i] = values[1][i] = i + 1;
	}
	xen_space_activate(&spaces[0]);
	xen_space_switch(&spaces[0]);
	write_word(&spaces[0], 3, values[0][3] = values[1][3] = 333);
	CHECK_EQUAL(xen_space_init(&spaces[1]), 0);
	CHECK(xen_tables_share(&spaces[0], &spaces[1], place(0), place(PAGES), &sharing, NULL));
	CHECK(!try_store((void *)place(3).v, 1));
	xen_space_activate(&spaces[1]);
	CHECK_EQUAL(pt_find_table(spaces[0].root, TEST_ADDRESS, 1).v,
	            pt_find_table(spaces[1].root, TEST_ADDRESS, 1).v);
	for (unsigned int n = 0; n < 4; n++) {
		unsigned int me = (first_writer + n) % 2;

		xen_space_switch(&spaces[me]);
		check_words(values[me]);
		for (unsigned int i = n; i < PAGES; i += 7)
			write_word(&spaces[me], i, values[me][i] = 1000 * (me + 1) + n + i);
		check_words(values[me]);
	}
	xen_space_dissolve(&spaces[first_end], put, NULL);
	xen_space_switch(&spaces[1 - first_end]);
	check_words(values[1 - first_end]);
	write_word(&spaces[1 - first_end], 50, values[1 - first_end][50] = 5);
	check_words(values[1 - first_end]);
	xen_space_dissolve(&spaces[1 - first_end], put, NULL);
}

/* Tables and frames that were taken since are given back. */
static void check_balance(const struct xen_counters *start)
{
	struct xen_counters end;

	xen_tables_reclaim();
	pv_counters(&end);
	CHECK_EQUAL(end.tables_pinned - start->tables_pinned,
	            end.tables_unpinned - start->tables_unpinned);
	for (unsigned int i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		CHECK_EQUAL(frames[i].references, 0);
}

static void shared_tables(void)
{
	struct xen_counters start;

	pv_counters(&start);
	for (unsigned int i = 0; i < 40; i++)
		two_lives(i % 2, i / 2 % 2);
	check_balance(&start);
}

static bool edit_right(vaddr_t va, pte_t *pte, void *arg)
{
	const bool *write = arg;

	(void)va;
	if (!*write)
		*pte = pte_clear_flags(*pte, PTE_WRITE);
	else if (sole(*pte))
		*pte = pte_set_flags(*pte, PTE_WRITE);
	return true;
}

static void protect(struct pt_space *space, unsigned int first, unsigned int end, bool write)
{
	CHECK_EQUAL(
	    xen_pte_protect(space, place(first), place(end), write, &sharing, edit_right, &write),
	    0);
}

/* User pages of the space in force: those of [first, end) can be written, and no others. */
static void check_right(unsigned int first, unsigned int end)
{
	for (unsigned int i = 0; i < PAGES; i++)
		CHECK_EQUAL(try_store((void *)place(i).v, i + 1), i >= first && i < end);
}

/* The right goes and comes by the link, for a space alone and while a copy has the table too; then
 * a part gets it back, and something else makes the table the space's own. */
static void protected_life(bool forked, bool part)
{
	struct pt_space space, child;
	uint64_t before, values[PAGES];

	CHECK_EQUAL(xen_space_init(&space), 0);
	CHECK_EQUAL(xen_pte_prepare(&space, place(0)), 0);
	for (unsigned int i = 0; i < PAGES; i++)
		map_new(&space, i, values[i] = i + 1, false);
	xen_space_activate(&space);
	xen_space_switch(&space);
	check_right(0, PAGES);
	before = entries_so_far();
	protect(&space, 0, PAGES, false);
	CHECK_EQUAL(entries_so_far() - before, 1);
	check_right(0, 0);
	protect(&space, 0, PAGES, true);
	check_right(0, PAGES);
	protect(&space, 0, PAGES, false);
	if (forked) {
		CHECK_EQUAL(xen_space_init(&child), 0);
		CHECK(xen_tables_share(&space, &child, place(0), place(PAGES), &sharing, NULL));
		xen_space_activate(&child);
		protect(&space, 0, PAGES, true);
		check_right(0, 0);
		xen_space_switch(&child);
		check_right(0, 0);
		check_words(values);
		xen_space_dissolve(&child, put, NULL);
		xen_space_switch(&space);
	}
	if (part)
		protect(&space, 10, 60, true);
	CHECK_EQUAL(xen_pte_prepare(&space, place(0)), 0);
	if (forked)
		check_right(0, PAGES); /* it was given back before the child ended */
	else
		check_right(part ? 10 : 0, part ? 60 : 0);
	check_words(values);
	xen_space_dissolve(&space, put, NULL);
}

static void protected_tables(void)
{
	struct xen_counters start;

	pv_counters(&start);
	for (unsigned int i = 0; i < 16; i++)
		protected_life(i % 2, i / 2 % 2);
	check_balance(&start);
}

const struct guest_test share_tests[] = {
    {"shared-leaf-tables", shared_tables},
    {"protected-leaf-tables", protected_tables},
    {NULL, NULL},
};
