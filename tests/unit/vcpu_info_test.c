/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/vcpu_info.c xen/p2m.c */
/*
 * The place of a vcpu_info: what Xen is told, and that a place which Xen refuses or cannot map is
 * not used.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <xen/errno.h>
#include <xen/vcpu.h>

#include "xen/vcpu_info.h"

#define PLACE offsetof(struct xen_cpu, placed_vcpu_info)

static struct vcpu_register_vcpu_info asked;
static long result;

static long answer(unsigned int op, unsigned long *args)
{
	if (op != __HYPERVISOR_vcpu_op)
		return 0;
	assert_int_equal(args[0], VCPUOP_register_vcpu_info);
	assert_int_equal(args[1], 3);
	asked = *(const struct vcpu_register_vcpu_info *)args[2];
	return result;
}

static int start(void **state)
{
	(void)state;
	asked.mfn = 0;
	fake_start(&fake_formats[0]);
	fake.other = answer;
	this_cpu()->id = (vcpu_t){3};
	result = 0;
	return 0;
}

/* Where an area begins so that the place in it is at `offset` of frame 9. */
static maddr_t area_with_place_at(uint64_t offset)
{
	return (maddr_t){9 * PAGE_BYTES + offset - PLACE};
}

static void test_the_place_is_told(void **state)
{
	(void)state;
	assert_true(vcpu_info_place(this_cpu(), area_with_place_at(64)));
	assert_int_equal(asked.mfn, 9);
	assert_int_equal(asked.offset, 64);
	assert_ptr_equal(this_cpu()->vcpu_info, &this_cpu()->placed_vcpu_info);
	asked.mfn = 0;
	assert_true(vcpu_info_place(this_cpu(), area_with_place_at(64))); /* it is there */
	assert_int_equal(asked.mfn, 0);
}

static void test_a_refused_place_is_not_used(void **state)
{
	(void)state;
	result = -XEN_EINVAL;
	assert_false(vcpu_info_place(this_cpu(), area_with_place_at(64)));
	if (this_cpu()->vcpu_info != &fake.vcpu_info)
		fail_msg("a place is used that Xen refused");
}

static void test_no_place_across_pages(void **state)
{
	const uint64_t last = PAGE_BYTES - sizeof(struct vcpu_info);

	(void)state;
	if (!FAKE_PANIC_OF(vcpu_info_place(this_cpu(), area_with_place_at(last + 8))) || asked.mfn)
		fail_msg("a place that crosses a page is told");
	assert_true(vcpu_info_place(this_cpu(), area_with_place_at(last)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_the_place_is_told, start),
	    cmocka_unit_test_setup(test_a_refused_place_is_not_used, start),
	    cmocka_unit_test_setup(test_no_place_across_pages, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
