/* SPDX-License-Identifier: MIT */
/*
 * Leaf tables that several spaces share, and those that lose the right to write as a whole, in all
 * formats: what is asked of Xen and what is asked of the kernel, step by step. What happens when
 * the steps of two spaces mix is the model's: tests/model/share.c and protect.c.
 */
#include "tests/unit/pin_cases.h"

#include <stdarg.h>
#include <stddef.h>

#include "tests/unit/fake_xen.h"

#include <cmocka.h>

#include <string.h>

#include <xen/errno.h>

#include "pv/mmu.h"
#include "tests/unit/space_fixture.h"
#include "tests/unit/table_rules.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/share.h"
#include "xen/table_pool.h"

#define FULL  150u /* entries: too many to copy one by one, or to take a right from each */
#define FLAGS (PTE_PRESENT | PTE_USER | PTE_WRITE)

/* A kernel that counts. Page n of the range is frame n + 1. */
static struct {
	bool refused;          /* tables are not to be shared */
	unsigned int not_sole; /* of the first so many frames others have references */
	unsigned int references[FULL + 1];
	unsigned int visited, gone, edited;
} kernel;

static struct pt_space *parent, child;
static unsigned long taken_before; /* frames, by what was there before all spaces */

static bool may_share(vaddr_t table, void *arg)
{
	assert_int_equal(table.v, 0);
	assert_ptr_equal(arg, &child);
	return !kernel.refused;
}

static bool visit(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	assert_ptr_equal(space, parent);
	assert_int_equal(pte_pfn(pte).v, va.v / PAGE_BYTES + 1);
	assert_ptr_equal(arg, &child);
	kernel.visited++;
	return true;
}

static pte_t copy_entry(pte_t pte)
{
	kernel.references[pte_pfn(pte).v]++;
	return pte_clear_flags(pte, PTE_WRITE);
}

static bool sole(pte_t pte)
{
	return pte_pfn(pte).v > kernel.not_sole;
}

static void release(pte_t pte, void *arg)
{
	(void)arg;
	assert_true(kernel.references[pte_pfn(pte).v] > 0);
	kernel.references[pte_pfn(pte).v]--;
}

static void count_gone(pte_t pte, void *arg)
{
	assert_ptr_equal(arg, &kernel);
	assert_true(kernel.references[pte_pfn(pte).v] > 0);
	kernel.gone++;
}

static const struct xen_sharing sharing = {
    .may_share = may_share, .visit = visit, .copy = copy_entry, .sole = sole, .release = release};

static vaddr_t page(unsigned int n)
{
	return rules_va(n * PAGE_BYTES);
}

/* An active space with so many pages mapped, and another to become its copy. */
static void begin(unsigned int format, unsigned int count)
{
	fixture_start(&fake_formats[format]);
	taken_before = fake_frames_taken() - 2 * (rules_tops() + (port_pt_format->levels == 3));
	memset(&kernel, 0, sizeof(kernel));
	parent = &fixture.space;
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(xen_pte_prepare(parent, page(i)), 0);
		xen_pte_set(parent, page(i), pte_from_pfn(PFN(i + 1), FLAGS), XEN_FLUSH_NONE);
		kernel.references[i + 1] = 1;
	}
	xen_space_activate(parent);
	xen_space_switch(parent);
	assert_int_equal(xen_space_init(&child), 0);
	fake_forget();
}

static bool share(void)
{
	return xen_tables_share(parent, &child, page(0), rules_va(port_pt_format->user_end),
	                        &sharing, &child);
}

static void begin_shared(unsigned int format)
{
	begin(format, FULL);
	assert_true(share());
	assert_int_equal(kernel.visited, 0);
	xen_space_activate(&child);
	fake_forget();
}

static pfn_t leaf(const struct pt_space *space)
{
	return pt_find_table(space->root, 0, 1);
}

static pfn_t upper(const struct pt_space *space)
{
	return pt_find_table(space->root, 0, 2);
}

/* As the CPU would find it, and as it is shown. */
static void check_writable(struct pt_space *space, bool writable)
{
	assert_int_equal(pte_writable(pt_entry_read(upper(space), 0)) &&
	                     pte_writable(pt_entry_read(leaf(space), 0)),
	                 writable);
	assert_int_equal(pte_writable(xen_pte_read(space, page(0))), writable);
}

static void end_both(void)
{
	xen_space_dissolve(&child, release, NULL);
	xen_space_dissolve(parent, release, NULL);
	for (unsigned int i = 1; i <= FULL; i++)
		assert_int_equal(kernel.references[i], 0);
	xen_space_dissolve(&fixture.other, release, NULL);
	xen_tables_reclaim();
	assert_int_equal(fake_frames_taken(), taken_before);
}

/* Requests to entries of one table. */
static unsigned int update_count(pfn_t table)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < fake.request_count; i++)
		count += fake.requests[i].op == __HYPERVISOR_mmu_update &&
		         fake.requests[i].update.ptr >> PAGE_SHIFT == fake_mfn(table).v;
	return count;
}

/* One request and a flush for the parent the first time; nothing when the link is read-only. */
static void test_shared(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin(format, FULL);
		assert_non_null(xen_user_reach(parent, page(0), true));
		assert_int_equal(xen_table_links(parent, page(0)), 1);
		assert_int_equal(xen_table_links(&child, page(0)), 0);
		assert_true(share());
		assert_int_equal(xen_table_links(parent, page(0)), 2);
		assert_int_equal(xen_table_links(&child, page(0)), 2);
		assert_int_equal(xen_tables_count(parent), port_pt_format->levels - 1);
		assert_null(xen_user_reach(parent, page(0), true));
		/* Nor is it known from before. */
		assert_int_equal(parent->reached[space_reached_place(page(0))].last[true], 0);
		assert_non_null(xen_user_reach(parent, page(0), false));
		if (port_pt_format->entry_shift == 3)
			assert_non_null(pv_user_reached(parent, page(0), false));
		assert_null(pv_user_reached(parent, page(0), true));
		assert_int_equal(update_count(upper(parent)), 1);
		assert_int_equal(fixture_flush_count(), 1);
		assert_int_equal(leaf(parent).v, leaf(&child).v);
		check_writable(parent, false);
		check_writable(&child, false);
		for (unsigned int i = 1; i <= FULL; i++)
			assert_int_equal(kernel.references[i], 1);
		xen_space_activate(&child);
		rules_check_space(&child);
		xen_space_dissolve(&child, release, NULL);
		assert_int_equal(xen_table_links(parent, page(0)), 1);
		fake_forget();
		assert_int_equal(xen_space_init(&child), 0);
		assert_int_equal(xen_tables_count(&child), 0);
		assert_true(share());
		assert_int_equal(fixture_flush_count(), 0);
		assert_int_equal(update_count(upper(parent)), 0);
		end_both();
	}
}

/* Where there is little to save, or the kernel says no, or the space has never been active. */
static void test_not_shared(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int why = 0; why < 3; why++) {
			unsigned int count = why == 0 ? 3 : FULL;

			begin(format, count);
			kernel.refused = why == 1;
			if (why == 2) {
				xen_space_retire(parent);
				fake_forget();
			}
			assert_true(share());
			assert_int_equal(kernel.visited, count);
			assert_true(pfn_is_none(leaf(&child)));
			assert_int_equal(fake.request_count, 0);
			end_both();
		}
	}
}

/* While two have it, who wants to change it gets a copy, in which nothing is writable; the other
 * one only gets the right back. */
static void test_copied(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin_shared(format);
		pfn_t table = leaf(parent);

		assert_int_equal(xen_pte_prepare(&child, page(0)), 0);
		assert_true(leaf(&child).v != table.v && leaf(parent).v == table.v);
		check_writable(&child, false);
		assert_int_equal(xen_pte_read(&child, page(FULL - 1)).v,
		                 pte_from_pfn(PFN(FULL), PTE_PRESENT | PTE_USER).v);
		for (unsigned int i = 1; i <= FULL; i++)
			assert_int_equal(kernel.references[i], 2);
		xen_pte_set(&child, page(0), xen_pte_read(&child, page(0)), XEN_FLUSH_NONE);
		fake_forget();
		assert_int_equal(xen_pte_prepare(parent, page(0)), 0);
		assert_int_equal(fake.request_count, 1);
		assert_int_equal(leaf(parent).v, table.v);
		check_writable(parent, true);
		end_both();
	}
}

/* What a copy has taken over loses the right to write before the link gains it: by requests if
 * it is little, else with another copy. */
static void test_copied_from(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int many = 0; many < 2; many++) {
			begin_shared(format);
			pfn_t table = leaf(parent);

			kernel.not_sole = many ? FULL : 5;
			assert_int_equal(xen_pte_prepare(&child, page(0)), 0);
			fake_forget();
			assert_int_equal(xen_pte_prepare(parent, page(0)), 0);
			check_writable(parent, false);
			if (many) {
				assert_false(fake.taken[table.v]);
			} else {
				assert_int_equal(leaf(parent).v, table.v);
				assert_int_equal(update_count(table), 5);
				assert_int_equal(fake_last_request()->update.val,
				                 fake_table_entry(table));
			}
			assert_int_equal(pte_writable(xen_pte_read(parent, page(5))), !many);
			end_both();
		}
	}
}

/* The same of what went into a copy entry by entry. */
static void test_lent(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin_shared(format);
		xen_space_dissolve(&child, release, NULL);
		assert_int_equal(xen_space_init(&child), 0);
		kernel.refused = true;
		kernel.not_sole = 5;
		assert_true(share());
		assert_int_equal(kernel.visited, FULL);
		assert_int_equal(xen_pte_prepare(parent, page(0)), 0);
		check_writable(parent, false);
		assert_true(pte_writable(xen_pte_read(parent, page(5))));
		end_both();
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin_shared(format);
		xen_tables_reclaim();
		fake_forget();
		fake.allocations_left = 0;
		assert_int_equal(xen_pte_prepare(&child, page(0)), -XEN_ENOMEM);
		assert_int_equal(xen_tables_own(&child, page(3), page(4)), -XEN_ENOMEM);
		assert_int_equal(fake.request_count, 0);
		assert_int_equal(leaf(&child).v, leaf(parent).v);
		/* What nobody has mapped there needs none. */
		assert_int_equal(xen_tables_own(&child, page(FULL), page(FULL + 1)), 0);
		xen_tables_leave(&child, page(0), rules_va(rules_reach(2)), count_gone, NULL,
		                 &kernel);
		assert_int_equal(kernel.gone, FULL);
		assert_true(pfn_is_none(leaf(&child)));
		assert_int_equal(xen_pte_prepare(parent, page(0)), 0);
		check_writable(parent, true);
		fake.allocations_left = -1;
		end_both();
	}
}

/* A part of a table does not leave. */
static void test_left_in_part(void **state)
{
	(void)state;
	begin_shared(0);
	xen_tables_leave(&child, page(1), rules_va(rules_reach(2)), count_gone, NULL, &kernel);
	xen_tables_leave(&child, page(0), rules_va(rules_reach(2) - PAGE_BYTES), count_gone, NULL,
	                 &kernel);
	assert_int_equal(kernel.gone, 0);
	assert_int_equal(leaf(&child).v, leaf(parent).v);
	end_both();
}

/* A table that has become empty may still count as one that holds much. */
static void test_empty(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin(format, FULL);
		for (unsigned int i = 0; i < FULL; i++)
			xen_pte_set(parent, page(i), PTE_NONE, XEN_FLUSH_PAGE);
		memset(kernel.references, 0, sizeof(kernel.references));
		assert_true(share());
		pfn_t table = leaf(parent);

		assert_int_equal(leaf(&child).v, table.v);
		xen_tables_trim(&child, page(0), rules_va(rules_reach(2)));
		assert_true(pfn_is_none(leaf(&child)));
		assert_int_equal(leaf(parent).v, table.v);
		assert_true(pin_is_live(table));
		xen_tables_trim(parent, page(0), rules_va(rules_reach(2)));
		assert_false(fake.taken[table.v]);
		end_both();
	}
}

/* Against the contract: to set an entry there, and to take the space apart in the old way. */
static void test_misused(void **state)
{
	(void)state;
	begin_shared(0);
	assert_non_null(FAKE_PANIC_OF(xen_pte_set(parent, page(0), PTE_NONE, XEN_FLUSH_PAGE)));
	assert_non_null(FAKE_PANIC_OF(xen_ptes_add(parent, page(FULL), &(pte_t){1}, 1)));
	assert_non_null(strstr(fake.panic_text, "own"));
	assert_non_null(FAKE_PANIC_OF(xen_space_retire(&child)));
	assert_non_null(strstr(fake.panic_text, "shares"));
}

/* --- The right to write, taken from a range and given back. --- */

static bool edit_right(vaddr_t va, pte_t *pte, void *arg)
{
	const bool *write = arg;

	(void)va;
	kernel.edited++;
	*pte = *write ? pte_set_flags(*pte, PTE_WRITE) : pte_clear_flags(*pte, PTE_WRITE);
	return true;
}

static void protect(struct pt_space *space, unsigned int first, unsigned int end, bool write)
{
	fake_forget();
	kernel.edited = 0;
	assert_int_equal(
	    xen_pte_protect(space, page(first), page(end), write, &sharing, edit_right, &write), 0);
}

/* The pages of [first, end) and no others may be written, to the CPU and as they are shown. */
static void check_right(struct pt_space *space, unsigned int first, unsigned int end)
{
	bool link = pte_writable(pt_entry_read(upper(space), 0));

	for (unsigned int i = 0; i < FULL; i++) {
		bool want = i >= first && i < end;

		assert_int_equal(pte_writable(xen_pte_read(space, page(i))), want);
		assert_int_equal(link && pte_writable(pt_entry_read(leaf(space), i)), want);
		assert_int_equal(xen_user_reach(space, page(i), true) != NULL, want);
	}
}

/* One request and a flush, and one that gives it back to those that had it. */
static void test_taken(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin(format, FULL);
		for (unsigned int i = 100; i < FULL; i++)
			xen_pte_set(parent, page(i),
			            pte_from_pfn(PFN(i + 1), PTE_PRESENT | PTE_USER),
			            XEN_FLUSH_PAGE);
		assert_non_null(xen_user_reach(parent, page(0), true));
		protect(parent, 0, 120, false);
		assert_int_equal(kernel.edited, 0);
		assert_int_equal(update_count(upper(parent)), 1);
		assert_int_equal(update_count(leaf(parent)), 0);
		assert_int_equal(fixture_flush_count(), 1);
		assert_null(pv_user_reached(parent, page(0), true));
		check_right(parent, 0, 0);
		/* Again: there is nothing to be done. */
		protect(parent, 3, FULL, false);
		assert_int_equal(fake.request_count, 0);
		protect(parent, 0, 110, true);
		assert_int_equal(kernel.edited, 0);
		assert_int_equal(update_count(upper(parent)), 1);
		assert_int_equal(fixture_flush_count(), 0);
		assert_int_equal(parent->shared, 0);
		check_right(parent, 0, 100);
		rules_check_space(parent);
		end_both();
	}
}

/* Entry by entry: where others of the table may be written, and where it is a few. */
static void test_taken_in_part(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin(format, FULL);
		protect(parent, 0, 100, false);
		assert_int_equal(kernel.edited, 100);
		assert_int_equal(update_count(leaf(parent)), 100);
		assert_int_equal(update_count(upper(parent)), 0);
		check_right(parent, 100, FULL);
		protect(parent, 100, FULL - 5, false);
		assert_int_equal(update_count(upper(parent)), 0);
		check_right(parent, FULL - 5, FULL);
		protect(parent, 0, FULL, false);
		assert_int_equal(update_count(leaf(parent)), 5);
		assert_int_equal(update_count(upper(parent)), 0);
		check_right(parent, 0, 0);
		end_both();
	}
}

/* Given back to a part: what lies beside it has lost the right for good. */
static void test_given_in_part(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int first = 0; first < 2; first++) {
			begin(format, FULL);
			protect(parent, 0, FULL, false);
			fake.allocations_left = 0;
			protect(parent, first, first + FULL - 1, true);
			fake.allocations_left = -1;
			check_right(parent, first, first + FULL - 1);
			assert_true(pte_writable(pt_entry_read(upper(parent), 0)));
			end_both();
		}
	}
}

/* Whatever else makes the table the space's own again. */
static void test_settled(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int how = 0; how < 2; how++) {
			begin(format, FULL);
			protect(parent, 0, FULL, false);
			fake.allocations_left = 0;
			fake_forget();
			if (how == 0)
				assert_int_equal(xen_pte_prepare(parent, page(0)), 0);
			else
				assert_int_equal(xen_tables_own(parent, page(7), page(8)), 0);
			fake.allocations_left = -1;
			assert_int_equal(update_count(leaf(parent)), FULL);
			assert_int_equal(parent->shared, 0);
			check_right(parent, 0, 0);
			assert_true(pte_writable(pt_entry_read(upper(parent), 0)));
			end_both();
		}
	}
}

/* Shared while it is taken: each space has it taken, and gives it back by itself. */
static void test_taken_and_shared(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin(format, FULL);
		protect(parent, 0, FULL, false);
		assert_true(share());
		xen_space_activate(&child);
		protect(parent, 0, FULL, true);
		assert_int_equal(fake.request_count, 1);
		check_right(parent, 0, 0); /* both have it */
		/* The child has a copy, and nothing in that is writable. */
		assert_int_equal(xen_pte_prepare(&child, page(0)), 0);
		assert_true(leaf(parent).v != leaf(&child).v);
		check_right(&child, 0, 0);
		kernel.not_sole = 10;
		assert_int_equal(xen_pte_prepare(parent, page(0)), 0);
		check_right(parent, 10, FULL);
		end_both();

		begin(format, FULL);
		protect(parent, 0, FULL, false);
		assert_true(share());
		xen_space_activate(&child);
		xen_space_dissolve(parent, release, NULL);
		/* The child's is taken as well, and it is alone. */
		xen_space_switch(&child);
		assert_int_equal(xen_pte_prepare(&child, page(0)), 0);
		check_right(&child, 0, 0);
		assert_int_equal(xen_space_init(parent), 0);
		end_both();
	}
}

/* Taken while it is shared: that is only noted. */
static void test_shared_and_taken(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int how = 0; how < 2; how++) {
			begin_shared(format);
			fake.allocations_left = 0;
			protect(parent, 0, FULL, false);
			fake.allocations_left = -1;
			assert_int_equal(fake.request_count, 1);
			assert_int_equal(leaf(&child).v, leaf(parent).v);
			xen_space_dissolve(&child, release, NULL);
			assert_int_equal(xen_space_init(&child), 0);
			if (how == 0)
				assert_int_equal(xen_pte_prepare(parent, page(0)), 0);
			else
				protect(parent, 0, FULL, true);
			check_right(parent, 0, how == 0 ? 0 : FULL);
			end_both();
		}
	}
}

/* What copies have part in does not get the right back with the link. */
static void test_taken_and_lent(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin(format, FULL);
		protect(parent, 0, FULL, false);
		kernel.refused = true;
		assert_true(share());
		assert_int_equal(kernel.visited, FULL);
		fake.allocations_left = 0;
		protect(parent, 0, FULL, true);
		fake.allocations_left = -1;
		check_right(parent, 0, 0);
		assert_true(pte_writable(pt_entry_read(upper(parent), 0)));
		end_both();
	}
}

/* It leaves as a whole, or moves. */
static void test_taken_and_gone(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		begin(format, FULL);
		protect(parent, 0, FULL, false);
		pfn_t table = leaf(parent);

		assert_int_equal(xen_table_move(parent, page(0), rules_va(rules_reach(2))), 0);
		assert_true(pfn_is_none(leaf(parent)));
		assert_false(pte_writable(xen_pte_read(parent, rules_va(rules_reach(2)))));
		assert_int_equal(xen_table_move(parent, rules_va(rules_reach(2)), page(0)), 0);
		check_right(parent, 0, 0);
		xen_tables_leave(parent, page(0), rules_va(rules_reach(2)), count_gone, NULL,
		                 &kernel);
		assert_int_equal(kernel.gone, FULL);
		assert_false(fake.taken[table.v]);
		assert_int_equal(parent->shared, 0);
		end_both();
	}
}

/* Where the parts that are left to be changed need memory, nothing is changed. */
static void test_protect_without_memory(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		bool write = true;

		begin(format, FULL);
		protect(parent, 0, FULL, false);
		assert_true(share());
		xen_space_activate(&child);
		xen_tables_reclaim();
		fake_forget();
		fake.allocations_left = 0;
		assert_int_equal(xen_pte_protect(&child, page(1), page(FULL), write, &sharing,
		                                 edit_right, &write),
		                 -XEN_ENOMEM);
		assert_int_equal(fake.request_count, 0);
		fake.allocations_left = -1;
		check_right(&child, 0, 0);
		end_both();
	}
}

int share_cases_run(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shared),
	    cmocka_unit_test(test_not_shared),
	    cmocka_unit_test(test_copied),
	    cmocka_unit_test(test_copied_from),
	    cmocka_unit_test(test_lent),
	    cmocka_unit_test(test_no_memory),
	    cmocka_unit_test(test_left_in_part),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_misused),
	    cmocka_unit_test(test_taken),
	    cmocka_unit_test(test_taken_in_part),
	    cmocka_unit_test(test_given_in_part),
	    cmocka_unit_test(test_settled),
	    cmocka_unit_test(test_taken_and_shared),
	    cmocka_unit_test(test_shared_and_taken),
	    cmocka_unit_test(test_taken_and_lent),
	    cmocka_unit_test(test_taken_and_gone),
	    cmocka_unit_test(test_protect_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
