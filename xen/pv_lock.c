/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a spin lock and waking who waits: see pv_lock.h.
 *
 * No wake-up is lost. The waiter writes down what it waits for, then looks at the lock; the one who
 * unlocks changes the lock, then looks who waits. Both steps in between are full barriers, so one
 * of the two sees the other. A kick that comes between the look and the poll has made the port
 * pending, and a poll of a pending port returns at once.
 *
 * Nested: a handler that runs while its vcpu waits may wait for another lock, with the same port.
 * It puts the outer wait's words back and leaves the port pending, as it may have used up a kick
 * that was meant for the outer wait, which therefore looks again. Words change with events
 * masked, so that a handler finds a wait's words whole or not there.
 *
 * A reader may see the lock of one wait and the ticket of another: that is a kick for nothing and
 * not a lost one, as it goes through all who wait.
 */
#include "xen/pv_lock.h"

#include <port/cpu.h>
#include <port/memory.h>

#include <xen/event_channel.h>
#include <xen/sched.h>

#include "xen/config.h"
#include "xen/evtchn.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/percpu.h"

/* A bit for each vcpu that sleeps or is about to: who unlocks looks at no other. */
static unsigned long sleeping;
_Static_assert(XEN_CPU_COUNT_MAX <= sizeof(sleeping) * 8, "one word has a bit for each vcpu");

static unsigned long sleeping_bit(vcpu_t vcpu)
{
	return 1ul << vcpu.v;
}

int pv_lock_init_cpu(vcpu_t vcpu)
{
	struct evtchn_bind_ipi op = {.vcpu = vcpu.v};

	if (xen_cpus[vcpu.v].lock_wait.port.v != 0)
		return 0;
	/* A port is masked from the start, and this one stays so: it is polled. */
	long result = xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &op);

	if (result == 0)
		xen_cpus[vcpu.v].lock_wait.port = (port_t){op.port};
	return (int)result;
}

/* Sleep until the port is pending or an event is due. */
static void poll(port_t port)
{
	evtchn_port_t number = port.v;
	struct sched_poll op = {.nr_ports = 1};

	set_xen_guest_handle(op.ports, &number);
	if (xen_op(__HYPERVISOR_sched_op, SCHEDOP_poll, &op) != 0)
		host_panic("pv_lock: Xen refused to poll");
}

static void write_down(struct lock_wait *me, unsigned long lock, uint32_t ticket)
{
	/* Never the lock with a ticket of another one. */
	port_exchange_word(&me->lock, 0);
	port_store32(&me->ticket, ticket);
	port_exchange_word(&me->lock, lock);
}

static void sleep_until_served(struct lock_wait *me, const struct spinlock *lock, uint16_t ticket)
{
	vcpu_t id = this_cpu()->id;
	bool enabled = xen_irq_save();
	unsigned long outer_lock = me->lock;
	uint32_t outer_ticket = me->ticket;

	write_down(me, (unsigned long)lock, ticket);
	port_or_word(&sleeping, sleeping_bit(id));
	xen_irq_restore(enabled);
	for (;;) {
		/* In this order: a kick after the look makes the poll return. */
		evtchn_clear_pending(me->port);
		if (port_ticket_served(lock, ticket))
			break;
		poll(me->port);
	}
	enabled = xen_irq_save();
	write_down(me, outer_lock, outer_ticket);
	if (outer_lock == 0)
		port_and_word(&sleeping, ~sleeping_bit(id));
	else
		evtchn_set_pending(me->port);
	xen_irq_restore(enabled);
}

void pv_lock_wait(const struct spinlock *lock, uint16_t ticket)
{
	struct xen_cpu *cpu = this_cpu();

	for (unsigned int left = PORT_SPIN_COUNT; left > 0; left--) {
		if (port_ticket_served(lock, ticket))
			return;
		port_relax();
	}
	cpu->counters.lock_sleeps++;
	if (cpu->lock_wait.port.v != 0) {
		sleep_until_served(&cpu->lock_wait, lock, ticket);
		return;
	}
	while (!port_ticket_served(lock, ticket)) {
		xen_yield();
		port_spin_wait(lock, ticket);
	}
}

void pv_lock_kick(const struct spinlock *lock, uint16_t ticket)
{
	for (unsigned long left = port_load_word(&sleeping); left != 0; left &= left - 1) {
		const struct lock_wait *other = &xen_cpus[__builtin_ctzl(left)].lock_wait;

		if (port_load_word(&other->lock) != (unsigned long)lock ||
		    port_load32(&other->ticket) != ticket)
			continue;
		this_cpu()->counters.lock_kicks++;
		evtchn_send(other->port);
	}
}
