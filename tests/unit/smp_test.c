/* SPDX-License-Identifier: MIT */
/* sources: tests/unit/fake_xen.c xen/smp.c xen/segments.c xen/vcpu_info.c xen/tlb.c */
/* sources: xen/multicall.c xen/irq_flag.c xen/p2m.c lib/fmt.c */
/*
 * Bringing a vcpu up: what fails on the way can be tried again, and leaves nothing behind that a
 * second try would make twice. What the vcpu itself does is not run here: the double marks it
 * online when Xen is told to start it.
 */
#include "tests/unit/fake_xen.h"

#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>
#include <xen/vcpu.h>

#include "arch/x86/fsbase.h"
#include "arch/x86/start_context.h"
#include "xen/device.h"
#include "xen/entry.h"
#include "xen/fpu.h"
#include "xen/ipi.h"
#include "xen/pv_lock.h"
#include "xen/smp.h"
#include "xen/space.h"
#include "xen/start.h"
#include "xen/time.h"
#include "xen/vcpu_info.h"

/* One for each test, as what is known of a vcpu stays. */
#define VCPUS XEN_CPU_COUNT_MAX

struct pt_space xen_kernel_space;

static struct {
	unsigned int initialise_refusals, up_refusals, initialised;
	bool info_placed[VCPUS], is_up[VCPUS];
} machine;
static struct vcpu_info shared_info[VCPUS];

static long vcpu_op(unsigned int command, unsigned long vcpu)
{
	if (vcpu >= VCPUS)
		return -XEN_ENOENT;
	switch (command) {
	case VCPUOP_is_up:
		return machine.is_up[vcpu];
	case VCPUOP_register_vcpu_info:
		if (machine.info_placed[vcpu])
			return -XEN_EINVAL; /* it stays for good */
		machine.info_placed[vcpu] = true;
		return 0;
	case VCPUOP_initialise:
		if (machine.initialise_refusals > 0) {
			machine.initialise_refusals--;
			return -XEN_ENOMEM;
		}
		machine.initialised++;
		return 0;
	case VCPUOP_up:
		if (machine.up_refusals > 0) {
			machine.up_refusals--;
			return -XEN_ENOMEM;
		}
		machine.is_up[vcpu] = true;
		xen_online_mask |= 1ul << vcpu;
		xen_cpus[vcpu].starts++;
		return 0;
	default:
		fail_msg("an operation on a vcpu that nothing here needs: %u", command);
		return 0;
	}
}

static long answer(unsigned int op, unsigned long *args)
{
	return op == __HYPERVISOR_vcpu_op ? vcpu_op((unsigned int)args[0], args[1]) : 0;
}

/* What runs on the new vcpu, and what it would be given. */

int ipi_init_cpu(struct xen_cpu *cpu)
{
	(void)cpu;
	return 0;
}

int pv_lock_init_cpu(vcpu_t vcpu)
{
	(void)vcpu;
	return 0;
}

void *xen_entry_stack_top(vcpu_t vcpu)
{
	(void)vcpu;
	return NULL;
}

struct vcpu_info *xen_shared_vcpu_info(vcpu_t vcpu)
{
	return &shared_info[vcpu.v];
}

maddr_t xen_cpu_area(vcpu_t vcpu)
{
	return (maddr_t){0x100000 + vcpu.v * sizeof(struct xen_cpu)};
}

void cpu_start_context(struct vcpu_guest_context *context, const struct cpu_start *with)
{
	(void)context, (void)with;
}

void cpu_stack_restart(void *stack_top, void (*entry)(void))
{
	(void)stack_top, (void)entry;
	abort();
}

void host_secondary_main(void)
{
	abort();
}

void ipi_stop_cpu(void)
{
}

void time_init_cpu(void)
{
}

void time_stop_cpu(void)
{
}

void xen_entry_init(void *entry_stack_top)
{
	(void)entry_stack_top;
}

void fpu_init(void)
{
}

int device_init_cpu(void)
{
	return 0;
}

void xen_space_switch(struct pt_space *space)
{
	(void)space;
}

void fsbase_detect(void)
{
}

bool fsbase_usable;

uint64_t fsbase_read(void)
{
	return 0;
}

void fsbase_write(uint64_t base)
{
	(void)base;
}

static unsigned long frames_before;

static int start(void **state)
{
	(void)state;
	fake_start(&fake_formats[0]);
	memset(&machine, 0, sizeof(machine));
	machine.is_up[0] = true;
	fake.other = answer;
	xen_kernel_space.root = fake.kernel_root;
	smp_init();
	frames_before = fake_frames_taken();
	return 0;
}

/* The second try does what is left, and each of the two vcpus has one GDT. */
static void expect_up(vcpu_t vcpu)
{
	assert_int_equal(smp_up(vcpu, NULL), 0);
	assert_int_equal(machine.initialised, 1);
	assert_ptr_equal(xen_cpus[vcpu.v].vcpu_info, &xen_cpus[vcpu.v].placed_vcpu_info);
	if (fake_frames_taken() != frames_before + 2)
		fail_msg("%lu frames are taken for two tables",
		         fake_frames_taken() - frames_before);
}

static void test_out_of_memory(void **state)
{
	const vcpu_t vcpu = {1};

	(void)state;
	for (long frames = 0; frames < 2; frames++) {
		fake.allocations_left = frames == 0 ? 0 : 1;
		assert_int_equal(smp_up(vcpu, NULL), -XEN_ENOMEM);
	}
	fake.allocations_left = -1;
	expect_up(vcpu);
}

static void test_initialise_refused(void **state)
{
	const vcpu_t vcpu = {2};

	(void)state;
	machine.initialise_refusals = 2;
	assert_int_equal(smp_up(vcpu, NULL), -XEN_ENOMEM);
	assert_int_equal(smp_up(vcpu, NULL), -XEN_ENOMEM);
	expect_up(vcpu);
}

static void test_up_refused(void **state)
{
	const vcpu_t vcpu = {3};

	(void)state;
	machine.up_refusals = 1;
	assert_int_equal(smp_up(vcpu, NULL), -XEN_ENOMEM);
	expect_up(vcpu);
}

static void test_no_such_vcpu(void **state)
{
	(void)state;
	assert_int_equal(smp_vcpu_count(), VCPUS);
	assert_int_equal(smp_up((vcpu_t){VCPUS}, NULL), -XEN_ENOENT);
	assert_int_equal(smp_up((vcpu_t){0}, NULL), -XEN_EEXIST);
	assert_int_equal(machine.initialised, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_out_of_memory, start),
	    cmocka_unit_test_setup(test_initialise_refused, start),
	    cmocka_unit_test_setup(test_up_refused, start),
	    cmocka_unit_test_setup(test_no_such_vcpu, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
