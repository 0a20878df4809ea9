/* SPDX-License-Identifier: MIT */
/*
 * The life of spaces, in all formats: switching, retiring, copies, running out of memory, and what
 * the kernel's own space and the boot tables have of their own.
 */
#include "tests/unit/pin_cases.h"

#include <stdarg.h>
#include <stddef.h>

#include "tests/unit/fake_xen.h"

#include <cmocka.h>

#include <port/memory.h>

#include <xen/errno.h>

#include "tests/unit/space_fixture.h"
#include "tests/unit/table_rules.h"
#include "xen/lazy.h"
#include "xen/pin.h"
#include "xen/space.h"
#include "xen/tlb.h"

/* Switching. */

static void test_switch_is_one_entry(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		xen_space_switch(&fixture.other);
		assert_int_equal(fake.trap_count, 1);
		if (!xen_spaces_apart())
			assert_int_equal(fake.root.v, fake_mfn(fixture.other.root).v);
		if (port_pt_format->user_top)
			assert_int_equal(fake.user_root.v,
			                 fake_mfn(xen_spaces_apart() ? fixture.other.root
			                                             : fixture.other.user_root)
			                     .v);
		assert_ptr_equal(this_cpu()->space_asked, &fixture.other);
		assert_ptr_equal(this_cpu()->space_actual, &fixture.other);
		xen_space_switch(&fixture.other);
		assert_int_equal(fake.trap_count, 1);
		xen_space_switch(NULL);
		assert_int_equal(fake.trap_count, 2);
		assert_int_equal(fake.root.v, fake_mfn(fake.kernel_root).v);
		assert_int_equal(fake.user_root.v, 0);
		assert_null(this_cpu()->space_actual);
	}
}

/* Is this vcpu one of those that may hold translations of the space, and run on it? */
static void expect_user(const struct pt_space *space, bool uses)
{
	bool marked = space->cpus & xen_cpu_bit(this_cpu());

	if (marked != uses)
		fail_msg("the space has %s mark of this vcpu", marked ? "the" : "no");
}

/* A vcpu is marked before it loads a space, and until it has loaded another. */
static void test_users_are_marked(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(1);
		expect_user(&fixture.other, false);
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&fixture.other);
		expect_user(&fixture.other, true);
		xen_lazy_leave(XEN_LAZY_CPU);
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&fixture.space);
		expect_user(&fixture.other, true);
		expect_user(&fixture.space, true);
		xen_space_switch(&fixture.other);
		xen_lazy_leave(XEN_LAZY_CPU);
		expect_user(&fixture.other, true);
		expect_user(&fixture.space, false);
		xen_space_switch(NULL);
		expect_user(&fixture.other, false);
	}
}

/* Asked for at once, in force only when Xen has done it. */
static void test_asked_and_actual(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&fixture.other);
		assert_ptr_equal(this_cpu()->space_asked, &fixture.other);
		assert_null(this_cpu()->space_actual);
		assert_int_equal(fake.trap_count, 0);
		xen_lazy_leave(XEN_LAZY_CPU);
		assert_ptr_equal(this_cpu()->space_actual, &fixture.other);
		assert_int_equal(fake.trap_count, 1);
	}
}

static uint32_t refused_command;

static long refuse_command(const struct fake_request *request)
{
	return request->op == __HYPERVISOR_mmuext_op && request->ext.cmd == refused_command
	           ? -XEN_EINVAL
	           : 0;
}

static void test_a_failed_load_is_not_recorded(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int user = format == FAKE_FORMAT_APART;
		     user <= fake_formats[format].user_top; user++) {
			fixture_start(&fake_formats[format]);
			fixture_prepare_and_pin(1);
			xen_space_switch(&fixture.other);
			fake.judge = refuse_command;
			refused_command = user ? MMUEXT_NEW_USER_BASEPTR : MMUEXT_NEW_BASEPTR;
			assert_non_null(FAKE_PANIC_OF(xen_space_switch(&fixture.space)));
			assert_ptr_equal(this_cpu()->space_actual, &fixture.other);
		}
	}
}

static void test_switch_to_what_is_not_active(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		assert_non_null(FAKE_PANIC_OF(xen_space_switch(&fixture.space)));
		assert_int_equal(fake.trap_count, 0);
	}
}

/* Loading drops the translations that notes are about. */
static void test_switch_drops_notes(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(1);
		xen_space_switch(&fixture.space);
		fake_forget();
		xen_lazy_enter(XEN_LAZY_MMU);
		xen_pte_set(&fixture.space, fixture_address(0), fixture_entry(1), XEN_FLUSH_PAGE);
		xen_space_switch(&fixture.other);
		xen_lazy_leave(XEN_LAZY_MMU);
		/* Nothing for the note; where tops are apart the switch has a flush of its own. */
		assert_int_equal(fixture_flush_count(), xen_spaces_apart());
		assert_int_equal(fake_walk(fake_mfn(fixture.space.root), fixture.offset[0]),
		                 fixture_entry(1).v);
	}
}

/* While a switch waits in a batch, what is queued behind it runs on the new tables: an entry of the
 * old ones must not be changed by address, and one of the new ones may be cached by the time it
 * changes. */
static void test_set_behind_a_switch_that_waits(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(1);
		assert_int_equal(xen_pte_prepare(&fixture.other, fixture_address(0)), 0);
		xen_space_switch(&fixture.space);
		fake_forget();
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&fixture.other);
		xen_pte_set(&fixture.space, fixture_address(0), fixture_entry(1), XEN_FLUSH_PAGE);
		xen_lazy_leave(XEN_LAZY_CPU);
		assert_int_equal(fake_walk(fake_mfn(fixture.space.root), fixture.offset[0]),
		                 fixture_entry(1).v);
		assert_int_equal(fake_walk(fake_mfn(fixture.other.root), fixture.offset[0]), 0);

		fake_forget();
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&fixture.space);
		xen_pte_set(&fixture.space, fixture_address(0), fixture_entry(2), XEN_FLUSH_PAGE);
		xen_lazy_leave(XEN_LAZY_CPU);
		assert_int_equal(fake_walk(fake_mfn(fixture.space.root), fixture.offset[0]),
		                 fixture_entry(2).v);
		assert_true(fixture_is_flush(fake_last_request()));
	}
}

/* Retiring. */

static void test_retire_leaves_the_space_first(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(3);
		xen_space_switch(&fixture.space);
		xen_space_retire(&fixture.space);
		assert_null(this_cpu()->space_actual);
		assert_int_equal(fake.root.v, fake_mfn(fake.kernel_root).v);
		assert_false(fixture.space.pinned);
		/* From here on entries are plain memory. */
		fake_forget();
		xen_pte_set(&fixture.space, fixture_address(0), fixture_entry(9), XEN_FLUSH_PAGE);
		assert_int_equal(fake.trap_count, 0);
		xen_space_destroy(&fixture.space);
	}
}

/* It runs on the space still, though it has asked for another. */
static void test_retire_behind_a_switch_that_waits(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		fixture_prepare_and_pin(3);
		xen_space_switch(&fixture.space);
		xen_lazy_enter(XEN_LAZY_CPU);
		xen_space_switch(&fixture.other);
		assert_ptr_equal(this_cpu()->space_actual, &fixture.space);
		xen_space_retire(&fixture.space);
		assert_ptr_equal(this_cpu()->space_actual, &fixture.other);
		xen_lazy_leave(XEN_LAZY_CPU);
		xen_space_destroy(&fixture.space);
	}
}

static void test_destroy_while_pinned(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		xen_space_activate(&fixture.space);
		assert_non_null(FAKE_PANIC_OF(xen_space_destroy(&fixture.space)));
	}
}

/* Copies. */

#define COPIED 100u

static void release_nothing(pte_t pte, void *arg)
{
	(void)pte;
	(void)arg;
}

static bool count_entry(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	unsigned int *count = arg;

	(void)space;
	(void)va;
	(void)pte;
	++*count;
	return true;
}

/* A copy with recycled tops: its full leaf table is filled by stores, and is there for a walk, and
 * for the CPU once the space is active. */
static void copy_full_table(bool walk)
{
	struct pt_space copy;
	unsigned int count = 0;

	for (unsigned int i = 0; i < COPIED; i++) {
		assert_int_equal(xen_pte_prepare(&fixture.space, (vaddr_t){i * PAGE_BYTES}), 0);
		xen_pte_set(&fixture.space, (vaddr_t){i * PAGE_BYTES}, fixture_entry(i + 1),
		            XEN_FLUSH_NONE);
	}
	xen_space_dissolve(&fixture.other, release_nothing, NULL);
	assert_int_equal(xen_space_init(&copy), 0);
	assert_true(copy.pinned);
	assert_int_equal(xen_pte_prepare_like(&copy, (vaddr_t){0}, &fixture.space), 0);
	fake_forget();
	for (unsigned int i = 0; i < COPIED; i++)
		xen_pte_set(&copy, (vaddr_t){i * PAGE_BYTES}, fixture_entry(i + 1), XEN_FLUSH_NONE);
	assert_int_equal(fake.trap_count, 0);
	if (walk) {
		xen_pte_walk(&copy, (vaddr_t){0}, rules_va(port_pt_format->user_end), count_entry,
		             &count);
		assert_int_equal(count, COPIED);
	}
	xen_space_activate(&copy);
	for (unsigned int i = 0; i < COPIED; i++)
		assert_int_equal(fake_walk(fake_mfn(copy.root), i * PAGE_BYTES),
		                 fixture_entry(i + 1).v);
	rules_check_space(&copy);
	xen_space_dissolve(&copy, release_nothing, NULL);
}

static void test_copy_of_a_full_table(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int walk = 0; walk < 2; walk++) {
			fixture_start(&fake_formats[format]);
			copy_full_table(walk);
		}
	}
}

/* Memory runs out at each allocation in turn: an error, nothing lost, and a second try that
 * works. */

static void test_no_memory_for_a_space(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		fixture_start(&fake_formats[format]);
		const long needed = (long)rules_tops() + (port_pt_format->levels == 3);
		unsigned long taken = fake_frames_taken();
		struct pt_space space;

		for (long left = 0; left < needed; left++) {
			fake.allocations_left = left;
			assert_int_equal(xen_space_init(&space), -XEN_ENOMEM);
			assert_int_equal(fake_frames_taken(), taken);
		}
		fake.allocations_left = needed;
		assert_int_equal(xen_space_init(&space), 0);
		rules_check_space(&space);
		xen_space_destroy(&space);
		assert_int_equal(fake_frames_taken(), taken);
	}
}

static void test_no_memory_for_tables(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int pinned = 0; pinned < 2; pinned++) {
			fixture_start(&fake_formats[format]);
			unsigned long taken = fake_frames_taken();

			if (pinned)
				xen_space_activate(&fixture.space);
			for (long left = 0; left < port_pt_format->levels - 1; left++) {
				/* One table more each time: those made before stay. */
				fake.allocations_left = left > 0 ? 1 : 0;
				assert_int_equal(
				    xen_pte_prepare(&fixture.space, (vaddr_t){PAGE_BYTES}),
				    -XEN_ENOMEM);
				assert_int_equal(fake_frames_taken(), taken + (unsigned long)left);
				rules_check_space(&fixture.space);
			}
			fake.allocations_left = 1;
			assert_int_equal(xen_pte_prepare(&fixture.space, (vaddr_t){PAGE_BYTES}), 0);
			xen_pte_set(&fixture.space, (vaddr_t){PAGE_BYTES}, fixture_entry(1),
			            XEN_FLUSH_NONE);
			assert_int_equal(fake_walk(fake_mfn(fixture.space.root), PAGE_BYTES),
			                 fixture_entry(1).v);
		}
	}
}

/* The boot tables are adopted as they are. */
static void test_adopt_boot_tables(void **state)
{
	(void)state;
	rules_start(&fake_formats[0]);
	xen_kernel_space.root = PFN(102);
	xen_space_adopt_boot(PFN(100), 5);
	for (unsigned long pfn = 99; pfn < 106; pfn++) {
		unsigned int expected = pfn < 100 || pfn > 104 ? 0
		                        : pfn == 102           ? PT_FRAME_TABLE | PT_FRAME_PINNED
		                                               : PT_FRAME_TABLE;

		if (!fake.taken[pfn])
			assert_int_equal(fake.frames[pfn].flags, expected);
	}
	assert_int_equal(fake.request_count, 0);
	assert_non_null(FAKE_PANIC_OF(xen_space_adopt_boot(PFN(FAKE_FRAME_COUNT - 1), 2)));
}

/* Kernel entries above the user half are set in the kernel's own space, and by address at any
 * time. */
static void test_kernel_space(void **state)
{
	(void)state;
	fixture_start(&fake_formats[0]);
	vaddr_t va = pt_vaddr(0x880000000000ull + 5 * PAGE_BYTES);

	assert_int_equal(xen_pte_prepare(&xen_kernel_space, va), 0);
	xen_pte_set(&xen_kernel_space, va, fixture_entry(4), XEN_FLUSH_PAGE);
	assert_int_equal(fake_last_request()->op, __HYPERVISOR_update_va_mapping);
	assert_int_equal(fake_walk(fake_mfn(fake.kernel_root), pt_offset(va)), fixture_entry(4).v);
	/* All spaces share it. */
	assert_int_equal(fake_walk(fake_mfn(fixture.other.root), pt_offset(va)),
	                 fixture_entry(4).v);
}

int space_cases_run(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_switch_is_one_entry),
	    cmocka_unit_test(test_users_are_marked),
	    cmocka_unit_test(test_asked_and_actual),
	    cmocka_unit_test(test_a_failed_load_is_not_recorded),
	    cmocka_unit_test(test_switch_to_what_is_not_active),
	    cmocka_unit_test(test_switch_drops_notes),
	    cmocka_unit_test(test_set_behind_a_switch_that_waits),
	    cmocka_unit_test(test_retire_leaves_the_space_first),
	    cmocka_unit_test(test_retire_behind_a_switch_that_waits),
	    cmocka_unit_test(test_destroy_while_pinned),
	    cmocka_unit_test(test_copy_of_a_full_table),
	    cmocka_unit_test(test_no_memory_for_a_space),
	    cmocka_unit_test(test_no_memory_for_tables),
	    cmocka_unit_test(test_adopt_boot_tables),
	    cmocka_unit_test(test_kernel_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
