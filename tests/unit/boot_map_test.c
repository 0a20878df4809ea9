/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/boot_map.c xen/space.c xen/space_entries.c xen/leave.c xen/trim.c xen/share.c xen/table_pool.c xen/pin.c xen/tlb.c xen/lazy.c xen/pt_walk.c */
/* sources: xen/p2m.c xen/multicall.c xen/irq_flag.c xen/ipi.c xen/evtchn.c lib/fmt.c */
/*
 * What an early change of a boot map entry becomes: the whole table of cases, and random entries
 * bit by bit. What the check of the finished layout refuses.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include "arch/x86/boot_layout.h"
#include "xen/boot_map.h"
#include "xen/space.h"

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

/* The check of the finished layout, with one leaf entry of the kernel half at a time. */
static const char *verify_with(pte_t entry)
{
	pfn_t table;

	fake_start(&fake_formats[0]);
	table = fake.kernel_root;
	xen_kernel_space = (struct pt_space){.root = table, .user_root = PFN_NONE, .pinned = true};
	table = fake_entry_pfn(fake_entry_read(table, 272));
	for (unsigned int level = 3; level > 1; level--) {
		pfn_t below = fake_frame_take();

		fake_entry_write(table, 7, fake_table_entry(below));
		table = below;
	}
	fake_entry_write(table, 7, entry.v);
	return FAKE_PANIC_OF(boot_map_verify());
}

static void expect_refusal(pte_t entry, const char *words)
{
	const char *text = verify_with(entry);

	if (!text || !strstr(text, words))
		fail_msg("the check says '%s' of what is %s", text ? text : "nothing", words);
}

static void test_the_layout_is_verified(void **state)
{
	const uint64_t data = PTE_PRESENT | PTE_WRITE | PTE_NX;
	const mfn_t foreign = MFN(3);

	fake_start(&fake_formats[0]);
	(void)state;
	pte_t page = {fake_mfn(PFN(0)).v << PAGE_SHIFT},
	      table = {fake_mfn(fake.kernel_root).v << PAGE_SHIFT};

	assert_null(verify_with(PTE_NONE));
	assert_null(verify_with(pte_set_flags(page, data)));
	assert_null(verify_with(pte_set_flags(table, PTE_PRESENT | PTE_NX)));
	assert_null(verify_with(pte_from_mfn(foreign, data)));
	/* Not present: no mapping, whatever its bits. */
	assert_null(verify_with(pte_set_flags(table, PTE_WRITE)));
	expect_refusal(pte_set_flags(page, PTE_PRESENT | PTE_WRITE), "writable and executable");
	expect_refusal(pte_from_mfn(foreign, PTE_PRESENT | PTE_WRITE), "writable and executable");
	expect_refusal(pte_set_flags(page, PTE_PRESENT), "outside the kernel's text");
	expect_refusal(pte_set_flags(table, data), "a page table is writable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_table_stays_read_only),
	    cmocka_unit_test(test_all_else_goes_through),
	    cmocka_unit_test(test_random_entries),
	    cmocka_unit_test(test_the_layout_is_verified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
