/* SPDX-License-Identifier: MIT */
/*
 * vcpus that come up, sleep, are woken and go down, by Xen's calls alone.
 *
 * A send to a vcpu that is not up yet stays pending until it looks; one to a vcpu that has gone
 * down is harmless. A vcpu that blocks sleeps only while nothing is pending for it, whenever the
 * event comes; one that polls is woken by its port though that is masked, or by the end of its
 * time.
 */
#include "tests/model/scenarios.h"

#include <port/memory.h>

#include <xen/errno.h>
#include <xen/sched.h>

#include "xen/direct_map.h"
#include "xen/evtchn.h"
#include "xen/hypercall.h"
#include "xen/irq_flag.h"
#include "xen/pt_walk.h"
#include "xen/time.h"
#include "xen/vcpu_info.h"

#define TIMER_NS 1000000u

static port_t port;
static unsigned int events;
static struct vcpu_guest_context context;
static struct vcpu_runstate_info runstate;

static void on_event(void *arg)
{
	(void)arg;
	events++;
}

static long vcpu_call(unsigned int command, unsigned int vcpu, void *arg)
{
	return xen_call3(__HYPERVISOR_vcpu_op, command, vcpu, (unsigned long)arg);
}

static bool wait_for_event(void)
{
	while (events == 0) {
		long result = xen_op(__HYPERVISOR_sched_op, SCHEDOP_block, NULL);

		CHECK(result == 0);
		xen_irq_disable();
	}
	return true;
}

void vcpu_up_setup(void)
{
	model_vcpu_off(1);
	CHECK(evtchn_bind_ipi((vcpu_t){1}, on_event, NULL, &port) == 0);
	context.flags = VGCF_in_kernel;
	context.ctrlreg[3] = xen_pfn_to_cr3((unsigned long)model.vcpus[0].base);
}

void vcpu_up_first(void)
{
	long is_up = 1;

	CHECK(vcpu_call(VCPUOP_up, 1, NULL) != 0);
	CHECK(vcpu_call(VCPUOP_initialise, 1, &context) == 0);
	evtchn_send(port); /* not up yet: nothing is lost */
	CHECK(vcpu_call(VCPUOP_up, 1, NULL) == 0);
	while (is_up != 0) {
		is_up = vcpu_call(VCPUOP_is_up, 1, NULL);
		CHECK(is_up == 0 || is_up == 1);
		if (is_up)
			explore_wait("for vcpu 1 to go down");
	}
	evtchn_send(port);
	CHECK(events >= 1 && events < model.vcpu_count); /* one of each that sends */
}

void vcpu_up_second(void)
{
	model_vcpu_stay_down();
	wait_for_event();
	vcpu_call(VCPUOP_down, 1, NULL);
	CHECK(!"a vcpu that is down goes on");
}

/* One blocks, the other sends: the event is never slept through. */
void block_setup(void)
{
	CHECK(evtchn_bind_ipi((vcpu_t){0}, on_event, NULL, &port) == 0);
}

void block_sleep(void)
{
	wait_for_event();
}

void block_send(void)
{
	evtchn_send(port);
}

/* One polls a masked port with events masked, the other kicks. */
void poll_sleep(void)
{
	struct sched_poll poll = {.nr_ports = 1};
	evtchn_port_t number = port.v;

	evtchn_mask(port);
	set_xen_guest_handle(poll.ports, &number);
	CHECK(xen_op(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll) == 0);
	CHECK(model_port_is_pending(port.v));
	CHECK(events == 0);
}

/* A timer at any point, before, while and after everybody sleeps. */
void timer_setup(void)
{
	block_setup();
	world_clock_jumps = true;
}

void timer_sleep(void)
{
	struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = model.clock_ns + TIMER_NS};
	port_t timer_port;

	CHECK(evtchn_bind_virq(VIRQ_TIMER, (vcpu_t){0}, on_event, NULL, &timer_port) == 0);
	CHECK(vcpu_call(VCPUOP_set_singleshot_timer, 0, &timer) == 0);
	wait_for_event();
	CHECK(model.clock_ns >= timer.timeout_abs_ns);
}

void timer_poll(void)
{
	struct sched_poll poll = {.timeout = model.clock_ns + TIMER_NS / 2};

	/* Any event wakes it, too. */
	while (model.clock_ns < poll.timeout)
		CHECK(xen_op(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll) == 0);
}

/* A record that another vcpu reads is whole, however Xen's writing falls between the reads. */
void runstate_setup(void)
{
	struct vcpu_register_runstate_memory_area area = {.addr.v = &runstate};

	CHECK(vcpu_call(VCPUOP_register_runstate_memory_area, 0, &area) == 0);
	xen_call2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag);
	world_steals = 1;
}

void runstate_write(void)
{
	port_compiler_barrier();
	CHECK(time_read_runstate(&runstate).state == RUNSTATE_running);
}

void runstate_read(void)
{
	struct vcpu_runstate_info run = time_read_runstate(&runstate);
	uint64_t stolen = run.time[RUNSTATE_runnable];
	uint64_t sum = run.time[RUNSTATE_running] + stolen + run.time[RUNSTATE_blocked] +
	               run.time[RUNSTATE_offline];

	CHECK(sum == run.state_entry_time); /* the model's clock began with the domain */
	CHECK(stolen == 0 || stolen >= WORLD_STEAL_NS);
}

/* A vcpu_info moves into the area of its CPU, events masked, while another vcpu sends: what went to
 * the old place before, and what comes to the new one, is all seen when events are on again. */
static maddr_t area_of(unsigned int cpu)
{
	return (maddr_t){world_image_mfn(&xen_cpus[cpu]) * PAGE_BYTES +
	                 (uintptr_t)&xen_cpus[cpu] % PAGE_BYTES};
}

void info_move(void)
{
	port_compiler_barrier();
	CHECK(vcpu_info_place(&xen_cpus[0], area_of(0)));
	CHECK(vcpu_info_place(&xen_cpus[0], area_of(0))); /* Xen is not asked again */
	CHECK(this_cpu()->vcpu_info == &xen_cpus[0].placed_vcpu_info);
	CHECK(!xen_irq_enabled());
	xen_irq_enable();
	xen_irq_disable();
	wait_for_event(); /* looks with events masked */
}

/* A vcpu without a place in the shared page cannot be brought up before it has one of its own. */
void info_needed_setup(void)
{
	model.shared_infos = 1;
	vcpu_up_setup();
}

void info_needed_first(void)
{
	CHECK(vcpu_call(VCPUOP_initialise, 1, &context) == -XEN_EINVAL);
	CHECK(vcpu_info_place(&xen_cpus[1], area_of(1)));
	vcpu_up_first();
}

/* A port that fires again whenever it is handled, and one in a later word that fires once: the
 * storm neither starves it nor loses anything. */
#define STORM_TIMES 6u
#define STORM_WORD  64u

static port_t storm_port, rare_port;
static unsigned int storm_seen, storm_seen_by_rare;
static bool rare_seen;

static void on_storm(void *arg)
{
	(void)arg;
	CHECK(!xen_irq_enabled());
	if (++storm_seen < STORM_TIMES)
		evtchn_send(storm_port);
}

static void on_rare(void *arg)
{
	(void)arg;
	rare_seen = true;
	storm_seen_by_rare = storm_seen;
}

void storm_setup(void)
{
	port_t unused;

	CHECK(evtchn_bind_ipi((vcpu_t){0}, on_storm, NULL, &storm_port) == 0);
	do
		CHECK(evtchn_bind_ipi((vcpu_t){0}, on_event, NULL, &unused) == 0);
	while (unused.v < STORM_WORD);
	CHECK(evtchn_bind_ipi((vcpu_t){0}, on_rare, NULL, &rare_port) == 0);
}

void storm_receive(void)
{
	evtchn_send(rare_port);
	evtchn_send(storm_port);
	xen_irq_enable();
	xen_irq_disable();
	/* One pass over the words may have begun with the storm's. */
	CHECK(rare_seen);
	CHECK(storm_seen_by_rare <= 2);
}

void storm_send(void)
{
	evtchn_send(storm_port);
}

void storm_finish(void)
{
	xen_irq_enable();
	xen_irq_disable();
	CHECK(storm_seen >= STORM_TIMES);
	CHECK(events == 0);
}

/* A store to a live leaf table, which the layer never makes: Xen carries it out and it is counted;
 * the entry is as valid as if it had been asked for. */
static struct pt_space store_space;
static pfn_t store_frame;

void store_setup(void)
{
	scenario_space(&store_space, &store_frame, 3);
	xen_space_activate(&store_space);
	world_stores_emulated = true;
}

void store_run(void)
{
	vaddr_t place = VADDR(SCENARIO_ADDRESS + PAGE_BYTES);
	pfn_t leaf = pt_find_table(store_space.root, SCENARIO_ADDRESS, 1);
	volatile char *entry = (volatile char *)xen_pfn_to_virt(leaf) +
	                       (pt_index(place.v, 1) << PT_FORMAT.entry_shift);
	pte_t value = pte_from_pfn(store_frame, SCENARIO_FLAGS);

	if (PT_FORMAT.entry_shift == 3)
		*(volatile uint64_t *)entry = value.v;
	else
		*(volatile uint32_t *)entry = (uint32_t)value.v;
	CHECK(model.emulated_stores == 1);
	CHECK(pte_pfn(xen_pte_read(&store_space, place)).v == store_frame.v);
	xen_pte_set(&store_space, place, PTE_NONE, XEN_FLUSH_PAGE);
}

/* Stores to the same table as it should be done. */
void store_beside(void)
{
	xen_pte_set(&store_space, VADDR(SCENARIO_ADDRESS + 2 * PAGE_BYTES),
	            pte_from_pfn(store_frame, SCENARIO_FLAGS), XEN_FLUSH_NONE);
}

void store_finish(void)
{
	scenario_space_end(&store_space, store_frame);
}
