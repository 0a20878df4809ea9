/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/segments.c xen/tlb.c xen/multicall.c xen/irq_flag.c */
/* sources: xen/p2m.c lib/fmt.c */
/*
 * Descriptor tables and segment bases: what reaches Xen, in which terms and when.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include <xen/errno.h>

#include "arch/x86/fsbase.h"
#include "arch/x86/segments.h"
#include "xen/segments.h"
#include "xen/space.h"

#define GDT_FRAMES 3u

struct pt_space xen_kernel_space;

/* A CPU with the instructions for the FS base, or without. */
bool fsbase_usable;
static uint64_t fs_base;

void fsbase_detect(void)
{
}

uint64_t fsbase_read(void)
{
	return fs_base;
}

void fsbase_write(uint64_t base)
{
	fs_base = base;
}

static pfn_t gdt[GDT_FRAMES];

static long check_gdt(unsigned int op, unsigned long *args)
{
	if (op != __HYPERVISOR_set_gdt)
		return 0;
	const unsigned long *frames = (const unsigned long *)args[0];

	for (unsigned int i = 0; i < (args[1] + 511) / 512; i++)
		if (frames[i] != fake_mfn(gdt[i]).v)
			fail_msg("frame %u of the GDT is %#lx, its machine frame %#lx", i,
			         frames[i], fake_mfn(gdt[i]).v);
	return 0;
}

static int start(void **state)
{
	(void)state;
	fake_start(&fake_formats[0]);
	fake.other = check_gdt;
	fsbase_usable = false;
	fs_base = 0;
	for (unsigned int i = 0; i < GDT_FRAMES; i++)
		gdt[i] = fake_frame_take();
	return 0;
}

static void test_gdt_in_machine_frames(void **state)
{
	(void)state;
	assert_int_equal(segments_load_gdt(gdt, 512), 0);
	assert_int_equal(segments_load_gdt(gdt, 512 * GDT_FRAMES - 100), 0);
	assert_int_equal(fake_last_request()->args[1], 512 * GDT_FRAMES - 100);
	assert_non_null(FAKE_PANIC_OF(segments_load_gdt(gdt, 512 * 16 + 1)));
}

static void test_own_gdt_is_read_only(void **state)
{
	struct xen_cpu *cpu = this_cpu();

	(void)state;
	cpu->id = (vcpu_t){3};
	assert_int_equal(segments_make_gdt(cpu), 0);
	if (fake.writable[cpu->gdt.v])
		fail_msg("a vcpu's own GDT is writable");
	/* The limit of the descriptor is the vcpu's number. */
	assert_int_equal(fake_entry_read(cpu->gdt, SEGMENTS_CPU_SELECTOR >> 3) & 0xffff, 3);
	fake.allocations_left = 0;
	assert_int_equal(segments_make_gdt(cpu), 0); /* it has one */
	assert_int_equal(segments_make_gdt(&xen_cpus[1]), -XEN_ENOMEM);
}

static void test_descriptor_by_machine_address(void **state)
{
	(void)state;
	assert_int_equal(segments_update_descriptor(gdt[1], 5, 0x1122334455667788ull), 0);
	assert_int_equal(fake_last_request()->op, __HYPERVISOR_update_descriptor);
	assert_int_equal(fake_last_request()->args[0], (fake_mfn(gdt[1]).v << PAGE_SHIFT) + 5 * 8);
	assert_int_equal(fake_last_request()->args[1], 0x1122334455667788ull);
}

/* A base that differs is one call, one that does not is none. */
static void expect_calls(unsigned int count)
{
	if (fake.trap_count != count)
		fail_msg("%u calls in place of %u", fake.trap_count, count);
	fake_forget();
}

static void test_bases_that_differ(void **state)
{
	(void)state;
	segments_set_user_gs_base(0x5000);
	assert_int_equal(fake_last_request()->args[0], XEN_BASE_GS_USER);
	assert_int_equal(fake_last_request()->args[1], 0x5000);
	expect_calls(1);
	segments_set_user_gs_base(0x5000);
	expect_calls(0);
	assert_int_equal(segments_user_gs_base(), 0x5000);
	segments_set_user_fs_base(0x6000);
	assert_int_equal(fake_last_request()->args[0], XEN_BASE_FS);
	expect_calls(1);
	segments_set_user_fs_base(0x6000);
	expect_calls(0);
	assert_int_equal(segments_user_fs_base(), 0x6000);
	segments_set_user_gs_base(0);
	expect_calls(1);
}

/* Where user mode can change the base itself, what it is now counts. */
static void test_base_by_instruction(void **state)
{
	(void)state;
	fsbase_usable = true;
	segments_set_user_fs_base(0x7000);
	expect_calls(0);
	assert_int_equal(fs_base, 0x7000);
	fs_base = 0x8000;
	assert_int_equal(segments_user_fs_base(), 0x8000);
	segments_set_user_fs_base(0x7000);
	assert_int_equal(fs_base, 0x7000);
}

static void test_ldt(void **state)
{
	(void)state;
	segments_load_ldt((void *)0x9000, 7);
	assert_int_equal(fake_last_request()->ext.cmd, MMUEXT_SET_LDT);
	assert_int_equal(fake_last_request()->ext.arg1.linear_addr, 0x9000);
	assert_int_equal(fake_last_request()->ext.arg2.nr_ents, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_gdt_in_machine_frames, start),
	    cmocka_unit_test_setup(test_own_gdt_is_read_only, start),
	    cmocka_unit_test_setup(test_descriptor_by_machine_address, start),
	    cmocka_unit_test_setup(test_bases_that_differ, start),
	    cmocka_unit_test_setup(test_base_by_instruction, start),
	    cmocka_unit_test_setup(test_ldt, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
