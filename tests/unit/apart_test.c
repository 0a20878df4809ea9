/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/table_rules.c tests/unit/fake_xen.c */
/* sources: xen/space.c xen/space_entries.c xen/leave.c xen/trim.c xen/share.c xen/table_pool.c */
/* sources: xen/pin.c xen/tlb.c xen/lazy.c xen/pt_walk.c */
/* sources: xen/p2m.c xen/multicall.c xen/irq_flag.c xen/ipi.c xen/evtchn.c lib/fmt.c */
/*
 * Spaces with user mode's top alone: what differs from two tops in step. The random histories and
 * all else that is the same in both forms is in space_cases.c.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/table_rules.h"
#include "xen/lazy.h"
#include "xen/p2m.h"
#include "xen/space.h"
#include "xen/table_pool.h"

#define ADDRESS ((vaddr_t){5 * PAGE_BYTES})

static struct pt_space spaces[2];

static pte_t some_entry(unsigned int n)
{
	return pte_from_pfn(PFN(n), PTE_PRESENT | PTE_USER);
}

static int start(void **state)
{
	(void)state;
	rules_start(&fake_formats[FAKE_FORMAT_APART]);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(xen_space_init(&spaces[i]), 0);
		assert_int_equal(xen_pte_prepare(&spaces[i], ADDRESS), 0);
		xen_space_activate(&spaces[i]);
	}
	fake_forget();
	return 0;
}

static void expect_ext(unsigned int n, unsigned int command)
{
	if (n >= fake.request_count)
		fail_msg("there is no request %u", n);
	assert_int_equal(fake.requests[n].op, __HYPERVISOR_mmuext_op);
	if (fake.requests[n].ext.cmd != command)
		fail_msg("request %u is operation %u in place of %u", n, fake.requests[n].ext.cmd,
		         command);
}

/* The load of user mode's top drops nothing, so what was held of the space that is left is
 * flushed; of none, nothing is. */
static void test_who_leaves_a_space_flushes(void **state)
{
	(void)state;
	xen_space_switch(&spaces[0]);
	expect_ext(0, MMUEXT_NEW_USER_BASEPTR);
	assert_int_equal(fake.request_count, 1);
	fake_forget();
	xen_space_switch(&spaces[1]);
	expect_ext(0, MMUEXT_NEW_USER_BASEPTR);
	expect_ext(1, MMUEXT_TLB_FLUSH_LOCAL);
	assert_int_equal(fake.request_count, 2);
	assert_int_equal(fake.trap_count, 1);
	assert_int_equal(fake.user_root.v, fake_mfn(spaces[1].root).v);
	fake_forget();
	xen_space_switch(NULL);
	expect_ext(0, MMUEXT_NEW_USER_BASEPTR);
	expect_ext(1, MMUEXT_TLB_FLUSH_LOCAL);
	assert_int_equal(fake.user_root.v, 0);
}

static void test_kernel_mode_stays_on_its_own_top(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		xen_space_switch(&spaces[i]);
		if (fake.root.v != fake_mfn(fake.kernel_root).v)
			fail_msg("kernel mode runs on the tables of a space");
	}
	xen_space_dissolve(&spaces[1], (xen_pte_release *)NULL, NULL);
	assert_int_equal(fake.root.v, fake_mfn(fake.kernel_root).v);
	for (unsigned int i = 0; i < 256; i++)
		if (fake_entry_read(fake.kernel_root, i) != 0)
			fail_msg("kernel mode's top has a user half");
}

/* The space is in force, but not where Xen would look for the address. */
static void test_never_by_address(void **state)
{
	(void)state;
	xen_space_switch(&spaces[0]);
	fake_forget();
	xen_pte_set(&spaces[0], ADDRESS, some_entry(3), XEN_FLUSH_NONE);
	assert_int_equal(fake.request_count, 1);
	assert_int_equal(fake.requests[0].op, __HYPERVISOR_mmu_update);
	fake_forget();
	xen_pte_set(&spaces[0], ADDRESS, some_entry(4), XEN_FLUSH_PAGE);
	assert_int_equal(fake.requests[0].op, __HYPERVISOR_mmu_update);
	expect_ext(1, MMUEXT_INVLPG_LOCAL);
	assert_int_equal(fake.trap_count, 1);
	assert_int_equal(xen_pte_read(&spaces[0], ADDRESS).v, some_entry(4).v);
}

/* One top for each space, in the pool too; when the form changes none of the other is left. */
static void test_one_top_each(void **state)
{
	unsigned long before = fake_frames_taken();

	(void)state;
	xen_space_retire(&spaces[0]);
	xen_space_destroy(&spaces[0]);
	assert_int_equal(fake_frames_taken(), before - 4);
	assert_int_equal(table_pool_frames(), 0);
	xen_space_dissolve(&spaces[1], (xen_pte_release *)NULL, NULL);
	assert_int_equal(table_pool_frames(), 4);
	assert_int_equal(fake_frames_taken(), before - 4);
	xen_spaces_set_apart(true);
	assert_int_equal(table_pool_frames(), 4);
	xen_spaces_set_apart(false);
	if (table_pool_frames() != 0)
		fail_msg("tops of one form are kept for spaces of the other");
	assert_int_equal(fake_frames_taken(), before - 8);
	assert_int_equal(xen_space_init(&spaces[0]), 0);
	rules_check_space(&spaces[0]);
	xen_space_destroy(&spaces[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_who_leaves_a_space_flushes, start),
	    cmocka_unit_test_setup(test_kernel_mode_stays_on_its_own_top, start),
	    cmocka_unit_test_setup(test_never_by_address, start),
	    cmocka_unit_test_setup(test_one_top_each, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
