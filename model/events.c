/* SPDX-License-Identifier: MIT */
/*
 * Event channels of one domain, 2-level: ports, the bits that Xen and the guest share, and the
 * upcall.
 *
 * Invariant: a port that becomes pending while it is not masked sets its word's bit in the selector
 * of its vcpu and then, if that bit was clear, the vcpu's pending flag; whoever was woken or
 * interrupted by that is named to the world once. Channels between two ports of the same domain
 * exist (a port that waits for a partner, and its partner); those to other domains do not.
 */
#include "model/internal.h"

#include <errno.h>

#include <xen/event_channel.h>

#define WORD_BITS    64u
#define PORTS_IN_ALL 4096u /* numbers that a domain may name with 2-level channels */

static volatile xen_ulong_t *word_of(xen_ulong_t *words, unsigned int port)
{
	return &words[port / WORD_BITS];
}

static xen_ulong_t bit_of(unsigned int port)
{
	return 1ul << (port % WORD_BITS);
}

static bool is_set(xen_ulong_t *words, unsigned int port)
{
	return *word_of(words, port) & bit_of(port);
}

/* What a call does may be seen half-way; an event of a timer's comes at once. */
static void may_be_seen(bool by_call)
{
	if (by_call)
		model_half_way("tells of an event");
}

static void mark_pending(unsigned int port, unsigned int number, bool by_call)
{
	struct model_vcpu *vcpu = &model.vcpus[number];

	if (vcpu->info->evtchn_pending_sel & bit_of(port / WORD_BITS))
		return;
	vcpu->info->evtchn_pending_sel |= bit_of(port / WORD_BITS);
	may_be_seen(by_call);
	model_vcpu_kick(number);
}

void model_vcpu_kick(unsigned int number)
{
	struct model_vcpu *vcpu = &model.vcpus[number];

	if (vcpu->info->evtchn_upcall_pending)
		return;
	vcpu->info->evtchn_upcall_pending = 1;
	vcpu->kicked = true;
	model_wake(number);
}

/* Who polls is woken by its port even if it is masked. */
static void wake_pollers(unsigned int port)
{
	for (unsigned int i = 0; i < model.vcpu_count; i++) {
		struct model_vcpu *vcpu = &model.vcpus[i];

		if (vcpu->polls != MODEL_POLLS_ANY && vcpu->polls != port)
			continue;
		vcpu->polls = MODEL_POLLS_NOTHING;
		model_wake(i);
	}
}

static void set_pending(unsigned int port, bool by_call)
{
	unsigned int number = model.ports[port].vcpu;

	may_be_seen(by_call);
	if (is_set(model.shared->evtchn_pending, port))
		return;
	*word_of(model.shared->evtchn_pending, port) |= bit_of(port);
	may_be_seen(by_call);
	if (!is_set(model.shared->evtchn_mask, port))
		mark_pending(port, number, by_call);
	may_be_seen(by_call);
	wake_pollers(port);
}

void model_send(unsigned int port)
{
	set_pending(port, false);
}

void model_send_virq(unsigned int vcpu, unsigned int virq)
{
	for (unsigned int port = 1; port < MODEL_PORTS; port++)
		if (model.ports[port].state == MODEL_PORT_VIRQ && model.ports[port].virq == virq &&
		    model.ports[port].vcpu == vcpu)
			model_send(port);
}

bool model_port_is_bound(unsigned int port)
{
	return port > 0 && port < MODEL_PORTS && model.ports[port].state != MODEL_PORT_FREE;
}

bool model_port_is_pending(unsigned int port)
{
	return is_set(model.shared->evtchn_pending, port);
}

void model_deliver_if_due(bool entering_from_xen)
{
	struct model_vcpu *vcpu = &model.vcpus[world_this_vcpu()];

	if (!entering_from_xen && !vcpu->kicked)
		return;
	vcpu->kicked = false; /* Xen has looked */
	while (vcpu->info->evtchn_upcall_pending && !vcpu->info->evtchn_upcall_mask) {
		vcpu->info->evtchn_upcall_mask = 1;
		world_upcall();
		/* The return to the interrupted code goes through Xen, or looks for itself: what
		 * came meanwhile is taken. */
		vcpu->info->evtchn_upcall_mask = 0;
	}
}

/* Calls. */

static long allocate(uint8_t state, unsigned int vcpu, evtchn_port_t *port)
{
	for (unsigned int i = 1; i < MODEL_PORTS; i++) {
		if (model.ports[i].state != MODEL_PORT_FREE)
			continue;
		model.ports[i] = (struct model_port){.state = state, .vcpu = (uint8_t)vcpu};
		if (i >= model.ports_known)
			model.ports_known += WORD_BITS; /* Xen makes room for so many at a time */
		*port = i;
		return 0;
	}
	return -ENOSPC;
}

static long bind_virq(struct evtchn_bind_virq *op)
{
	if (op->virq >= NR_VIRQS)
		return -EINVAL;
	if (op->vcpu >= model.vcpu_count)
		return -ENOENT;
	for (unsigned int i = 1; i < MODEL_PORTS; i++)
		if (model.ports[i].state == MODEL_PORT_VIRQ && model.ports[i].vcpu == op->vcpu &&
		    model.ports[i].virq == op->virq)
			return -EEXIST;
	long result = allocate(MODEL_PORT_VIRQ, op->vcpu, &op->port);

	if (result == 0)
		model.ports[op->port].virq = (uint8_t)op->virq;
	return result;
}

static long bind_ipi(struct evtchn_bind_ipi *op)
{
	return op->vcpu < model.vcpu_count ? allocate(MODEL_PORT_IPI, op->vcpu, &op->port)
	                                   : -ENOENT;
}

static long bind_vcpu(const struct evtchn_bind_vcpu *op)
{
	if (op->vcpu >= model.vcpu_count)
		return -ENOENT;
	if (!model_port_is_bound(op->port))
		return -EINVAL;
	struct model_port *port = &model.ports[op->port];

	if (port->state != MODEL_PORT_UNBOUND && port->state != MODEL_PORT_PAIRED)
		return -EINVAL; /* an IPI or a vcpu's own interrupt stays with its vcpu */
	port->vcpu = (uint8_t)op->vcpu;
	return 0;
}

static bool in_use(unsigned int number)
{
	const struct model_port *port = &model.ports[number];

	return port->in_use > 0 ||
	       (port->state == MODEL_PORT_PAIRED && model.ports[port->partner].in_use > 0);
}

/* Who changes what a port is waits for those that use it, and its partner. */
static void wait_for_users(unsigned int port)
{
	while (model_port_is_bound(port) && in_use(port))
		world_spin("waits for a port");
}

static void send_from(unsigned int port, unsigned int to)
{
	model.ports[port].in_use++;
	set_pending(to, true);
	model.ports[port].in_use--;
}

static long send(const struct evtchn_send *op)
{
	if (!model_port_is_bound(op->port))
		return -EINVAL;
	switch (model.ports[op->port].state) {
	case MODEL_PORT_IPI:
		send_from(op->port, op->port);
		return 0;
	case MODEL_PORT_PAIRED:
		send_from(op->port, model.ports[op->port].partner);
		return 0;
	case MODEL_PORT_UNBOUND:
		return 0; /* nobody is there yet */
	default:
		return -EINVAL;
	}
}

static long unmask(const struct evtchn_unmask *op)
{
	if (op->port >= model.ports_known)
		return -EINVAL;
	/* Nothing happens to one that is free, and that is no error. */
	if (!model_port_is_bound(op->port) || !is_set(model.shared->evtchn_mask, op->port))
		return 0;
	model.ports[op->port].in_use++;
	*word_of(model.shared->evtchn_mask, op->port) &= ~bit_of(op->port);
	model_half_way("has unmasked a port");
	if (is_set(model.shared->evtchn_pending, op->port))
		mark_pending(op->port, model.ports[op->port].vcpu, true);
	model.ports[op->port].in_use--;
	return 0;
}

static long close_port(const struct evtchn_close *op)
{
	wait_for_users(op->port);
	if (!model_port_is_bound(op->port))
		return -EINVAL;
	struct model_port *port = &model.ports[op->port];

	if (port->state == MODEL_PORT_PAIRED)
		model.ports[port->partner].state = MODEL_PORT_UNBOUND;
	*port = (struct model_port){.state = MODEL_PORT_FREE};
	*word_of(model.shared->evtchn_pending, op->port) &= ~bit_of(op->port);
	return 0;
}

static long bind_interdomain(struct evtchn_bind_interdomain *op)
{
	unsigned int partner = op->remote_port;

	if (op->remote_dom != DOMID_SELF)
		return -ESRCH;
	wait_for_users(partner);
	if (!model_port_is_bound(partner) || model.ports[partner].state != MODEL_PORT_UNBOUND)
		return -EINVAL;
	long result = allocate(MODEL_PORT_PAIRED, 0, &op->local_port);

	if (result != 0)
		return result;
	model.ports[op->local_port].partner = (uint8_t)partner;
	model.ports[partner].state = MODEL_PORT_PAIRED;
	model.ports[partner].partner = (uint8_t)op->local_port;
	/* The partner may have sent before: this side looks once. */
	model_send(op->local_port);
	return 0;
}

static long status(struct evtchn_status *op)
{
	static const uint8_t names[] = {[MODEL_PORT_FREE] = EVTCHNSTAT_closed,
	                                [MODEL_PORT_UNBOUND] = EVTCHNSTAT_unbound,
	                                [MODEL_PORT_IPI] = EVTCHNSTAT_ipi,
	                                [MODEL_PORT_VIRQ] = EVTCHNSTAT_virq,
	                                [MODEL_PORT_PAIRED] = EVTCHNSTAT_interdomain};

	if (op->port >= PORTS_IN_ALL)
		return -EINVAL;
	const struct model_port *port = &model.ports[op->port % MODEL_PORTS];

	op->status = names[port->state];
	op->vcpu = port->vcpu;
	return 0;
}

long model_event_op(unsigned int command, void *arg)
{
	if (!arg)
		return -EFAULT;
	switch (command) {
	case EVTCHNOP_alloc_unbound:
		return allocate(MODEL_PORT_UNBOUND, 0, &((struct evtchn_alloc_unbound *)arg)->port);
	case EVTCHNOP_bind_interdomain:
		return bind_interdomain(arg);
	case EVTCHNOP_bind_ipi:
		return bind_ipi(arg);
	case EVTCHNOP_bind_virq:
		return bind_virq(arg);
	case EVTCHNOP_bind_vcpu:
		return bind_vcpu(arg);
	case EVTCHNOP_send:
		return send(arg);
	case EVTCHNOP_unmask:
		return unmask(arg);
	case EVTCHNOP_close:
		return close_port(arg);
	case EVTCHNOP_status:
		return status(arg);
	default:
		return -ENOSYS;
	}
}
