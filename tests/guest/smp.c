/* SPDX-License-Identifier: MIT */
/*
 * More than one vcpu (M14, M19, M21): up and down, calls, tables that others use lazily, flushes
 * that reach them. Each test brings up what it needs and takes it down again.
 */
#include "xen/smp.h"

#include <port/cpu.h>
#include <port/memory.h>

#include <xen/errno.h>

#include "pv/irq.h"
#include "pv/mmu.h"
#include "pv/time.h"
#include "tests/guest/lock.h"
#include "tests/guest/test.h"
#include "tests/guest/vcpus.h"
#include "xen/ipi.h"
#include "xen/segments.h"
#include "xen/tlb.h"
#include "xen/vcpu_info.h"

#define VCPUS       4u
#define STACK_BYTES 8192u
#define ROUNDS      200u

/* What a secondary does next: set by the first vcpu, cleared by the secondary when it is done. */
static volatile unsigned long jobs[VCPUS];
static volatile unsigned long mains_reached;
static _Alignas(16) char stacks[VCPUS][STACK_BYTES];

static void secondary_main(void)
{
	volatile unsigned long *job = &jobs[this_cpu()->id.v];

	port_or_word(&mains_reached, xen_cpu_bit(this_cpu()));
	pv_irq_enable();
	for (;;) {
		job_fn *fn = (job_fn *)port_load_word(job);

		if (fn) {
			fn();
			port_exchange_word(job, 0);
		} else {
			xen_yield();
		}
	}
}

void vcpu_start_job(unsigned int vcpu, job_fn *fn)
{
	port_exchange_word(&jobs[vcpu], (unsigned long)fn);
}

void vcpu_wait_job(unsigned int vcpu)
{
	while (port_load_word(&jobs[vcpu]))
		xen_yield();
}

void vcpu_run_job(unsigned int vcpu, job_fn *fn)
{
	vcpu_start_job(vcpu, fn);
	vcpu_wait_job(vcpu);
}

void vcpus_up(unsigned int vcpus)
{
	host_handlers = (struct host_handlers){.secondary = secondary_main};
	mains_reached = 0;
	pv_irq_enable();
	for (unsigned int i = 1; i < vcpus; i++) {
		jobs[i] = 0;
		CHECK_EQUAL(smp_up((vcpu_t){i}, stacks[i] + STACK_BYTES), 0);
	}
	CHECK_EQUAL(xen_online_mask, (1ul << vcpus) - 1);
}

void vcpus_down(unsigned int vcpus)
{
	for (unsigned int i = 1; i < vcpus; i++)
		vcpu_start_job(i, smp_down_self);
	for (unsigned int i = 1; i < vcpus; i++)
		while (!smp_is_down((vcpu_t){i}))
			xen_yield();
	pv_irq_disable();
	CHECK_EQUAL(xen_online_mask, 1);
	host_handlers = (struct host_handlers){0};
}

void smp_first_time(void)
{
	vcpus_up(VCPUS);
	vcpus_down(VCPUS);
}

static unsigned long limit_of(unsigned long selector)
{
	unsigned long limit = ~0ul;

	__asm__("lsl %1, %0" : "+r"(limit) : "r"(selector));
	return limit;
}

static void look_around(void)
{
	struct xen_cpu *cpu = this_cpu();

	CHECK(cpu == &xen_cpus[cpu->id.v]);
	CHECK_EQUAL(limit_of(SEGMENTS_CPU_SELECTOR), cpu->id.v);
	CHECK(vcpu_info_placed && cpu->vcpu_info == &cpu->placed_vcpu_info);
	CHECK(!try_store(pv_pfn_to_virt(cpu->gdt), 0));
	CHECK(cpu->space_actual == NULL && cpu->space_asked == NULL);
	CHECK(pv_irq_enabled());
}

static void up_and_down(void)
{
	CHECK_EQUAL(smp_vcpu_count(), VCPUS);
	for (unsigned int round = 0; round < 3; round++) {
		vcpus_up(VCPUS);
		CHECK_EQUAL(smp_up((vcpu_t){1}, stacks[1] + STACK_BYTES), -XEN_EEXIST);
		CHECK_EQUAL(smp_up((vcpu_t){0}, stacks[0] + STACK_BYTES), -XEN_EEXIST);
		CHECK_EQUAL(smp_up((vcpu_t){VCPUS}, stacks[0] + STACK_BYTES), -XEN_ENOENT);
		for (unsigned int i = 1; i < VCPUS; i++)
			vcpu_run_job(i, look_around);
		CHECK_EQUAL(mains_reached, (1ul << VCPUS) - 2);
		look_around();
		vcpus_down(VCPUS);
	}
}

static volatile unsigned long called;

static void note_call(void *arg)
{
	CHECK(!pv_irq_enabled());
	port_or_word(&called, (unsigned long)arg << this_cpu()->id.v);
}

static void call_everybody(void)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		ipi_call_mask(~0ul, note_call, (void *)(1ul << 8), i % 4 != 0);
		ipi_call_one((vcpu_t){i % VCPUS}, note_call, (void *)1ul, true);
	}
}

static void calls(void)
{
	vcpus_up(VCPUS);
	called = 0;
	ipi_call_mask(~0ul, note_call, (void *)1ul, true);
	CHECK_EQUAL(called, 0xe);
	ipi_call_one((vcpu_t){0}, note_call, (void *)1ul, true);
	CHECK_EQUAL(called, 0xf);
	CHECK(pv_irq_enabled());
	/* Everybody calls everybody at once: each answers while it waits. */
	for (unsigned int i = 1; i < VCPUS; i++)
		vcpu_start_job(i, call_everybody);
	call_everybody();
	for (unsigned int i = 1; i < VCPUS; i++)
		vcpu_wait_job(i);
	CHECK_EQUAL(called, 0xf0f);
	vcpus_down(VCPUS);
	/* Nobody is there: nothing is waited for. */
	called = 0;
	ipi_call_mask(~0ul, note_call, (void *)1ul, true);
	ipi_call_one((vcpu_t){1}, note_call, (void *)1ul, true);
	ipi_reschedule((vcpu_t){1});
	CHECK_EQUAL(called, 0);
}

/* Calls while the one called goes down, and while it comes up. */
static void calls_against_down(void)
{
	for (unsigned int round = 0; round < 20; round++) {
		vcpus_up(2);
		vcpu_start_job(1, smp_down_self);
		for (unsigned int i = 0; !smp_is_down((vcpu_t){1}); i++) {
			ipi_reschedule((vcpu_t){1});
			ipi_call_mask(~0ul, note_call, (void *)1ul, i % 2 == 0);
		}
		pv_irq_disable();
	}
	host_handlers = (struct host_handlers){0};
}

static struct pt_space shared_space;

static void enter_space(void)
{
	xen_space_switch(&shared_space);
}

static void leave_space(void)
{
	xen_space_switch(NULL);
}

static uint64_t calls_taken(unsigned int vcpu)
{
	return xen_cpus[vcpu].counters.ipi_calls_taken;
}

/* Two vcpus use the tables lazily, one has left them, the first tears them down: exactly those
 * two are interrupted, once. */
static void lazy_users(void)
{
	uint64_t taken[VCPUS];

	vcpus_up(VCPUS);
	test_space(&shared_space, true);
	for (unsigned int i = 1; i < VCPUS; i++)
		vcpu_run_job(i, enter_space);
	CHECK_EQUAL(shared_space.cpus, 0xf);
	vcpu_run_job(2, leave_space);
	CHECK_EQUAL(shared_space.cpus, 0xb);
	for (unsigned int i = 0; i < VCPUS; i++)
		taken[i] = calls_taken(i);
	test_space_end(&shared_space);
	CHECK_EQUAL(calls_taken(0) - taken[0], 0);
	CHECK_EQUAL(calls_taken(1) - taken[1], 1);
	CHECK_EQUAL(calls_taken(2) - taken[2], 0);
	CHECK_EQUAL(calls_taken(3) - taken[3], 1);
	for (unsigned int i = 0; i < VCPUS; i++)
		CHECK(!xen_cpus[i].space_actual && !xen_cpus[i].space_asked);
	vcpus_down(VCPUS);
}

static volatile unsigned long seen;

static void look_at_page(void)
{
	unsigned long value = 0;

	CHECK(port_read_safe((const void *)TEST_ADDRESS, &value));
	seen = value;
}

/* A vcpu has a translation; another changes the entry: the next look finds the new page. One
 * hypercall carries change and flush. */
static void remote_flush(void)
{
	pfn_t first, second = host_table_alloc();
	uint64_t entries;

	vcpus_up(2);
	first = test_space(&shared_space, true);
	vcpu_run_job(1, enter_space);
	*(volatile unsigned long *)pv_pfn_to_virt(first) = 1;
	*(volatile unsigned long *)pv_pfn_to_virt(second) = 2;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		pfn_t next = i % 2 ? first : second;

		vcpu_run_job(1, look_at_page);
		CHECK_EQUAL(seen, i % 2 ? 2 : 1);
		pv_irq_disable(); /* nothing but the change enters Xen */
		entries = xen_cpus[0].counters.hypercalls[__HYPERVISOR_update_va_mapping] +
		          xen_cpus[0].counters.hypercalls[__HYPERVISOR_mmuext_op] +
		          xen_cpus[0].counters.hypercalls[__HYPERVISOR_multicall];
		if (i % 3 == 0)
			pv_lazy_mmu_enter();
		xen_pte_set(&shared_space, VADDR(TEST_ADDRESS),
		            pv_pte_make(next, PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX),
		            XEN_FLUSH_PAGE);
		if (i % 3 == 0)
			pv_lazy_mmu_leave();
		CHECK_EQUAL(xen_cpus[0].counters.hypercalls[__HYPERVISOR_update_va_mapping] +
		                xen_cpus[0].counters.hypercalls[__HYPERVISOR_mmuext_op] +
		                xen_cpus[0].counters.hypercalls[__HYPERVISOR_multicall],
		            entries + 1);
		pv_irq_enable();
	}
	test_space_end(&shared_space);
	host_table_free(second);
	vcpus_down(2);
}

static struct pt_space own_space[VCPUS];

/* Two vcpus flush each other's tables at once. */
static void flush_storm(void)
{
	unsigned int me = this_cpu()->id.v;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		xen_space_switch(&own_space[(me + i) % 2]);
		xen_flush_space(&own_space[0]);
		xen_flush_space(&own_space[1]);
	}
	xen_space_switch(NULL);
}

static void mutual_flushes(void)
{
	vcpus_up(2);
	for (unsigned int i = 0; i < 2; i++) {
		test_space(&own_space[i], false);
		xen_space_activate(&own_space[i]);
	}
	vcpu_start_job(1, flush_storm);
	flush_storm();
	vcpu_wait_job(1);
	for (unsigned int i = 0; i < 2; i++)
		test_space_end(&own_space[i]);
	vcpus_down(2);
}

/* A flush that no vcpu needs enters Xen not at all; one that any needs, once. */
static void needless_flush(void)
{
	uint64_t entries;

	vcpus_up(2);
	test_space(&shared_space, false);
	xen_space_activate(&shared_space);
	pv_irq_disable();
	entries = xen_cpus[0].counters.hypercalls[__HYPERVISOR_mmuext_op];
	xen_flush_space(&shared_space);
	CHECK_EQUAL(xen_cpus[0].counters.hypercalls[__HYPERVISOR_mmuext_op], entries);
	pv_irq_enable();
	vcpu_run_job(1, enter_space);
	pv_irq_disable();
	entries = xen_cpus[0].counters.hypercalls[__HYPERVISOR_mmuext_op];
	xen_flush_space(&shared_space);
	CHECK_EQUAL(xen_cpus[0].counters.hypercalls[__HYPERVISOR_mmuext_op], entries + 1);
	pv_irq_enable();
	test_space_end(&shared_space);
	vcpus_down(2);
}

static volatile unsigned long latest;

/* No vcpu reads a clock that is behind what another has read before. */
static void read_clock(void)
{
	for (unsigned int i = 0; i < ROUNDS * 10; i++) {
		unsigned long before = port_load_word(&latest);
		unsigned long now = pv_time_monotonic_ns();

		CHECK(now >= before);
		port_replace_word(&latest, before, now);
	}
}

static void clock_across_vcpus(void)
{
	vcpus_up(VCPUS);
	latest = 0;
	for (unsigned int i = 1; i < VCPUS; i++)
		vcpu_start_job(i, read_clock);
	read_clock();
	for (unsigned int i = 1; i < VCPUS; i++)
		vcpu_wait_job(i);
	vcpus_down(VCPUS);
}

static void locks(void)
{
	vcpus_up(LOCK_TEST_VCPUS);
	lock_test_begin();
	for (unsigned int i = 1; i < LOCK_TEST_VCPUS; i++)
		vcpu_start_job(i, lock_test_run);
	lock_test_run();
	for (unsigned int i = 1; i < LOCK_TEST_VCPUS; i++)
		vcpu_wait_job(i);
	vcpus_down(LOCK_TEST_VCPUS);
	lock_test_end();
}

const struct guest_test smp_tests[] = {
    {"smp-up-and-down", up_and_down},
    {"smp-calls", calls},
    {"smp-calls-against-down", calls_against_down},
    {"smp-lazy-users-are-interrupted", lazy_users},
    {"smp-flush-reaches-others", remote_flush},
    {"smp-needless-flush", needless_flush},
    {"smp-mutual-flushes", mutual_flushes},
    {"smp-clock-across-vcpus", clock_across_vcpus},
    {"smp-locks", locks},
    {NULL, NULL},
};
