/* SPDX-License-Identifier: MIT */
/*
 * vcpus that are brought up, go down and come up again, while others call them.
 *
 * A call or a send to a vcpu that is not up yet, or no longer, is harmless: the call is run there
 * once or dropped, and its caller goes on. A vcpu is called only when it can be, that is when its
 * channels are bound; it takes no call when they are gone. Bringing it up may fail at every step
 * and is tried again with what there is. The vcpu_info moves into the vcpu's area before it is up.
 */
#include "tests/model/scenarios.h"

#include <port/memory.h>

#include <xen/errno.h>
#include <xen/sched.h>

#include "xen/hypercall.h"
#include "xen/ipi.h"
#include "xen/irq_flag.h"
#include "xen/multicall.h"
#include "xen/smp.h"
#include "xen/vcpu_info.h"

#define LIVES 2u

static unsigned int lives[EXPLORE_VCPUS], runs[EXPLORE_VCPUS]; /* begun, and calls that ran there */
static unsigned int callers; /* that want an answer before the vcpu goes down */
static unsigned long stacks[EXPLORE_VCPUS][LIVES];

static void secondary_main(void)
{
	unsigned int me = explore_vcpu();

	CHECK(this_cpu()->vcpu_info == &this_cpu()->placed_vcpu_info);
	CHECK(!xen_irq_enabled());
	CHECK(this_cpu()->restart_stack == &stacks[me][lives[me]]);
	lives[me]++;
	xen_irq_enable();
	explore_point("works");
	xen_irq_disable();
	while (callers > 0) {
		CHECK(xen_op(__HYPERVISOR_sched_op, SCHEDOP_block, NULL) == 0);
		xen_irq_disable();
	}
	xen_irq_enable();
	world_check_quiet();
	smp_down_self();
}

static void on_call(void *arg)
{
	CHECK(!xen_irq_enabled());
	CHECK(explore_vcpu() == (uintptr_t)arg);
	runs[explore_vcpu()]++;
}

static void call(unsigned int vcpu, bool wait)
{
	ipi_reschedule((vcpu_t){vcpu});
	ipi_call_one((vcpu_t){vcpu}, on_call, (void *)(uintptr_t)vcpu, wait);
}

void life_setup(void)
{
	world_secondary_main = secondary_main;
	for (unsigned int i = 1; i < model.vcpu_count; i++)
		model_vcpu_off(i);
	smp_init();
	CHECK(vcpu_info_placed);
	CHECK(smp_vcpu_count() == model.vcpu_count);
}

static void wait_down(unsigned int vcpu)
{
	while (!smp_is_down((vcpu_t){vcpu}))
		world_wait("waits for a vcpu to go down");
}

/* Calls before, while and after; the vcpu goes down by itself. */
static void one_life(unsigned int vcpu, unsigned int life)
{
	call(vcpu, true);
	CHECK(smp_up((vcpu_t){vcpu}, &stacks[vcpu][life]) == 0);
	call(vcpu, true);
	wait_down(vcpu);
	call(vcpu, true);
	CHECK(lives[vcpu] == life + 1 && runs[vcpu] <= life + 1);
}

/* One after the other. */
void life_of_each(void)
{
	xen_irq_enable();
	for (unsigned int vcpu = 1; vcpu < model.vcpu_count; vcpu++)
		one_life(vcpu, 0);
	xen_irq_disable();
}

void life_twice(void)
{
	xen_irq_enable();
	for (unsigned int life = 0; life < LIVES; life++)
		one_life(1, life);
	xen_irq_disable();
}

/* Nothing is made twice: a GDT for each of the two. */
void life_retried(void)
{
	int result;

	world_allocations_fail = world_vcpus_fail = true;
	do
		result = smp_up((vcpu_t){1}, &stacks[1][0]);
	while (result == -XEN_ENOMEM);
	CHECK(result == 0);
	wait_down(1);
	CHECK(world_frames_used() == 2);
}

/* The last vcpu is up from the start, and calls the second all the time. */
void life_called_setup(void)
{
	unsigned int last = model.vcpu_count - 1;

	callers = 1;
	life_setup();
	model_vcpu_set_up(last);
	CHECK(ipi_init_cpu(&xen_cpus[last]) == 0);
	xen_online_mask |= xen_cpu_bit(&xen_cpus[last]);
}

void life_caller(void)
{
	xen_irq_enable();
	for (unsigned int round = 0; round < 3; round++)
		call(1, round > 0);
	callers = 0;
	ipi_reschedule((vcpu_t){1}); /* which sleeps */
	xen_irq_disable();
}

void life_called(void)
{
	xen_irq_enable();
	CHECK(smp_up((vcpu_t){1}, &stacks[1][0]) == 0);
	xen_irq_disable();
}

void life_finish(void)
{
	for (unsigned int i = 1; i < model.vcpu_count; i++)
		CHECK(xen_cpus[i].ipi.calls == 0);
}
