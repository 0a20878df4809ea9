/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/p2m.c */
/*
 * Translation both ways, with a table of the machine that lies or is not there, and the makers
 * and readers of entries.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include "xen/p2m.h"

#define FOREIGN (1ul << (sizeof(unsigned long) * 8 - 1))

static int start(void **state)
{
	(void)state;
	fake_start(&fake_formats[0]);
	return 0;
}

static void test_both_ways(void **state)
{
	(void)state;
	assert_int_equal(p2m_frame_count(), FAKE_FRAME_COUNT);
	for (unsigned long pfn = 0; pfn < FAKE_FRAME_COUNT; pfn++) {
		assert_int_equal(p2m_mfn(PFN(pfn)).v, fake_mfn(PFN(pfn)).v);
		assert_int_equal(p2m_pfn(fake_mfn(PFN(pfn))).v, pfn);
	}
}

static void test_frame_numbers_out_of_range(void **state)
{
	(void)state;
	assert_true(mfn_is_none(p2m_mfn(PFN(FAKE_FRAME_COUNT))));
	assert_true(mfn_is_none(p2m_mfn(PFN_NONE)));
	assert_true(pfn_is_none(p2m_pfn(MFN(FAKE_MACHINE_COUNT))));
	assert_true(pfn_is_none(p2m_pfn(MFN_NONE)));
}

/* For each frame of others the machine's table holds the number of some frame of ours. */
static void test_machine_table_lies(void **state)
{
	unsigned int others = 0;

	(void)state;
	for (unsigned long mfn = 0; mfn < FAKE_MACHINE_COUNT; mfn++) {
		if (!pfn_is_none(fake_pfn(MFN(mfn))))
			continue;
		others++;
		assert_true(fake.m2p[mfn] < FAKE_FRAME_COUNT);
		assert_true(pfn_is_none(p2m_pfn(MFN(mfn))));
	}
	assert_int_equal(others, FAKE_MACHINE_COUNT - FAKE_FRAME_COUNT);
	/* And numbers beyond ours. */
	fake.m2p[3] = FAKE_FRAME_COUNT;
	fake.m2p[4] = ~0ul;
	assert_true(pfn_is_none(p2m_pfn(MFN(3))));
	assert_true(pfn_is_none(p2m_pfn(MFN(4))));
	/* A wrong answer about a frame of ours is an answer that does not count. */
	fake.m2p[fake.p2m[9]] = 10;
	assert_true(pfn_is_none(p2m_pfn(fake_mfn(PFN(9)))));
}

static void test_machine_table_unreadable(void **state)
{
	(void)state;
	fake.m2p_hole[fake.p2m[9]] = true;
	assert_true(pfn_is_none(p2m_pfn(fake_mfn(PFN(9)))));
	assert_int_equal(p2m_pfn(fake_mfn(PFN(8))).v, 8);
}

static void test_holes_and_foreign_frames(void **state)
{
	(void)state;
	unsigned long mfn = fake.p2m[20];

	fake.p2m[20] = ~0ul;
	assert_true(mfn_is_none(p2m_mfn(PFN(20))));
	assert_true(pfn_is_none(p2m_pfn(MFN(mfn))));
	fake.p2m[21] |= FOREIGN;
	assert_true(mfn_is_none(p2m_mfn(PFN(21))));
	assert_true(pfn_is_none(p2m_pfn(fake_mfn(PFN(21)))));
}

static void test_table_moves(void **state)
{
	static unsigned long copy[FAKE_FRAME_COUNT];

	(void)state;
	for (unsigned long pfn = 0; pfn < FAKE_FRAME_COUNT; pfn++)
		copy[pfn] = fake.p2m[pfn];
	p2m_move(copy);
	fake.p2m[30] = ~0ul;
	assert_int_equal(p2m_mfn(PFN(30)).v, copy[30]);
}

static void test_machine_table_refused(void **state)
{
	(void)state;
	fake.m2p_refused = true;
	assert_non_null(FAKE_PANIC_OF(p2m_init(fake.p2m, FAKE_FRAME_COUNT)));
}

static void test_present_entries(void **state)
{
	const uint64_t flags[] = {PTE_PRESENT, PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX,
	                          PTE_PRESENT | PTE_SOFT0 | PTE_SOFT1 | PTE_GLOBAL | PTE_LARGE};

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		pte_t pte = pte_from_pfn(PFN(40), flags[i]);

		assert_int_equal(pte.v, fake_mfn(PFN(40)).v << PAGE_SHIFT | flags[i]);
		assert_int_equal(pte_mfn(pte).v, fake_mfn(PFN(40)).v);
		assert_int_equal(pte_pfn(pte).v, 40);
	}
}

static void test_absent_entries_are_left_alone(void **state)
{
	(void)state;
	pte_t pte = pte_from_pfn(PFN(40), PTE_WRITE | PTE_SOFT0);

	assert_int_equal(pte.v, 40ull << PAGE_SHIFT | PTE_WRITE | PTE_SOFT0);
	assert_true(pfn_is_none(pte_pfn(pte)));
	/* Not even a number that is no frame of ours. */
	assert_int_equal(pte_from_pfn(PFN(0xfffffffful), 0).v, 0xffffffff000ull);
	assert_true(pfn_is_none(pte_pfn(PTE_NONE)));
	/* A machine frame of ours in an entry that is not present is no frame. */
	assert_true(pfn_is_none(pte_pfn((pte_t){fake_mfn(PFN(40)).v << PAGE_SHIFT})));
}

static void test_foreign_entries(void **state)
{
	(void)state;
	/* The mark counts even where the number is one of ours. */
	assert_true(
	    pfn_is_none(pte_pfn(pte_from_mfn(fake_mfn(PFN(40)), PTE_PRESENT | PTE_FOREIGN))));
	assert_true(pfn_is_none(pte_pfn(pte_from_mfn(MFN(0xfee00), PTE_PRESENT))));
	assert_int_equal(pte_from_mfn(MFN(0xfee00), PTE_PRESENT | PTE_FOREIGN).v,
	                 0xfee00000ull | PTE_PRESENT | PTE_FOREIGN);
}

static void test_entry_for_a_frame_that_is_not_there(void **state)
{
	(void)state;
	fake.p2m[20] = ~0ul;
	assert_non_null(FAKE_PANIC_OF(pte_from_pfn(PFN(20), PTE_PRESENT)));
	assert_non_null(FAKE_PANIC_OF(pte_from_pfn(PFN(FAKE_FRAME_COUNT), PTE_PRESENT)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_both_ways, start),
	    cmocka_unit_test_setup(test_frame_numbers_out_of_range, start),
	    cmocka_unit_test_setup(test_machine_table_lies, start),
	    cmocka_unit_test_setup(test_machine_table_unreadable, start),
	    cmocka_unit_test_setup(test_holes_and_foreign_frames, start),
	    cmocka_unit_test_setup(test_table_moves, start),
	    cmocka_unit_test_setup(test_machine_table_refused, start),
	    cmocka_unit_test_setup(test_present_entries, start),
	    cmocka_unit_test_setup(test_absent_entries_are_left_alone, start),
	    cmocka_unit_test_setup(test_foreign_entries, start),
	    cmocka_unit_test_setup(test_entry_for_a_frame_that_is_not_there, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
