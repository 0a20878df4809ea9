/* SPDX-License-Identifier: MIT */
/*
 * Spaces that several vcpus use, and calls between vcpus.
 *
 * Retiring. A vcpu may still run on a space long after it has done with it: it has asked for other
 * tables, but the request waits in its batch. The owner that tears the space down must look at what
 * each vcpu is known to run on, interrupt exactly those that still use it, once, and unpin only
 * when they have left; else Xen refuses to make the top table writable, or a vcpu walks tables
 * that are given away. Two owners may do so to each other at the same time: each answers while
 * it waits.
 *
 * Flushing. A vcpu may begin to use a space while the owner takes an entry out of it. Either its
 * load of the tables comes after the change, or the flush reaches it: when the frame is given away,
 * nobody can reach it. The world checks that.
 *
 * Calls. What is sent to a vcpu that goes down is run or dropped, once, and its caller goes on.
 *
 * Lazy mode. Events are masked in it, so that a handler's own change is carried out at once.
 */
#include "tests/model/scenarios.h"

#include <port/memory.h>

#include "xen/evtchn.h"
#include "xen/ipi.h"
#include "xen/irq_flag.h"
#include "xen/lazy.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/pt_walk.h"
#include "xen/pv_lock.h"

static struct pt_space spaces[EXPLORE_VCPUS];
static pfn_t frames[EXPLORE_VCPUS];
static volatile uint32_t ready, finished;

static void listen(unsigned int vcpus)
{
	for (unsigned int i = 0; i < vcpus; i++)
		CHECK(ipi_init_cpu(&xen_cpus[i]) == 0);
}

static void wait_for(volatile uint32_t *count, uint32_t wanted)
{
	while (port_load32(count) < wanted)
		world_wait("waits for the others");
}

static void count_up(volatile uint32_t *count)
{
	explore_point("count");
	++*count;
}

static void end_listening(void)
{
	count_up(&finished);
	wait_for(&finished, model.vcpu_count);
	xen_irq_disable();
	world_check_quiet();
}

static void make_space(unsigned int n)
{
	scenario_space(&spaces[n], &frames[n], 2);
	xen_space_activate(&spaces[n]);
}

static void tear_down(unsigned int n)
{
	xen_space_retire(&spaces[n]);
	CHECK(!spaces[n].pinned && spaces[n].cpus == 0);
	xen_space_destroy(&spaces[n]);
	world_frame_free(frames[n]);
}

/* vcpu 0 retires a space that the others run on, leave lazily, or have just left. */

void smp_retire_setup(void)
{
	world_inside_seen = true;
	listen(model.vcpu_count);
	make_space(0);
}

void smp_retire_owner(void)
{
	uint64_t calls;

	xen_irq_enable();
	wait_for(&ready, model.vcpu_count - 1);
	calls = this_cpu()->counters.ipi_calls;
	tear_down(0);
	CHECK(this_cpu()->counters.ipi_calls - calls < model.vcpu_count);
	end_listening();
}

/* Has used the space and goes on to the kernel's tables; the load waits in its batch. */
void smp_retire_lazy_user(void)
{
	xen_irq_enable();
	xen_space_switch(&spaces[0]);
	count_up(&ready);
	xen_lazy_enter(XEN_LAZY_CPU);
	xen_space_switch(NULL);
	explore_point("the load is queued");
	xen_lazy_leave(XEN_LAZY_CPU);
	CHECK(this_cpu()->space_actual == NULL);
	end_listening();
	CHECK(this_cpu()->counters.spaces_evicted <= 1);
}

/* Stays on it as a kernel thread does, until it is made to leave. */
void smp_retire_idle_user(void)
{
	xen_irq_enable();
	xen_space_switch(&spaces[0]);
	count_up(&ready);
	end_listening();
	CHECK(this_cpu()->space_actual == NULL);
	CHECK(this_cpu()->counters.spaces_evicted == 1);
}

void smp_retire_finish(void)
{
	CHECK(world_frames_used() == 0);
}

/* Each vcpu runs on its neighbour's space and retires its own. */

void smp_cross_setup(void)
{
	listen(model.vcpu_count);
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		make_space(i);
}

static void cross(bool masked)
{
	unsigned int me = explore_vcpu();

	xen_irq_enable();
	xen_space_switch(&spaces[(me + 1) % model.vcpu_count]);
	count_up(&ready);
	wait_for(&ready, model.vcpu_count);
	if (masked)
		xen_irq_disable();
	tear_down(me);
	xen_irq_enable();
	end_listening();
	CHECK(this_cpu()->counters.spaces_evicted <= 1);
}

void smp_cross_run(void)
{
	cross(false);
}

/* With events masked only the wait itself can answer the other. */
void smp_cross_masked(void)
{
	cross(true);
}

/* vcpu 0 takes an entry out and gives the frame away; the other switches in and out. */

void smp_flush_owner(void)
{
	xen_irq_enable();
	if (choose(2, "on the space itself"))
		xen_space_switch(&spaces[0]);
	if (choose(2, "in lazy mode")) {
		xen_lazy_enter(XEN_LAZY_MMU);
		xen_pte_set(&spaces[0], VADDR(SCENARIO_ADDRESS), PTE_NONE, XEN_FLUSH_PAGE);
		xen_lazy_leave(XEN_LAZY_MMU);
	} else {
		xen_pte_set(&spaces[0], VADDR(SCENARIO_ADDRESS), PTE_NONE, XEN_FLUSH_PAGE);
	}
	world_frame_free(frames[0]);
	xen_space_switch(NULL);
	end_listening();
}

/* The same with a table that changes its place first: nobody finds the entry at the old one. */
void smp_move_owner(void)
{
	uintptr_t reach = (uintptr_t)pt_entry_reach(2);
	uintptr_t from = SCENARIO_ADDRESS & ~(reach - 1), to = from + reach;

	xen_irq_enable();
	if (choose(2, "on the space itself"))
		xen_space_switch(&spaces[0]);
	CHECK(xen_table_move(&spaces[0], VADDR(from), VADDR(to)) == 0);
	xen_pte_set(&spaces[0], VADDR(SCENARIO_ADDRESS - from + to), PTE_NONE, XEN_FLUSH_PAGE);
	world_frame_free(frames[0]);
	xen_space_switch(NULL);
	end_listening();
}

/* The same with a table that leaves with all that it maps. */

void smp_leave_setup(void)
{
	smp_retire_setup();
	frames[1] = world_frame_alloc();
	xen_pte_set(&spaces[0], VADDR(SCENARIO_ADDRESS + PAGE_BYTES),
	            pte_from_pfn(frames[1], SCENARIO_FLAGS), XEN_FLUSH_NONE);
}

void smp_leave_owner(void)
{
	uintptr_t reach = (uintptr_t)pt_entry_reach(2);
	vaddr_t from = VADDR(SCENARIO_ADDRESS & ~(reach - 1));

	xen_irq_enable();
	if (choose(2, "on the space itself"))
		xen_space_switch(&spaces[0]);
	xen_tables_leave(&spaces[0], from, VADDR(from.v + reach), NULL, scenario_release, NULL);
	CHECK(pfn_is_none(pt_find_table(spaces[0].root, pt_offset(from), 1)));
	xen_space_switch(NULL);
	end_listening();
}

void smp_flush_user(void)
{
	xen_irq_enable();
	xen_space_switch(&spaces[0]);
	explore_point("uses it");
	xen_space_switch(NULL);
	end_listening();
}

void smp_flush_finish(void)
{
	CHECK(spaces[0].cpus == 0);
	xen_space_retire(&spaces[0]);
	xen_space_destroy(&spaces[0]);
	CHECK(world_frames_used() == 0);
}

/* vcpu 1 goes down while the others call it. */

#define DOWN_CALLS 2u

static unsigned int called[EXPLORE_VCPUS]; /* for each caller */
static bool stopped;

void smp_down_setup(void)
{
	listen(model.vcpu_count);
}

static void on_call(void *arg)
{
	CHECK(!xen_irq_enabled() && explore_vcpu() == 1);
	CHECK(!stopped);
	++*(unsigned int *)arg;
}

void smp_down_caller(void)
{
	unsigned int *count = &called[explore_vcpu()];

	xen_irq_enable();
	for (unsigned int round = 1; round <= DOWN_CALLS; round++) {
		ipi_reschedule((vcpu_t){1});
		ipi_call_one((vcpu_t){1}, on_call, count, round == DOWN_CALLS);
		CHECK(*count <= round);
	}
	xen_irq_disable();
}

void smp_down_target(void)
{
	xen_irq_enable();
	explore_point("works");
	xen_irq_disable();
	port_and_word(&xen_online_mask, ~xen_cpu_bit(this_cpu()));
	ipi_stop_cpu();
	stopped = true;
}

void smp_down_finish(void)
{
	CHECK(stopped);
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		CHECK(called[i] <= DOWN_CALLS);
	CHECK(xen_cpus[1].ipi.calls == 0);
}

/* A handler changes an entry while its vcpu collects others. */

static port_t port;

static void change_at_once(void *arg)
{
	pte_t entry = pte_from_pfn(frames[1], SCENARIO_FLAGS);

	(void)arg;
	CHECK(this_cpu()->lazy == XEN_LAZY_NONE && mc_idle());
	xen_pte_set(&spaces[1], VADDR(SCENARIO_ADDRESS + PAGE_BYTES), entry, XEN_FLUSH_NONE);
	CHECK(mc_idle());
	CHECK(pte_pfn(xen_pte_read(&spaces[1], VADDR(SCENARIO_ADDRESS + PAGE_BYTES))).v ==
	      frames[1].v);
}

void smp_lazy_setup(void)
{
	world_inside_seen = true;
	make_space(0);
	make_space(1);
	CHECK(evtchn_bind_ipi((vcpu_t){0}, change_at_once, NULL, &port) == 0);
}

void smp_lazy_collect(void)
{
	xen_irq_enable();
	xen_lazy_enter(XEN_LAZY_MMU);
	xen_pte_set(&spaces[0], VADDR(SCENARIO_ADDRESS), PTE_NONE, XEN_FLUSH_PAGE);
	explore_point("collects");
	xen_pte_set(&spaces[0], VADDR(SCENARIO_ADDRESS + PAGE_BYTES),
	            pte_from_pfn(frames[0], SCENARIO_FLAGS), XEN_FLUSH_NONE);
	xen_lazy_leave(XEN_LAZY_MMU);
	xen_irq_disable();
	world_check_quiet();
}

void smp_lazy_send(void)
{
	evtchn_send(port);
	evtchn_send(port);
}

void smp_lazy_finish(void)
{
	for (unsigned int n = 0; n < 2; n++)
		tear_down(n);
	CHECK(world_frames_used() == 0);
}

/*
 * Lives of spaces on several vcpus. Each vcpu owns a space and takes turns at: filling and emptying
 * it, running on a neighbour's, and ending it to begin anew. Who wants to run on a space asks its
 * owner's gate first, as a kernel holds a reference; the owner shuts the gate before it retires.
 */

#define LIVES_STEPS 8u

static struct spinlock gates[EXPLORE_VCPUS];
static bool open_gate[EXPLORE_VCPUS];
static bool mapped[EXPLORE_VCPUS];

void smp_lives_setup(void)
{
	listen(model.vcpu_count);
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		spinlock_init(&gates[i]);
}

static void begin_life(unsigned int me)
{
	make_space(me);
	mapped[me] = true;
	spinlock_lock(&gates[me]);
	open_gate[me] = true;
	spinlock_unlock(&gates[me]);
}

static void end_life(unsigned int me)
{
	spinlock_lock(&gates[me]);
	open_gate[me] = false;
	spinlock_unlock(&gates[me]);
	xen_space_retire(&spaces[me]);
	CHECK(!spaces[me].pinned && spaces[me].cpus == 0);
	if (mapped[me])
		world_frame_free(frames[me]);
	xen_space_destroy(&spaces[me]);
	mapped[me] = false;
}

static void change(unsigned int me)
{
	if (mapped[me]) {
		xen_pte_set(&spaces[me], VADDR(SCENARIO_ADDRESS), PTE_NONE, XEN_FLUSH_PAGE);
		world_frame_free(frames[me]);
	} else {
		frames[me] = world_frame_alloc();
		xen_pte_set(&spaces[me], VADDR(SCENARIO_ADDRESS),
		            pte_from_pfn(frames[me], SCENARIO_FLAGS), XEN_FLUSH_NONE);
	}
	mapped[me] = !mapped[me];
	CHECK(pte_none(xen_pte_read(&spaces[me], VADDR(SCENARIO_ADDRESS))) != mapped[me]);
}

static void run_on(unsigned int other)
{
	spinlock_lock(&gates[other]);
	if (open_gate[other])
		xen_space_switch(&spaces[other]);
	spinlock_unlock(&gates[other]);
}

void smp_lives_run(void)
{
	unsigned int me = explore_vcpu();

	xen_irq_enable();
	for (unsigned int i = 0; i < LIVES_STEPS; i++) {
		if (!open_gate[me])
			begin_life(me);
		switch (choose(5, "what to do")) {
		case 0:
			change(me);
			break;
		case 1:
			run_on((me + 1) % model.vcpu_count);
			break;
		case 2:
			run_on(me);
			break;
		case 3:
			xen_space_switch(NULL);
			break;
		default:
			end_life(me);
			break;
		}
		CHECK(mc_idle());
	}
	xen_space_switch(NULL);
	if (open_gate[me])
		end_life(me);
	end_listening();
}
