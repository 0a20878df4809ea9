/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/boot_map.c xen/space.c xen/pin.c xen/tlb.c xen/pt_walk.c */
/* sources: xen/p2m.c xen/multicall.c xen/irq_flag.c lib/fmt.c */
/*
 * What an early change of a boot map entry becomes: the whole table of cases, and random entries
 * bit by bit.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include "arch/x86/boot_layout.h"
#include "xen/boot_map.h"

/* What the linker script marks; nothing here looks inside. */
char image_start[1], image_text_end[1], image_rodata_end[1], image_end[1];

#define FRAME_A (5ull << PAGE_SHIFT)
#define FRAME_B (6ull << PAGE_SHIFT)

static uint64_t become(uint64_t old, uint64_t wanted, bool is_table)
{
	return boot_early_entry((pte_t){old}, (pte_t){wanted}, is_table).v;
}

static void test_a_table_stays_read_only(void **state)
{
	const uint64_t old = FRAME_A | PTE_PRESENT | PTE_USER;

	(void)state;
	assert_int_equal(become(old, old | PTE_WRITE, true), old);
	/* The rest of the change goes through. */
	assert_int_equal(become(old, old | PTE_WRITE | PTE_NX | PTE_ACCESSED, true),
	                 old | PTE_NX | PTE_ACCESSED);
	assert_int_equal(become(old, FRAME_A | PTE_PRESENT | PTE_WRITE, true),
	                 FRAME_A | PTE_PRESENT);
}

static void test_all_else_goes_through(void **state)
{
	const uint64_t old = FRAME_A | PTE_PRESENT;

	(void)state;
	/* No table. */
	assert_int_equal(become(old, old | PTE_WRITE, false), old | PTE_WRITE);
	/* Another frame at this place. */
	assert_int_equal(become(old, FRAME_B | PTE_PRESENT | PTE_WRITE, true),
	                 FRAME_B | PTE_PRESENT | PTE_WRITE);
	/* No mapping any more, or none before. */
	assert_int_equal(become(old, 0, true), 0);
	assert_int_equal(become(old, FRAME_A | PTE_WRITE, true), FRAME_A | PTE_WRITE);
	assert_int_equal(become(0, old | PTE_WRITE, true), old | PTE_WRITE);
	/* Writable already: not a table that Xen made. */
	assert_int_equal(become(old | PTE_WRITE, old | PTE_WRITE | PTE_NX, true),
	                 old | PTE_WRITE | PTE_NX);
}

static void test_random_entries(void **state)
{
	unsigned int kept = 0;

	(void)state;
	fake_random_seed(1);
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t old = (fake_random() % 2 ? FRAME_A : FRAME_B) |
		               (fake_random() & 0x8000000000000fffull);
		uint64_t wanted = (fake_random() % 2 ? FRAME_A : FRAME_B) |
		                  (fake_random() & 0x8000000000000fffull);
		bool is_table = fake_random() % 2;
		bool protect = is_table && (old & 3) == 1 && (wanted & 1) &&
		               ((old ^ wanted) & 0xffffffffff000ull) == 0;

		kept += protect && (wanted & PTE_WRITE);
		assert_int_equal(become(old, wanted, is_table), protect ? wanted & ~2ull : wanted);
	}
	assert_true(kept > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_table_stays_read_only),
	    cmocka_unit_test(test_all_else_goes_through),
	    cmocka_unit_test(test_random_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
