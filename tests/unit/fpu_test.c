/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/fpu.c xen/multicall.c xen/irq_flag.c xen/p2m.c lib/fmt.c */
/*
 * Extended state: what is enabled for user mode, which instruction saves it, and the trap at its
 * first use. The processor is a few numbers here; that the contents survive is the guest tests'.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include <port/cpu.h>

#include "arch/x86/fpu.h"
#include "xen/fpu.h"
#include "xen/multicall.h"

#define OSXSAVE (1ul << 18)

/* Counts of what was executed, and what the processor offers. */
static struct {
	uint32_t leaf_1_ecx, components, xsave_extras;
	unsigned long cr4;
	uint64_t xcr0;
	unsigned int fxsaves, xsaves, xsaveopts, undefined;
	bool writable, restorable, silent;
	uint8_t restored[576];
} machine;

struct port_cpuid port_cpuid(uint32_t leaf, uint32_t subleaf)
{
	if (leaf == 1)
		return (struct port_cpuid){.ecx = machine.leaf_1_ecx};
	assert_int_equal(leaf, 13);
	if (subleaf == 1)
		return (struct port_cpuid){.eax = machine.xsave_extras};
	/* 64 bytes for each component above the first two, for a check of when it is asked: what is
	 * there before the first xsetbv is for x87 and SSE alone. */
	return (struct port_cpuid){
	    .eax = machine.components,
	    .ebx =
	        machine.silent ? 0 : 576 + 64 * (uint32_t)__builtin_popcountll(machine.xcr0 >> 2)};
}

unsigned long port_read_cr4(void)
{
	return machine.cr4;
}

void port_write_cr4(unsigned long value)
{
	machine.cr4 = value;
}

void port_xsetbv(uint64_t value)
{
	machine.undefined += !(machine.cr4 & OSXSAVE);
	machine.xcr0 = value;
}

uint64_t port_xgetbv(void)
{
	return machine.xcr0;
}

bool cpu_fxsave(void *area)
{
	memset(area, 0, 512);
	machine.fxsaves++;
	return machine.writable;
}

bool cpu_xsave(void *area)
{
	(void)area;
	machine.xsaves++;
	return machine.writable;
}

bool cpu_xsaveopt(void *area)
{
	(void)area;
	machine.xsaveopts++;
	return machine.writable;
}

bool cpu_fxrstor(const void *area)
{
	(void)area;
	return machine.restorable;
}

bool cpu_xrstor(const void *area)
{
	memcpy(machine.restored, area, sizeof(machine.restored));
	return machine.restorable;
}

static _Alignas(64) char area[4096];

/* A CPU with XSAVE, XSAVEOPT, and components that user mode is not given. */
static int start(void **state)
{
	(void)state;
	fake_start(&fake_formats[0]);
	memset(&machine, 0, sizeof(machine));
	machine.leaf_1_ecx = 1u << 26;
	machine.components = 0x6ff;
	machine.xsave_extras = 1;
	machine.writable = machine.restorable = true;
	machine.cr4 = 0x20;
	machine.xcr0 = 3;
	fpu_init();
	machine.fxsaves = 0;
	return 0;
}

static void test_what_user_mode_gets(void **state)
{
	(void)state;
	assert_int_equal(machine.undefined, 0); /* instructions that are off */
	assert_int_equal(machine.cr4, 0x20 | OSXSAVE);
	assert_int_equal(machine.xcr0, 0xe7);
	assert_int_equal(fpu_features(), 0xe7);
	assert_int_equal(fpu_area_bytes(), 576 + 64 * 4); /* as enabled now */
	assert_int_equal(fpu_control_mask(), 0xffbf);
}

/* XSAVEOPT leaves out what its own last restore from there holds: never for a program's area. */
static void test_how_it_is_saved(void **state)
{
	(void)state;
	fpu_save(area);
	assert_int_equal(machine.xsaveopts, 1);
	assert_true(fpu_save_user(area));
	assert_int_equal(machine.xsaveopts, 1);
	assert_int_equal(machine.xsaves, 1);
	machine.xsave_extras = 0;
	fpu_init();
	fpu_save(area);
	assert_int_equal(machine.xsaves, 2);
	machine.leaf_1_ecx = 0;
	fpu_init();
	machine.fxsaves = 0;
	fpu_save(area);
	assert_true(fpu_save_user(area));
	assert_int_equal(machine.fxsaves, 2);
	assert_int_equal(machine.xsaves, 2);
	assert_int_equal(fpu_area_bytes(), 512);
}

/* What a component of the initial state holds is not read, but for MXCSR. */
static void test_reset(void **state)
{
	uint32_t mxcsr;
	uint64_t header;

	(void)state;
	fpu_reset();
	memcpy(&mxcsr, machine.restored + 24, sizeof(mxcsr));
	memcpy(&header, machine.restored + 512, sizeof(header));
	assert_int_equal(mxcsr, 0x1f80);
	assert_int_equal(header, 0);
	machine.restorable = false;
	assert_non_null(FAKE_PANIC_OF(fpu_reset()));
}

static void test_refusals(void **state)
{
	(void)state;
	machine.writable = machine.restorable = false;
	assert_false(fpu_save_user(area));
	assert_false(fpu_restore_user(area));
	assert_non_null(FAKE_PANIC_OF(fpu_save(area)));
	assert_non_null(FAKE_PANIC_OF(fpu_restore(area)));
	machine.silent = true;
	assert_non_null(FAKE_PANIC_OF(fpu_init()));
}

/* The trap is asked for in the batch that is open, behind what is in it. */
static void test_trap_is_queued(void **state)
{
	(void)state;
	for (unsigned int trap = 0; trap < 2; trap++) {
		fpu_set_trap(trap);
		assert_int_equal(fake_last_request()->op, __HYPERVISOR_fpu_taskswitch);
		assert_int_equal(fake_last_request()->args[0], trap);
	}
	struct mc_batch batch = mc_begin();
	unsigned int before = fake.trap_count;

	fpu_set_trap(true);
	fpu_set_trap(false);
	assert_int_equal(fake.trap_count, before);
	mc_commit(&batch);
	assert_int_equal(fake.trap_count, before + 1);
	assert_int_equal(fake_last_request()->args[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_what_user_mode_gets, start),
	    cmocka_unit_test_setup(test_how_it_is_saved, start),
	    cmocka_unit_test_setup(test_reset, start),
	    cmocka_unit_test_setup(test_refusals, start),
	    cmocka_unit_test_setup(test_trap_is_queued, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
