/* SPDX-License-Identifier: MIT */
/*
 * The leaf tables of a space, in all formats: what must hold of moving one by its link, of the end
 * of empty ones and of full ones.
 */
#include "tests/unit/pin_cases.h"

#include <stdarg.h>
#include <stddef.h>

#include "tests/unit/fake_xen.h"

#include <cmocka.h>

#include <port/memory.h>

#include <xen/errno.h>

#include "pv/mmu.h"
#include "tests/unit/space_fixture.h"
#include "tests/unit/table_rules.h"
#include "xen/lazy.h"
#include "xen/multicall.h"
#include "xen/space.h"

/* Moving a leaf table. */

/* Far from what the fixture has: upper tables are missing. */
static uint64_t far_place(void)
{
	return port_pt_format->user_end / 2 + 3 * rules_reach(2);
}

/* Move the first leaf table with its two entries to `to` and look. */
static void move_first(uint64_t to)
{
	assert_int_equal(xen_table_move(&fixture.space, rules_va(0), rules_va(to)), 0);
	rules_check_space(&fixture.space);
	for (unsigned int i = 0; i < 2; i++) {
		vaddr_t moved = rules_va(fixture.offset[i] % rules_reach(2) + to);

		assert_int_equal(xen_pte_read(&fixture.space, moved).v, fixture_entry(i).v);
	}
	for (unsigned int i = 0; i < 2; i++)
		if (to != 0)
			assert_true(pte_none(xen_pte_read(&fixture.space, fixture_address(i))));
}

/* Two addresses in one leaf table at the start, and a space that is active or not. */
static void start_move(const struct pt_format *format, bool active)
{
	fixture_start(format);
	for (unsigned int i = 0; i < 2; i++) {
		fixture.offset[i] = (i + 1) * PAGE_BYTES;
		assert_int_equal(xen_pte_prepare(&fixture.space, fixture_address(i)), 0);
		xen_pte_set(&fixture.space, fixture_address(i), fixture_entry(i), XEN_FLUSH_NONE);
	}
	if (active) {
		xen_space_activate(&fixture.space);
		xen_space_switch(&fixture.space);
	}
	fake_forget();
}

static void test_table_move(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int active = 0; active < 2; active++) {
			start_move(&fake_formats[format], active);
			move_first(far_place());
			if (!active)
				assert_int_equal(fake.trap_count, 0);
			/* Back, which takes no frame. */
			unsigned long taken = fake_frames_taken();

			assert_int_equal(
			    xen_table_move(&fixture.space, rules_va(far_place()), rules_va(0)), 0);
			assert_int_equal(fake_frames_taken(), taken);
			assert_int_equal(xen_pte_read(&fixture.space, fixture_address(1)).v,
			                 fixture_entry(1).v);
			fixture_trim(0, port_pt_format->user_end);
			move_first(rules_reach(2));
		}
	}
}

/* The new link, the end of the old one, a flush of all: one batch. */
static void test_table_move_is_one_batch(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start_move(&fake_formats[format], true);
		/* In the 2-level format the table above is the top. */
		move_first(rules_reach(2));
		assert_int_equal(fake.trap_count, 1);
		assert_true(fake.requests[0].update.val != 0);
		assert_int_equal(fake.requests[fake.request_count - 2].update.val, 0);
		assert_int_equal(fake.requests[fake.request_count - 2].op, __HYPERVISOR_mmu_update);
		assert_int_equal(fake_last_request()->op, __HYPERVISOR_mmuext_op);
		assert_int_equal(fake_last_request()->ext.cmd, MMUEXT_TLB_FLUSH_LOCAL);
	}
}

static void test_table_move_makes_room(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start_move(&fake_formats[format], true);
		/* An empty table goes; one that maps something is not overwritten. */
		assert_int_equal(
		    xen_pte_prepare(&fixture.space, rules_va(far_place() + PAGE_BYTES)), 0);
		move_first(far_place());
		assert_int_equal(xen_pte_prepare(&fixture.space, rules_va(PAGE_BYTES)), 0);
		xen_pte_set(&fixture.space, rules_va(PAGE_BYTES), fixture_entry(5), XEN_FLUSH_NONE);
		assert_non_null(FAKE_PANIC_OF(
		    xen_table_move(&fixture.space, rules_va(far_place()), rules_va(0))));
	}
}

static void test_table_move_without_table(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start_move(&fake_formats[format], true);
		assert_int_equal(xen_table_move(&fixture.space, rules_va(far_place()),
		                                rules_va(5 * rules_reach(2))),
		                 0);
		assert_int_equal(fake.request_count, 0);
	}
}

static void test_table_move_out_of_memory(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start_move(&fake_formats[format], true);
		if (port_pt_format->levels == 2)
			continue;
		fake.allocations_left = 0;
		assert_int_equal(xen_table_move(&fixture.space, rules_va(0), rules_va(far_place())),
		                 -XEN_ENOMEM);
		assert_int_equal(xen_pte_read(&fixture.space, fixture_address(1)).v,
		                 fixture_entry(1).v);
		rules_check_space(&fixture.space);
	}
}

/* Trimming. */

/* The translation of a table that goes is dropped after its entry is cleared and before it is
 * writable. */
static void check_trim_order(bool in_force)
{
	bool cleared = false, flushed = false;

	for (unsigned int i = 0; i < fake.request_count; i++) {
		const struct fake_request *request = &fake.requests[i];

		if (request->op == __HYPERVISOR_mmu_update) {
			assert_int_equal(request->update.val, 0);
			cleared = true;
			flushed = false;
		} else if (fixture_is_flush(request)) {
			assert_true(cleared);
			flushed = true;
		} else if (request->op == __HYPERVISOR_update_va_mapping) {
			assert_true(cleared && flushed == in_force);
		}
	}
}

static void test_trim_flushes_before_it_frees(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int in_force = 0; in_force < 2; in_force++) {
			fixture_start(&fake_formats[format]);
			fixture_prepare_and_pin(6);
			xen_space_switch(in_force ? &fixture.space : &fixture.other);
			xen_pte_set(&fixture.space, fixture_address(4), fixture_entry(1),
			            XEN_FLUSH_NONE);
			fake_forget();
			/* Two of the three leaf tables are empty; no upper one is. */
			assert_int_equal(fixture_trim(0, port_pt_format->user_end), 2);
			check_trim_order(in_force);
			rules_check_space(&fixture.space);
			assert_int_equal(xen_pte_read(&fixture.space, fixture_address(4)).v,
			                 fixture_entry(1).v);
			xen_pte_set(&fixture.space, fixture_address(4), PTE_NONE, XEN_FLUSH_PAGE);
			assert_int_equal(fixture_trim(0, port_pt_format->user_end),
			                 port_pt_format->levels - 1);
			rules_check_space(&fixture.space);
		}
	}
}

/* The same of more tables than the pool has room for, which become ordinary memory: after the flush
 * of their batch. */
static void test_trim_of_many_tables(void **state)
{
	const unsigned int count = 60;

	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		for (unsigned int i = 0; i < count; i++)
			assert_int_equal(
			    xen_pte_prepare(&fixture.space, rules_va(i * rules_reach(2))), 0);
		xen_space_activate(&fixture.space);
		xen_space_switch(&fixture.space);
		fake_forget();
		assert_true(fixture_trim(0, port_pt_format->user_end) >= count);
		check_trim_order(true);
		assert_true(fixture_flush_count() < count / 2);
		rules_check_space(&fixture.space);
	}
}

/* A table that reaches beyond the range stays, however empty. */
static void test_trim_keeps_what_reaches_out(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int pinned = 0; pinned < 2; pinned++) {
			fixture_start(&fake_formats[format]);
			uint64_t leaf = 5 * rules_reach(2);

			assert_int_equal(xen_pte_prepare(&fixture.space, rules_va(leaf)), 0);
			if (pinned)
				xen_space_activate(&fixture.space);
			fake_forget();
			assert_int_equal(fixture_trim(leaf + PAGE_BYTES, leaf + rules_reach(2)), 0);
			assert_int_equal(fixture_trim(leaf, leaf + rules_reach(2) - PAGE_BYTES), 0);
			assert_int_equal(fixture_trim(leaf, leaf), 0);
			assert_int_equal(fixture_trim(leaf, leaf + rules_reach(2)), 1);
			if (!pinned && fake.trap_count != 0)
				fail_msg("Xen hears of a table that it never knew");
		}
	}
}

/* Leaving with all that is mapped. */

#define MANY 65u /* more than pays to clear, in each format */

static unsigned int released;

/* What it mapped may be given away: nothing leads to it any more, and the flush has been made. */
static void count_released(pte_t pte, void *arg)
{
	assert_ptr_equal(arg, &fixture);
	assert_int_equal(pte.v, fixture_entry(1 + released++).v);
	assert_true(mc_idle());
	assert_int_equal(fake_walk(fake_mfn(fixture.space.root), 0), 0);
	assert_int_equal(fixture_flush_count(), fixture.space.cpus != 0);
}

/* A leaf table that holds much, and one behind it that does not. */
static void start_leave(const struct pt_format *format, bool in_force)
{
	fixture_start(format);
	released = 0;
	for (unsigned int i = 0; i < MANY + 2; i++) {
		vaddr_t va = rules_va(i < MANY ? i * PAGE_BYTES : rules_reach(2) + i * PAGE_BYTES);

		assert_int_equal(xen_pte_prepare(&fixture.space, va), 0);
		xen_pte_set(&fixture.space, va, fixture_entry(1 + i), XEN_FLUSH_NONE);
	}
	xen_space_activate(&fixture.space);
	xen_space_switch(in_force ? &fixture.space : &fixture.other);
	fake_forget();
}

static void leave(uint64_t start, uint64_t end)
{
	xen_tables_leave(&fixture.space, rules_va(start), rules_va(end), NULL, count_released,
	                 &fixture);
}

static void test_full_table_leaves(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int in_force = 0; in_force < 2; in_force++) {
			start_leave(&fake_formats[format], in_force);
			unsigned long taken = fake_frames_taken();

			assert_non_null(xen_user_reach(&fixture.space, rules_va(0), false));
			leave(0, 2 * rules_reach(2));
			if (pv_user_reached(&fixture.space, rules_va(0), false))
				fail_msg("a table that has left is still looked at");
			assert_int_equal(released, MANY);
			assert_int_equal(fake.trap_count, 1);
			assert_int_equal(fake_frames_taken(), taken - 1);
			check_trim_order(in_force);
			rules_check_space(&fixture.space);
			assert_int_equal(xen_pte_read(&fixture.space, rules_va(0)).v, 0);
			for (unsigned int i = MANY; i < MANY + 2; i++)
				assert_int_equal(
				    xen_pte_read(&fixture.space,
				                 rules_va(rules_reach(2) + i * PAGE_BYTES))
				        .v,
				    fixture_entry(1 + i).v);
		}
	}
}

static void test_part_of_a_table_does_not_leave(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		start_leave(&fake_formats[format], true);
		leave(PAGE_BYTES, rules_reach(2));
		leave(0, rules_reach(2) - PAGE_BYTES);
		leave(PAGE_BYTES, 2 * rules_reach(2));
		leave(0, 0);
		assert_int_equal(fake.trap_count, 0);
		assert_int_equal(released, 0);
		rules_check_space(&fixture.space);
	}
}

/* Tables come and go inside lazy mode too, although each step reads what the last one wrote. */
static void test_tables_inside_lazy_mode(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		xen_space_activate(&fixture.space);
		xen_space_switch(&fixture.space);
		fake_forget();
		xen_lazy_enter(XEN_LAZY_MMU);
		assert_int_equal(xen_pte_prepare(&fixture.space, (vaddr_t){PAGE_BYTES}), 0);
		assert_int_equal(fake_frame_locks_held(), 0);
		xen_pte_set(&fixture.space, (vaddr_t){PAGE_BYTES}, fixture_entry(1),
		            XEN_FLUSH_NONE);
		xen_lazy_flush();
		xen_pte_set(&fixture.space, (vaddr_t){PAGE_BYTES}, PTE_NONE, XEN_FLUSH_PAGE);
		xen_lazy_flush();
		assert_int_equal(fixture_trim(0, port_pt_format->user_end),
		                 port_pt_format->levels - 1);
		xen_lazy_leave(XEN_LAZY_MMU);
		rules_check_space(&fixture.space);
	}
}

int table_cases_run(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table_move),
	    cmocka_unit_test(test_table_move_is_one_batch),
	    cmocka_unit_test(test_table_move_makes_room),
	    cmocka_unit_test(test_table_move_without_table),
	    cmocka_unit_test(test_table_move_out_of_memory),
	    cmocka_unit_test(test_trim_flushes_before_it_frees),
	    cmocka_unit_test(test_trim_of_many_tables),
	    cmocka_unit_test(test_trim_keeps_what_reaches_out),
	    cmocka_unit_test(test_full_table_leaves),
	    cmocka_unit_test(test_part_of_a_table_does_not_leave),
	    cmocka_unit_test(test_tables_inside_lazy_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
