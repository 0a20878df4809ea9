/* SPDX-License-Identifier: MIT */
/*
 * The entries of a space, in all formats: what must hold of setting them, of lazy mode, of
 * rewriting a range, and of what user mode reaches by them. Random histories of all this are
 * entry_history.c, moves and ends of tables table_cases.c.
 */
#include "tests/unit/pin_cases.h"

#include <stdarg.h>
#include <stddef.h>

#include "tests/unit/fake_xen.h"

#include <cmocka.h>

#include <port/memory.h>

#include "pv/mmu.h"
#include "tests/unit/space_fixture.h"
#include "tests/unit/table_rules.h"
#include "xen/lazy.h"
#include "xen/multicall.h"
#include "xen/pt_walk.h"
#include "xen/space.h"
#include "xen/tlb.h"

/* Setting. */

static void test_unpinned_tables_take_plain_stores(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		for (unsigned int i = 0; i < 8; i++) {
			fixture.offset[i] = (i + 1) * PAGE_BYTES + i * rules_reach(2);
			assert_int_equal(xen_pte_prepare(&fixture.space, fixture_address(i)), 0);
			xen_pte_set(&fixture.space, fixture_address(i), fixture_entry(i),
			            XEN_FLUSH_PAGE);
		}
		assert_int_equal(fake.trap_count, 0);
		assert_int_equal(this_cpu()->counters.entry_stores, 8);
	}
}

static void test_set_where_no_table_is(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		assert_non_null(FAKE_PANIC_OF(xen_pte_set(&fixture.space, (vaddr_t){PAGE_BYTES},
		                                          fixture_entry(1), XEN_FLUSH_NONE)));
	}
}

static void test_set_in_force_is_one_call_by_address(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_APART; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(2);
		xen_space_switch(&fixture.space);
		fake_forget();
		xen_pte_set(&fixture.space, fixture_address(0), fixture_entry(3), XEN_FLUSH_NONE);
		assert_int_equal(fake.request_count, 1);
		assert_int_equal(fake_last_request()->op, __HYPERVISOR_update_va_mapping);
		assert_int_equal(fake_last_request()->args[2], UVMF_NONE);
		xen_pte_set(&fixture.space, fixture_address(0), fixture_entry(4), XEN_FLUSH_PAGE);
		assert_int_equal(fake.request_count, 2);
		assert_int_equal(fake_last_request()->args[2], UVMF_INVLPG | UVMF_LOCAL);
		assert_int_equal(xen_pte_read(&fixture.space, fixture_address(0)).v,
		                 fixture_entry(4).v);
	}
}

/* A CPU holds nothing of a space it does not run on. */
static void test_no_flush_for_a_space_not_in_force(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(2);
		xen_space_switch(&fixture.other);
		fake_forget();
		xen_pte_set(&fixture.space, fixture_address(0), fixture_entry(3), XEN_FLUSH_PAGE);
		assert_int_equal(fake.request_count, 1);
		assert_int_equal(fake_last_request()->op, __HYPERVISOR_mmu_update);
		xen_flush_space(&fixture.space);
		assert_int_equal(fake.request_count, 1);
		xen_flush_space(&fixture.other);
		assert_int_equal(fake.request_count, 2);
		assert_int_equal(fake_last_request()->ext.cmd, MMUEXT_TLB_FLUSH_LOCAL);
		xen_flush_space(&xen_kernel_space);
		assert_int_equal(fake.request_count, 3);
	}
}

/* Lazy mode: sets go out together, and the flush they need comes once, behind them. */
static void test_lazy_sets_and_their_flush(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int flushed = 0; flushed < 4; flushed++) {
			fixture_start(&fake_formats[format]);
			fixture_prepare_and_pin(4);
			xen_space_switch(&fixture.space);
			fake_forget();
			xen_lazy_enter(XEN_LAZY_MMU);
			for (unsigned int i = 0; i < 4; i++)
				xen_pte_set(&fixture.space, fixture_address(i), fixture_entry(i),
				            i < flushed ? XEN_FLUSH_PAGE : XEN_FLUSH_NONE);
			assert_int_equal(fake.trap_count, 0);
			xen_lazy_leave(XEN_LAZY_MMU);
			assert_int_equal(fake.trap_count, 1);
			assert_int_equal(fake.request_count, flushed ? 5 : 4);
			assert_int_equal(fixture_flush_count(), flushed ? 1 : 0);
			assert_int_equal(fixture_is_flush(fake_last_request()), flushed > 0);
			if (flushed == 1) {
				assert_int_equal(fake_last_request()->ext.cmd, MMUEXT_INVLPG_LOCAL);
				assert_int_equal(fake_last_request()->ext.arg1.linear_addr,
				                 fixture_address(0).v);
			} else if (flushed > 1) {
				assert_int_equal(fake_last_request()->ext.cmd,
				                 MMUEXT_TLB_FLUSH_LOCAL);
			}
			for (unsigned int i = 0; i < 4; i++)
				assert_int_equal(xen_pte_read(&fixture.space, fixture_address(i)).v,
				                 fixture_entry(i).v);
			/* Settled once: nothing is left for later. */
			fake_forget();
			xen_lazy_enter(XEN_LAZY_MMU);
			xen_lazy_leave(XEN_LAZY_MMU);
			assert_int_equal(fake.request_count, 0);
		}
	}
}

static void test_lazy_flush_settles_and_stays(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(2);
		xen_space_switch(&fixture.space);
		fake_forget();
		xen_lazy_flush(); /* nothing outside */
		xen_lazy_enter(XEN_LAZY_MMU);
		xen_pte_set(&fixture.space, fixture_address(0), fixture_entry(1), XEN_FLUSH_PAGE);
		xen_lazy_flush();
		assert_int_equal(fake.request_count, 2);
		assert_int_equal(fake_last_request()->ext.cmd, MMUEXT_INVLPG_LOCAL);
		assert_int_equal(this_cpu()->lazy, XEN_LAZY_MMU);
		xen_pte_set(&fixture.space, fixture_address(1), fixture_entry(2), XEN_FLUSH_NONE);
		assert_int_equal(fake.request_count, 2);
		xen_lazy_leave(XEN_LAZY_MMU);
		assert_int_equal(fake.request_count, 3);
	}
}

/* Rewriting a range. */

/* What the editor makes of the entries, one after the other; stops behind the last. */
struct edits {
	unsigned int next, count;
	pte_t to[FIXTURE_ADDRESSES];
};

static bool edit_next(vaddr_t va, pte_t *pte, void *arg)
{
	struct edits *edits = arg;

	if (edits->next == edits->count)
		return false;
	assert_int_equal(va.v, fixture_address(edits->next).v);
	assert_int_equal(pte->v, fixture_entry(edits->next).v);
	*pte = edits->to[edits->next++];
	return true;
}

/* A space in force with so many entries, two in each leaf table. */
static void start_rewrite(const struct pt_format *format, unsigned int count)
{
	fixture_start(format);
	fixture_prepare_and_pin(count);
	for (unsigned int i = 0; i < count; i++)
		xen_pte_set(&fixture.space, fixture_address(i), fixture_entry(i), XEN_FLUSH_NONE);
	xen_space_switch(&fixture.space);
	fake_forget();
}

static vaddr_t rewrite_all(struct edits *edits)
{
	return xen_pte_rewrite(&fixture.space, rules_va(0), rules_va(port_pt_format->user_end),
	                       edit_next, edits);
}

/* All tables in one batch, and one flush behind it. */
static void test_rewrite_is_one_batch(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		struct edits edits = {.count = 6}; /* to nothing */

		start_rewrite(&fake_formats[format], 6);
		assert_int_equal(rewrite_all(&edits).v, rules_va(port_pt_format->user_end).v);
		assert_int_equal(fake.trap_count, 1);
		assert_int_equal(fake.request_count, 7);
		assert_int_equal(fixture_flush_count(), 1);
		assert_int_equal(fake_last_request()->ext.cmd, MMUEXT_TLB_FLUSH_LOCAL);
		for (unsigned int i = 0; i < 6; i++)
			assert_true(pte_none(xen_pte_read(&fixture.space, fixture_address(i))));
	}
}

/* The one at which the editor stops, and all behind it, stay as they are. */
static void test_rewrite_stops(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		struct edits edits = {.count = 3};

		start_rewrite(&fake_formats[format], 6);
		assert_int_equal(rewrite_all(&edits).v, fixture_address(3).v);
		assert_int_equal(fake.request_count, 4);
		for (unsigned int i = 3; i < 6; i++)
			assert_int_equal(xen_pte_read(&fixture.space, fixture_address(i)).v,
			                 fixture_entry(i).v);
		assert_int_equal(fake_frame_locks_held(), 0);
	}
}

/* Inside lazy mode it is part of that batch. */
static void test_rewrite_inside_lazy_mode(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		struct edits edits = {.count = 4};

		start_rewrite(&fake_formats[format], 4);
		xen_lazy_enter(XEN_LAZY_MMU);
		rewrite_all(&edits);
		assert_int_equal(fake.trap_count, 0);
		xen_lazy_leave(XEN_LAZY_MMU);
		assert_int_equal(fake.trap_count, 1);
		assert_int_equal(fixture_flush_count(), 1);
	}
}

static void test_rewrite_of_unpinned_tables(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		struct edits edits = {.count = 1, .to = {{PTE_SOFT0}}};

		fixture_start(&fake_formats[format]);
		fixture.offset[0] = PAGE_BYTES;
		assert_int_equal(xen_pte_prepare(&fixture.space, fixture_address(0)), 0);
		xen_pte_set(&fixture.space, fixture_address(0), fixture_entry(0), XEN_FLUSH_NONE);
		rewrite_all(&edits);
		assert_int_equal(fake.trap_count, 0);
		assert_int_equal(xen_pte_read(&fixture.space, fixture_address(0)).v, PTE_SOFT0);
	}
}

static bool edit_first(vaddr_t va, pte_t *pte, void *arg)
{
	const struct edits *edits = arg;

	(void)va;
	*pte = edits->to[0];
	return true;
}

/* One entry alone is set as xen_pte_set() does, by address where that can be. */
static void check_flush(unsigned int format, bool many, bool changed, bool flush)
{
	if (!many && changed && format != FAKE_FORMAT_APART) {
		assert_int_equal(fake.request_count, 1);
		assert_int_equal(fake_last_request()->args[2],
		                 flush ? UVMF_INVLPG | UVMF_LOCAL : UVMF_NONE);
		return;
	}
	assert_int_equal(fake.request_count, changed + flush);
	assert_int_equal(fake.trap_count, changed);
	assert_int_equal(fixture_flush_count(), flush);
}

/* What takes something away is flushed, and what only gives is not. */
static void test_rewrite_flushes_what_is_stale(void **state)
{
	const uint64_t all = PTE_PRESENT | PTE_USER | PTE_WRITE;
	const struct {
		uint64_t from, to;
		unsigned int frame;
		bool flush;
	} cases[] = {
	    {all, all, 0, false},
	    {all, all & ~(uint64_t)PTE_WRITE, 0, true},
	    {all & ~(uint64_t)PTE_WRITE, all, 0, false},
	    {all, all & ~(uint64_t)PTE_USER, 0, true},
	    {all & ~(uint64_t)PTE_USER, all, 0, false},
	    {all, all & ~(uint64_t)PTE_PRESENT, 0, true},
	    {all & ~(uint64_t)PTE_PRESENT, all, 0, false},
	    {all, all | PTE_NX, 0, true},
	    {all | PTE_NX, all, 0, false},
	    {all, all, 1, true},
	    {PTE_SOFT0, PTE_SOFT1, 0, false},
	    {all, all | PTE_SOFT0, 0, false},
	};

	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int n = 0; n < 2 * sizeof(cases) / sizeof(cases[0]); n++) {
			unsigned int i = n / 2, before = n % 2; /* pages */
			uint64_t nx = port_pt_format->entry_shift == 2 ? ~(uint64_t)PTE_NX : ~0ull;
			pte_t from = pte_from_pfn(PFN(1), cases[i].from & nx);
			struct edits edits = {.count = 1};

			if ((cases[i].from | cases[i].to) & ~nx)
				continue;
			edits.to[0] = pte_from_pfn(PFN(1 + cases[i].frame), cases[i].to);
			start_rewrite(&fake_formats[format], 2);
			xen_pte_set(&fixture.space, fixture_address(0), from, XEN_FLUSH_NONE);
			fake_forget();
			xen_pte_rewrite(&fixture.space,
			                rules_va(fixture.offset[0] - before * PAGE_BYTES),
			                fixture_address(1), edit_first, &edits);
			assert_int_equal(xen_pte_read(&fixture.space, fixture_address(0)).v,
			                 edits.to[0].v);
			check_flush(format, before, from.v != edits.to[0].v, cases[i].flush);
		}
	}
}

/* Several entries. */

static void add_three(void)
{
	const pte_t entries[3] = {fixture_entry(5), PTE_NONE, fixture_entry(7)};
	pte_t read[4];

	xen_ptes_add(&fixture.space, fixture_address(0), entries, 3);
	if (this_cpu()->lazy == XEN_LAZY_MMU)
		return;
	xen_ptes_read(&fixture.space, fixture_address(0), read, 4);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(read[i].v, i < 3 ? entries[i].v : 0);
}

static void test_entries_are_added_in_one_call(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int lazy = 0; lazy < 2; lazy++) {
			fixture_start(&fake_formats[format]);
			fixture_prepare_and_pin(1);
			xen_space_switch(&fixture.space);
			fake_forget();
			if (lazy)
				xen_lazy_enter(XEN_LAZY_MMU);
			add_three();
			if (lazy) {
				assert_int_equal(fake.trap_count, 0);
				xen_lazy_leave(XEN_LAZY_MMU);
			}
			assert_int_equal(fake.trap_count, 1);
			assert_int_equal(fake.request_count, 2);
			assert_int_equal(fake_last_request()->update.val, fixture_entry(7).v);
			assert_int_equal(fixture_flush_count(), 0);
			rules_check_space(&fixture.space);
		}
	}
}

static void test_entries_are_added_by_stores(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture.offset[0] = 200 * PAGE_BYTES;
		assert_int_equal(xen_pte_prepare(&fixture.space, fixture_address(0)), 0);
		fake_forget();
		add_three();
		assert_int_equal(fake.trap_count, 0);
		/* Who walks the table finds them. */
		assert_true(pt_entries_max(pt_find_table(fixture.space.root, 0, 1), 1) > 0);
		assert_non_null(FAKE_PANIC_OF(
		    xen_ptes_add(&fixture.space, rules_va(9 * rules_reach(2)), &(pte_t){1}, 1)));
	}
}

/* Where user mode's accesses come to. */

static vaddr_t plus(vaddr_t va, unsigned int bytes)
{
	return (vaddr_t){va.v + bytes};
}

static void expect_reach(vaddr_t va, bool write, unsigned long pfn)
{
	char *at = (char *)PORT_DIRECT_MAP_BASE + pfn * PAGE_BYTES + 5;

	if (xen_user_reach(&fixture.space, plus(va, 5), write) != (pfn == 0 ? NULL : at))
		fail_msg("an access comes to another place than its entry says");
	if (port_pt_format->entry_shift == 3 &&
	    pv_user_reached(&fixture.space, plus(va, 5), write) != (pfn == 0 ? NULL : at))
		fail_msg("what was reached before is not where it was");
}

static void test_reach(void **state)
{
	const pte_t foreign = pte_from_mfn(MFN(9), PTE_PRESENT | PTE_USER | PTE_FOREIGN);

	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(2);
		vaddr_t va = fixture_address(0);

		expect_reach(va, false, 0);
		xen_pte_set(&fixture.space, va, fixture_entry(3), XEN_FLUSH_NONE);
		expect_reach(va, false, 3);
		expect_reach(va, true, 0);
		expect_reach(fixture_address(1), false, 0);
		xen_pte_set(&fixture.space, va, pte_set_flags(fixture_entry(4), PTE_WRITE),
		            XEN_FLUSH_PAGE);
		assert_null(pv_user_reached(&fixture.space, va, false));
		expect_reach(va, true, 4);
		expect_reach(va, false, 4);
		xen_pte_set(&fixture.space, va, foreign, XEN_FLUSH_PAGE);
		expect_reach(va, false, 0);
		assert_null(
		    xen_user_reach(&fixture.space, rules_va(port_pt_format->user_end / 2), false));
	}
}

/* Not through a table that has gone. */
static void test_reach_ends_with_the_table(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(1);
		vaddr_t va = fixture_address(0);

		xen_pte_set(&fixture.space, va, fixture_entry(3), XEN_FLUSH_NONE);
		expect_reach(va, false, 3);
		xen_pte_set(&fixture.space, va, PTE_NONE, XEN_FLUSH_PAGE);
		xen_tables_trim(&fixture.space, (vaddr_t){0}, rules_va(port_pt_format->user_end));
		for (unsigned int i = 0; i < SPACE_REACHED; i++)
			if (fixture.space.reached[i].last[false] != 0)
				fail_msg("a table that has gone is still looked at");
	}
}

/* The modes themselves. */

static void test_lazy_modes_are_exclusive(void **state)
{
	const enum xen_lazy_mode modes[] = {XEN_LAZY_MMU, XEN_LAZY_CPU};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int k = 0; k < 2; k++) {
			fixture_start(&fake_formats[0]);
			xen_lazy_enter(modes[i]);
			assert_true(fake.vcpu_info.evtchn_upcall_mask);
			assert_non_null(FAKE_PANIC_OF(xen_lazy_enter(modes[k])));
			fixture_start(&fake_formats[0]);
			assert_non_null(FAKE_PANIC_OF(xen_lazy_leave(modes[k])));
			fixture_start(&fake_formats[0]);
			xen_lazy_enter(modes[i]);
			if (i != k)
				assert_non_null(FAKE_PANIC_OF(xen_lazy_leave(modes[k])));
			else
				xen_lazy_leave(modes[k]);
		}
		assert_non_null(FAKE_PANIC_OF(xen_lazy_leave(XEN_LAZY_NONE)));
		fixture_start(&fake_formats[0]);
		xen_lazy_enter(modes[i]);
		xen_lazy_leave(modes[i]);
		assert_false(fake.vcpu_info.evtchn_upcall_mask);
		assert_true(mc_idle());
	}
}

int entry_cases_run(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_histories),
	    cmocka_unit_test(test_unpinned_tables_take_plain_stores),
	    cmocka_unit_test(test_set_where_no_table_is),
	    cmocka_unit_test(test_set_in_force_is_one_call_by_address),
	    cmocka_unit_test(test_no_flush_for_a_space_not_in_force),
	    cmocka_unit_test(test_lazy_sets_and_their_flush),
	    cmocka_unit_test(test_lazy_flush_settles_and_stays),
	    cmocka_unit_test(test_rewrite_is_one_batch),
	    cmocka_unit_test(test_rewrite_stops),
	    cmocka_unit_test(test_rewrite_inside_lazy_mode),
	    cmocka_unit_test(test_rewrite_of_unpinned_tables),
	    cmocka_unit_test(test_rewrite_flushes_what_is_stale),
	    cmocka_unit_test(test_entries_are_added_in_one_call),
	    cmocka_unit_test(test_entries_are_added_by_stores),
	    cmocka_unit_test(test_reach),
	    cmocka_unit_test(test_reach_ends_with_the_table),
	    cmocka_unit_test(test_lazy_modes_are_exclusive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
