/* SPDX-License-Identifier: MIT */
/*
 * Interrupts between vcpus: see ipi.h.
 *
 * A call is a node on the target's stack. Who pushes the first one sends the event; the target
 * takes the whole stack with one exchange, so each node is run once. A target that goes down
 * leaves the online mask first and takes its stack afterwards; a caller pushes first and looks
 * at the mask afterwards. So at least one of the two sees the other, and the stack is taken: by
 * the target, which runs what is there, or by the caller, which drops it.
 */
#include "xen/ipi.h"

#include <stdint.h>

#include <port/cpu.h>
#include <port/memory.h>

#include "xen/evtchn.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/irq_flag.h"
#include "xen/multicall.h"

/* A vcpu that waits for one which Xen does not run gives its time away every so often. */
#define SPINS_BEFORE_YIELD 64u

static void (*reschedule_handler)(void);

/* The calls that waited for a vcpu, oldest first. */
static struct ipi_call *take_calls(struct xen_cpu *cpu)
{
	struct ipi_call *newest = (struct ipi_call *)port_exchange_word(&cpu->ipi.calls, 0);
	struct ipi_call *oldest = NULL;

	while (newest) {
		struct ipi_call *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

/* Run, or drop, what waits for a vcpu. The node is its caller's again with the last store. */
static void answer(struct xen_cpu *cpu, bool run)
{
	struct ipi_call *call = take_calls(cpu);

	while (call) {
		struct ipi_call *next = call->next;

		if (run)
			call->fn(call->arg);
		port_store32(&call->busy, 0);
		call = next;
	}
}

static void call_event(void *arg)
{
	(void)arg;
	this_cpu()->counters.ipi_calls_taken++;
	answer(this_cpu(), true);
}

static void reschedule_event(void *arg)
{
	(void)arg;
	if (reschedule_handler)
		reschedule_handler();
}

void ipi_set_reschedule_handler(void (*handler)(void))
{
	reschedule_handler = handler;
}

int ipi_init_cpu(struct xen_cpu *cpu)
{
	int result = evtchn_bind_ipi(cpu->id, reschedule_event, NULL, &cpu->ipi.reschedule_port);

	if (result != 0)
		return result;
	result = evtchn_bind_ipi(cpu->id, call_event, NULL, &cpu->ipi.call_port);
	if (result != 0)
		evtchn_close(cpu->ipi.reschedule_port);
	return result;
}

void ipi_stop_cpu(void)
{
	struct xen_cpu *cpu = this_cpu();

	answer(cpu, true);
	evtchn_close(cpu->ipi.reschedule_port);
	evtchn_close(cpu->ipi.call_port);
}

static bool online(const struct xen_cpu *cpu)
{
	return port_load_word(&xen_online_mask) & xen_cpu_bit(cpu);
}

void ipi_reschedule(vcpu_t vcpu)
{
	struct xen_cpu *target = &xen_cpus[vcpu.v];

	if (!online(target))
		return;
	this_cpu()->counters.ipi_reschedule++;
	evtchn_notify(target->ipi.reschedule_port);
}

static void await(const struct ipi_call *call)
{
	struct xen_cpu *cpu = this_cpu();

	for (unsigned int spins = 1; port_load32(&call->busy); spins++) {
		/* The one waited for may be waiting for this one, with events masked. */
		bool enabled = xen_irq_save();

		answer(cpu, true);
		xen_irq_restore(enabled);
		if (spins % SPINS_BEFORE_YIELD == 0)
			xen_yield();
		else
			port_spin_pause("waits for an answer");
	}
}

static void send_call(struct xen_cpu *target, ipi_fn *fn, void *arg)
{
	struct xen_cpu *cpu = this_cpu();
	struct ipi_call *call = &cpu->ipi.outgoing[target->id.v];
	unsigned long top;

	await(call); /* one of before that nobody waited for */
	call->fn = fn;
	call->arg = arg;
	port_store32(&call->busy, 1);
	do {
		top = port_load_word(&target->ipi.calls);
		call->next = (struct ipi_call *)top;
	} while (!port_replace_word(&target->ipi.calls, top, (unsigned long)call));
	if (!online(target)) {
		answer(target, false);
		return;
	}
	cpu->counters.ipi_calls++;
	if (!top)
		evtchn_notify(target->ipi.call_port);
}

void ipi_call_mask(unsigned long vcpus, ipi_fn *fn, void *arg, bool wait)
{
	struct xen_cpu *cpu = this_cpu();

	vcpus &= port_load_word(&xen_online_mask) & ~xen_cpu_bit(cpu);
	if (!vcpus)
		return;
	if (!mc_idle())
		host_panic("ipi: a call to other vcpus while a batch is open");
	for (unsigned long left = vcpus; left; left &= left - 1)
		send_call(&xen_cpus[__builtin_ctzl(left)], fn, arg);
	for (unsigned long left = vcpus; wait && left; left &= left - 1)
		await(&cpu->ipi.outgoing[__builtin_ctzl(left)]);
}

void ipi_call_one(vcpu_t vcpu, ipi_fn *fn, void *arg, bool wait)
{
	if (vcpu.v != this_cpu()->id.v) {
		ipi_call_mask(1ul << vcpu.v, fn, arg, wait);
		return;
	}
	bool enabled = xen_irq_save();

	fn(arg);
	xen_irq_restore(enabled);
}
