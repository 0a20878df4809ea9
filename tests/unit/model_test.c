/* SPDX-License-Identifier: MIT */
/* sources: model/calls.c model/check.c model/clock.c model/descriptors.c model/entries.c model/events.c model/frames.c model/mmu.c model/places.c model/tlb.c model/vcpus.c */
/*
 * The model's own rules that no sequence on real Xen shows: what a vcpu may still hold, and what
 * the model says when that is forgotten. Two vcpus, on one space, in 4-level tables of 8 entries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/model.h"

enum { PFN_TOP, PFN_L3, PFN_L2, PFN_L1, PFN_OTHER_L1, PFN_DATA, PFN_DATA2, PFN_USER_TOP };

#define PRESENT   1ull
#define WRITE     2ull
#define SLOT      3u
#define ADDRESS   ((uint64_t)SLOT << 12) /* all upper indices 0 */
#define ELSEWHERE (1ull << 15)           /* the next entry of the same level-2 table */

static struct shared_info shared;
static unsigned int running;
static char violation[300];
static jmp_buf violated;
static bool expect;

void world_violation(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(violation, sizeof(violation), format, args);
	va_end(args);
	if (!expect)
		fail_msg("%s", violation);
	longjmp(violated, 1);
}

unsigned int world_this_vcpu(void)
{
	return running;
}

void world_step(const char *what)
{
	(void)what;
}

void world_inside(const char *what)
{
	(void)what;
}

void world_spin(const char *what)
{
	fail_msg("waits for ever: %s", what);
}

void world_upcall(void)
{
}

void world_sleep(const char *what, bool may_stay)
{
	(void)may_stay;
	fail_msg("asleep for ever: %s", what);
}

void world_wake(unsigned int vcpu)
{
	(void)vcpu;
}

static long call(unsigned long number, const void *arg)
{
	const unsigned long args[5] = {(unsigned long)arg, 1, 0, DOMID_SELF, 0};

	return model_hypercall(number, args);
}

static uint64_t entry(unsigned int pfn, uint64_t flags)
{
	return (uint64_t)model_mfn(pfn) << 12 | flags;
}

static void set(unsigned int table, unsigned int idx, uint64_t value)
{
	struct mmu_update request = {.ptr = ((uint64_t)model_mfn(table) << 12) + idx * 8u,
	                             .val = value};

	assert_int_equal(call(__HYPERVISOR_mmu_update, &request), 0);
}

static void mmuext(unsigned int command, uint64_t arg)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = arg};

	assert_int_equal(call(__HYPERVISOR_mmuext_op, &op), 0);
}

static void remap(unsigned int pfn, uint64_t flags)
{
	const unsigned long args[5] = {(unsigned long)model_direct_map + pfn * 4096ul,
	                               entry(pfn, PRESENT | flags), 0};

	assert_int_equal(model_hypercall(__HYPERVISOR_update_va_mapping, args), 0);
}

/* Both vcpus run on TOP → L3 → L2 → L1 → DATA, writable; OTHER_L1 is pinned and empty. */
static int start(void **state)
{
	(void)state;
	expect = false;
	running = 0;
	model_init(&model_formats[0], 2, &shared);
	model_vcpu_set_up(1);
	for (unsigned int table = PFN_TOP; table <= PFN_OTHER_L1; table++)
		remap(table, 0);
	set(PFN_TOP, 0, entry(PFN_L3, PRESENT | WRITE));
	set(PFN_L3, 0, entry(PFN_L2, PRESENT | WRITE));
	set(PFN_L2, 0, entry(PFN_L1, PRESENT | WRITE));
	set(PFN_L1, SLOT, entry(PFN_DATA, PRESENT | WRITE));
	mmuext(MMUEXT_PIN_L1_TABLE, model_mfn(PFN_L1));
	mmuext(MMUEXT_PIN_L1_TABLE, model_mfn(PFN_OTHER_L1));
	mmuext(MMUEXT_PIN_L4_TABLE, model_mfn(PFN_TOP));
	for (running = 0; running < 2; running++) {
		mmuext(MMUEXT_NEW_BASEPTR, model_mfn(PFN_TOP));
		mmuext(MMUEXT_NEW_USER_BASEPTR, model_mfn(PFN_TOP));
	}
	running = 0;
	assert_int_equal(model_reach(1, ADDRESS, true, false), model_mfn(PFN_DATA));
	assert_int_equal(model.stale_count, 0);
	return 0;
}

#define assert_violation(expression, words)                \
	do {                                               \
		expect = true;                             \
		if (setjmp(violated) == 0) {               \
			expression;                        \
			fail_msg("nothing was said");      \
		}                                          \
		expect = false;                            \
		assert_non_null(strstr(violation, words)); \
	} while (0)

static void leaf_stays_until_flushed(void **state)
{
	(void)state;
	set(PFN_L1, SLOT, 0);
	assert_int_equal(model_reach(0, ADDRESS, true, false), MODEL_NONE);
	assert_int_equal(model_reach(0, ADDRESS, true, true), model_mfn(PFN_DATA));
	mmuext(MMUEXT_INVLPG_LOCAL, ADDRESS);
	assert_int_equal(model_reach(0, ADDRESS, true, true), MODEL_NONE);
	assert_int_equal(model_reach(1, ADDRESS, true, true), model_mfn(PFN_DATA));
	assert_violation(model_check_reuse(model_mfn(PFN_DATA)), "vcpu 1 may still reach it");
	running = 1;
	mmuext(MMUEXT_NEW_BASEPTR, model_mfn(PFN_TOP));
	model_check_reuse(model_mfn(PFN_DATA));
}

/* Not even for a time may user mode run with what it held of another top. */
static void user_mode_has_left_the_other_top(void **state)
{
	(void)state;
	remap(PFN_USER_TOP, 0);
	set(PFN_USER_TOP, 0, entry(PFN_L3, PRESENT | WRITE));
	model_check_user_return();
	mmuext(MMUEXT_NEW_USER_BASEPTR, model_mfn(PFN_USER_TOP));
	assert_violation(model_check_user_return(), "of a space that the vcpu has left");
	running = 1; /* the other vcpu had none of it */
	model_check_user_return();
	running = 0;
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0);
	model_check_user_return();
}

static void right_to_write_stays_until_flushed(void **state)
{
	(void)state;
	set(PFN_L1, SLOT, entry(PFN_DATA, PRESENT));
	assert_int_equal(model_reach(1, ADDRESS, true, true), model_mfn(PFN_DATA));
	mmuext(MMUEXT_TLB_FLUSH_ALL, 0);
	assert_int_equal(model.stale_count, 0);
}

/* The leaf entry stays writable; the level above takes the right away. */
static void right_of_an_upper_entry_counts(void **state)
{
	(void)state;
	set(PFN_L2, 0, entry(PFN_L1, PRESENT));
	assert_int_equal(model_reach(1, ADDRESS, true, false), MODEL_NONE);
	assert_int_equal(model_reach(1, ADDRESS, false, false), model_mfn(PFN_DATA));
	assert_int_equal(model_reach(1, ADDRESS, true, true), model_mfn(PFN_DATA));
	unsigned long mask = 2;
	struct mmuext_op op = {.cmd = MMUEXT_INVLPG_MULTI, .arg1.linear_addr = ADDRESS};

	set_xen_guest_handle(op.arg2.vcpumask, (const void *)&mask);
	assert_int_equal(call(__HYPERVISOR_mmuext_op, &op), 0);
	assert_int_equal(model_reach(1, ADDRESS, true, true), MODEL_NONE);
	assert_int_equal(model_reach(0, ADDRESS, true, true), model_mfn(PFN_DATA));
}

static void table_is_walked_until_flushed(void **state)
{
	(void)state;
	set(PFN_L2, 0, 0);
	assert_int_equal(model_reach(1, ADDRESS, true, true), model_mfn(PFN_DATA));
	assert_violation(model_check_reuse(model_mfn(PFN_L1)), "may still walk it");
	assert_violation(set(PFN_L2, 1, entry(PFN_L1, PRESENT | WRITE)), "put to a new use");
}

static void table_in_its_old_place_is_no_new_use(void **state)
{
	(void)state;
	set(PFN_L2, 0, 0);
	set(PFN_L2, 0, entry(PFN_L1, PRESENT | WRITE));
}

/* A flush of any page drops the upper entries that a vcpu holds. */
static void table_is_free_when_all_have_flushed(void **state)
{
	(void)state;
	set(PFN_L1, SLOT, 0);
	set(PFN_L2, 0, 0);
	mmuext(MMUEXT_INVLPG_ALL, ADDRESS);
	model_check_reuse(model_mfn(PFN_L1));
	set(PFN_L2, 1, entry(PFN_L1, PRESENT | WRITE));
	assert_int_equal(model_reach(0, ELSEWHERE + ADDRESS, false, false), MODEL_NONE);
}

/* Xen flushes when a frame changes its type, and only then. */
static void new_type_is_flushed_by_xen(void **state)
{
	(void)state;
	set(PFN_L2, 0, 0);
	mmuext(MMUEXT_UNPIN_TABLE, model_mfn(PFN_L1));
	assert_violation(model_check_reuse(model_mfn(PFN_L1)), "may still walk it");
	mmuext(MMUEXT_PIN_L1_TABLE, model_mfn(PFN_L1));
	assert_violation(model_check_reuse(model_mfn(PFN_L1)), "may still walk it");
	mmuext(MMUEXT_UNPIN_TABLE, model_mfn(PFN_L1));
	remap(PFN_L1, WRITE);
	model_check_reuse(model_mfn(PFN_L1));
}

/* User mode goes by its own top, every level of it. */
static void user_mode_has_its_own_top(void **state)
{
	(void)state;
	remap(PFN_USER_TOP, 0);
	set(PFN_USER_TOP, 0, entry(PFN_L3, PRESENT));
	mmuext(MMUEXT_PIN_L4_TABLE, model_mfn(PFN_USER_TOP));
	mmuext(MMUEXT_NEW_BASEPTR, model_mfn(PFN_TOP));
	mmuext(MMUEXT_NEW_USER_BASEPTR, model_mfn(PFN_USER_TOP));
	assert_int_equal(model_reach(0, ADDRESS, false, false), model_mfn(PFN_DATA));
	assert_int_equal(model_reach(0, ADDRESS, true, false), MODEL_NONE);
	set(PFN_USER_TOP, 0, entry(PFN_L3, PRESENT | WRITE));
	assert_int_equal(model_reach(0, ADDRESS, true, false), model_mfn(PFN_DATA));
	set(PFN_TOP, 0, 0);
	assert_int_equal(model_reach(0, ADDRESS, true, false), model_mfn(PFN_DATA));
}

/* User mode's top goes out of use; what it led to does not. Kernel mode's load drops all. */
static void leaving_a_user_top_drops_nothing(void **state)
{
	struct mmuext_op both[2] = {{.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = model_mfn(PFN_TOP)},
	                            {.cmd = MMUEXT_NEW_USER_BASEPTR}};
	const unsigned long args[5] = {(unsigned long)both, 2, 0, DOMID_SELF, 0};

	(void)state;
	mmuext(MMUEXT_NEW_USER_BASEPTR, model_mfn(PFN_TOP)); /* the same */
	assert_int_equal(model.stale_count, 0);
	mmuext(MMUEXT_NEW_USER_BASEPTR, 0);
	assert_int_equal(model_reach(0, ADDRESS, true, false), MODEL_NONE);
	assert_int_equal(model_reach(0, ADDRESS, true, true), model_mfn(PFN_DATA));
	assert_int_equal(model_reach(1, ADDRESS, true, true), MODEL_NONE);
	assert_violation(model_check_reuse(model_mfn(PFN_L2)), "vcpu 0 may still walk it");
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0);
	assert_int_equal(model.stale_count, 0);
	mmuext(MMUEXT_NEW_USER_BASEPTR, model_mfn(PFN_TOP));
	assert_int_equal(model_hypercall(__HYPERVISOR_mmuext_op, args), 0);
	assert_int_equal(model.stale_count, 0);
}

/* The table gets another link for reading: it is what it was. One for writing is a new use. */
static void shared_table_may_be_linked_while_walked(void **state)
{
	(void)state;
	set(PFN_L2, 1, entry(PFN_L1, PRESENT));
	set(PFN_L2, 0, 0);
	set(PFN_L2, 2, entry(PFN_L1, PRESENT));
	mmuext(MMUEXT_TLB_FLUSH_ALL, 0);
	set(PFN_L2, 2, entry(PFN_L1, PRESENT | WRITE));
	set(PFN_L2, 1, 0);
	assert_violation(set(PFN_L2, 3, entry(PFN_L1, PRESENT | WRITE)), "put to a new use");
}

static void shared_table_gets_no_right_while_walked(void **state)
{
	(void)state;
	set(PFN_L2, 1, entry(PFN_L1, PRESENT));
	set(PFN_L2, 0, 0);
	assert_violation(set(PFN_L2, 1, entry(PFN_L1, PRESENT | WRITE)), "put to a new use");
}

static void shared_table_gets_nothing_while_walked(void **state)
{
	(void)state;
	set(PFN_L2, 1, entry(PFN_L1, PRESENT));
	set(PFN_L2, 0, 0);
	set(PFN_L1, SLOT, entry(PFN_DATA, PRESENT)); /* less than it was */
	assert_violation(set(PFN_L1, SLOT + 1, entry(PFN_DATA2, PRESENT)), "has a new entry");
}

/* The link has become read-only; who still has it as it was may write through a later entry. */
static void new_entry_is_reached_by_the_old_link(void **state)
{
	(void)state;
	set(PFN_L2, 0, entry(PFN_L1, PRESENT));
	set(PFN_L1, SLOT + 1, entry(PFN_DATA2, PRESENT | WRITE));
	assert_int_equal(model_reach(1, ADDRESS + 4096, true, false), MODEL_NONE);
	assert_int_equal(model_reach(1, ADDRESS + 4096, true, true), model_mfn(PFN_DATA2));
	mmuext(MMUEXT_TLB_FLUSH_ALL, 0);
	assert_int_equal(model_reach(1, ADDRESS + 4096, true, true), MODEL_NONE);
}

static long try_set(unsigned int table, unsigned int idx, uint64_t value)
{
	struct mmu_update request = {.ptr = ((uint64_t)model_mfn(table) << 12) + idx * 8u,
	                             .val = value};

	return call(__HYPERVISOR_mmu_update, &request);
}

/* Its tables are then reached as data, for reading. */
static void linear_table_is_read_only(void **state)
{
	(void)state;
	assert_int_equal(try_set(PFN_L2, 2, entry(PFN_L2, PRESENT | WRITE)), -EINVAL);
	set(PFN_L2, 2, entry(PFN_L2, PRESENT));
	assert_int_equal(model_reach(0, 2 * ELSEWHERE, false, false), model_mfn(PFN_L1));
	assert_int_equal(model_reach(0, 2 * ELSEWHERE, true, false), MODEL_NONE);
	assert_int_equal(model.frames[model_mfn(PFN_L2)].type_count, 1);
}

/* A use of it that its pin's end does not end. */
static void linear_use_keeps_a_table(void **state)
{
	(void)state;
	remap(PFN_DATA2, 0);
	mmuext(MMUEXT_PIN_L2_TABLE, model_mfn(PFN_DATA2));
	set(PFN_L2, 2, entry(PFN_DATA2, PRESENT));
	assert_int_equal(try_set(PFN_DATA2, 0, entry(PFN_L2, PRESENT)), -EINVAL);
	mmuext(MMUEXT_UNPIN_TABLE, model_mfn(PFN_DATA2));
	assert_int_equal(model.frames[model_mfn(PFN_DATA2)].type, TYPE_L2);
	set(PFN_L2, 2, 0);
	assert_int_equal(model.frames[model_mfn(PFN_DATA2)].type, TYPE_NONE);
}

static void set_ldt(unsigned int pfn)
{
	struct mmuext_op op = {.cmd = MMUEXT_SET_LDT};

	op.arg1.linear_addr = (unsigned long)model_direct_map + pfn * 4096ul;
	op.arg2.nr_ents = 2;
	assert_int_equal(call(__HYPERVISOR_mmuext_op, &op), 0);
}

static void ldt_is_looked_at_when_it_is_used(void **state)
{
	const struct model_frame *page = &model.frames[model_mfn(PFN_DATA2)];

	(void)state;
	set_ldt(PFN_DATA2);
	assert_false(model_use_ldt(8 | 7)); /* it is writable */
	remap(PFN_DATA2, 0);
	assert_int_equal(page->type_count, 0);
	assert_true(model_use_ldt(2 << 3 | 7)); /* there is no such descriptor to look at */
	assert_int_equal(page->type_count, 0);
	assert_true(model_use_ldt(8 | 7));
	assert_int_equal(page->type, TYPE_DESCRIPTORS);
	set_ldt(PFN_DATA);
	assert_int_equal(page->type_count, 0);
}

static void kernel_apart_has_nothing_of_user_space(void **state)
{
	(void)state;
	model_check_user_return();
	model.format = &model_formats[3];
	assert_violation(model_check_user_return(), "is user space");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(leaf_stays_until_flushed, start),
	    cmocka_unit_test_setup(right_to_write_stays_until_flushed, start),
	    cmocka_unit_test_setup(right_of_an_upper_entry_counts, start),
	    cmocka_unit_test_setup(table_is_walked_until_flushed, start),
	    cmocka_unit_test_setup(table_in_its_old_place_is_no_new_use, start),
	    cmocka_unit_test_setup(table_is_free_when_all_have_flushed, start),
	    cmocka_unit_test_setup(new_type_is_flushed_by_xen, start),
	    cmocka_unit_test_setup(user_mode_has_its_own_top, start),
	    cmocka_unit_test_setup(leaving_a_user_top_drops_nothing, start),
	    cmocka_unit_test_setup(user_mode_has_left_the_other_top, start),
	    cmocka_unit_test_setup(shared_table_may_be_linked_while_walked, start),
	    cmocka_unit_test_setup(shared_table_gets_no_right_while_walked, start),
	    cmocka_unit_test_setup(shared_table_gets_nothing_while_walked, start),
	    cmocka_unit_test_setup(new_entry_is_reached_by_the_old_link, start),
	    cmocka_unit_test_setup(linear_table_is_read_only, start),
	    cmocka_unit_test_setup(linear_use_keeps_a_table, start),
	    cmocka_unit_test_setup(ldt_is_looked_at_when_it_is_used, start),
	    cmocka_unit_test_setup(kernel_apart_has_nothing_of_user_space, start),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
