/* SPDX-License-Identifier: MIT */
/*
 * The layer's port and the explorer: what the layer asks of a processor, and the model of its
 * world, each a place where another vcpu may go on.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <port/cpu.h>
#include <port/hypercall.h>
#include <port/memory.h>
#include <port/percpu.h>
#include <port/spinlock.h>

#include <xen/memory.h>
#include <xen/sched.h>

#include "tests/model/tell.h"
#include "tests/model/world.h"
#include "xen/evtchn.h"
#include "xen/multicall.h"

/* What the model asks of the world. */

unsigned int world_this_vcpu(void)
{
	return explore_running() ? explore_vcpu() : ((struct xen_cpu *)port_current_cpu)->id.v;
}

void world_step(const char *what)
{
	explore_point(what);
	if (explore_running())
		model_vcpu_stay_down();
}

void world_inside(const char *what)
{
	if (world_inside_seen)
		world_step(what);
}

void world_spin(const char *what)
{
	world_wait(what);
}

void world_upcall(void)
{
	explore_note("upcall");
	evtchn_upcall();
}

void world_sleep(const char *what, bool may_stay)
{
	explore_sleep(what, may_stay);
}

void world_wake(unsigned int vcpu)
{
	explore_wake(vcpu);
}

void world_violation(const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	explore_fail("%s", text);
}

/* What the layer's port asks. */

/* Nothing may be left over when a vcpu goes to sleep for whatever comes. */
static void check_sleep(void)
{
	if (!explore_running())
		return;
	if (explore_locks_held() > 0)
		explore_fail("vcpu %u sleeps with a lock held", explore_vcpu());
	if (!mc_idle())
		explore_fail("vcpu %u sleeps with a batch open", explore_vcpu());
}

long port_hypercall(unsigned long number, unsigned long arg0, unsigned long arg1,
                    unsigned long arg2, unsigned long arg3, unsigned long arg4)
{
	const unsigned long args[5] = {arg0, arg1, arg2, arg3, arg4};

	if (number == __HYPERVISOR_memory_op && arg0 == XENMEM_machphys_mapping) {
		struct xen_machphys_mapping *mapping = (void *)arg1;

		mapping->v_start = (xen_ulong_t)model.m2p;
		mapping->max_mfn = MODEL_FRAMES - 1;
		return 0;
	}
	/* An event may come at the last instruction before it, too. */
	port_schedule_point("hypercall");
	if (number == __HYPERVISOR_sched_op && arg0 == SCHEDOP_block)
		check_sleep();
	tell_hypercall(number, args);
	if (world_vcpus_fail && number == __HYPERVISOR_vcpu_op &&
	    (arg0 == VCPUOP_initialise || arg0 == VCPUOP_up) &&
	    explore_fault("no memory for a vcpu"))
		return -ENOMEM;
	return model_hypercall(number, args);
}

void world_wait(const char *what)
{
	explore_wait(what);
	if (model.vcpus[explore_vcpu()].kicked)
		model_deliver_if_due(false);
}

void port_schedule_point(const char *what)
{
	if (!explore_running())
		return;
	tell_spaces();
	if (strcmp(what, "relax") == 0)
		world_wait("looks again"); /* it spins until another vcpu has gone on */
	else
		explore_point(what);
	model_vcpu_stay_down();
	if (world_clock_jumps && model_timer_next() != MODEL_NEVER && choose(2, "the clock jumps"))
		model_clock_jump_to_timer();
	if (world_steals > 0 && choose(2, "Xen takes the processor away")) {
		world_steals--;
		model_steal(WORLD_STEAL_NS);
	}
	/* An event that was sent reaches this vcpu at some later instruction. */
	if (model.vcpus[explore_vcpu()].kicked && choose(2, "the event comes later") == 0)
		model_deliver_if_due(false);
}

void port_spin_wait(const struct spinlock *lock, uint16_t ticket)
{
	while ((uint16_t)lock->word != ticket)
		explore_lock_wait(lock);
}

void port_lock_wanted(const void *lock)
{
	explore_lock_wanted(lock);
}

void port_lock_taken(const void *lock)
{
	explore_lock_taken(lock);
}

void port_lock_dropped(const void *lock)
{
	explore_lock_dropped(lock);
}

void port_spin_pause(const char *why)
{
	world_wait(why);
}

bool port_read_safe(const void *address, unsigned long *value)
{
	memcpy(value, address, sizeof(*value));
	return true;
}

uint64_t port_tsc(void)
{
	return model_clock_read();
}

struct port_cpuid port_cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)leaf, (void)subleaf;
	return (struct port_cpuid){0};
}
