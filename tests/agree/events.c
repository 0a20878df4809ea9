/* SPDX-License-Identifier: MIT */
/*
 * Event channels: bound, paired, sent to, masked, closed; and what Xen then says of them in the
 * memory that it shares with the guest. Ports are named by the place where the sequence keeps them,
 * as some of the numbers are in use.
 */
#include "tests/agree/sequence.h"

#include <xen/event_channel.h>
#include <xen/sched.h>

#define PLACES    6u
#define WORD_BITS 64u

static const struct agree_world *world;
/* 0 at first, then the last port that was bound there, open or closed. */
static evtchn_port_t ports[PLACES];
static bool open[PLACES];

static long event_op(unsigned int command, void *arg)
{
	return world->call(__HYPERVISOR_event_channel_op, command, (unsigned long)arg, 0, 0);
}

/* Bits that the guest may change as well as Xen. */

static bool is_set(const xen_ulong_t *words, evtchn_port_t port)
{
	return words[port / WORD_BITS] >> (port % WORD_BITS) & 1;
}

static void set(xen_ulong_t *words, evtchn_port_t port, bool value)
{
	xen_ulong_t bit = 1ul << (port % WORD_BITS);

	if (value)
		__atomic_fetch_or(&words[port / WORD_BITS], bit, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(&words[port / WORD_BITS], ~bit, __ATOMIC_SEQ_CST);
}

static struct vcpu_info *info_of(unsigned int vcpu)
{
	return vcpu == 0 ? world->vcpu_info : &world->shared->vcpu_info[vcpu];
}

/* A vcpu, most often one that exists. */
static unsigned int some_vcpu(void)
{
	return pick(12) == 0 ? AGREE_VCPUS + pick(3) : pick(AGREE_VCPUS);
}

/* A port of the sequence's own, or now and then none that is. */
static evtchn_port_t some_port(unsigned int place)
{
	static const evtchn_port_t bad[] = {0, 63, 64, 120, 127, 128, 255, 256, 4095, 4096, ~0u};
	unsigned int kind = pick(12 * 11);

	if (kind < 11)
		add("!%u", bad[kind]);
	return kind < 11 ? bad[kind] : ports[place];
}

static long kept(unsigned int place, long result, evtchn_port_t port)
{
	if (result == 0) {
		ports[place] = port;
		open[place] = true;
	}
	return result;
}

static void shut(unsigned int place)
{
	struct evtchn_close op = {.port = ports[place]};

	if (open[place])
		event_op(EVTCHNOP_close, &op);
	open[place] = false;
}

static long bind_some(unsigned int place)
{
	static const uint32_t virqs[] = {VIRQ_TIMER, VIRQ_DEBUG, VIRQ_XENOPROF, 24, ~0u};
	struct evtchn_bind_ipi ipi = {.vcpu = some_vcpu()};
	struct evtchn_bind_virq virq = {.virq = virqs[pick(5)], .vcpu = some_vcpu()};
	struct evtchn_alloc_unbound unbound = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	struct evtchn_bind_interdomain pair = {.remote_dom = DOMID_SELF};
	long result;

	shut(place);
	switch (pick(4)) {
	case 0:
		add(" ipi%u=", ipi.vcpu);
		result = event_op(EVTCHNOP_bind_ipi, &ipi);
		return kept(place, result, ipi.port);
	case 1:
		add(" virq%u.%u=", virq.virq, virq.vcpu);
		result = event_op(EVTCHNOP_bind_virq, &virq);
		return kept(place, result, virq.port);
	case 2:
		add(" unbound=");
		result = event_op(EVTCHNOP_alloc_unbound, &unbound);
		return kept(place, result, unbound.port);
	default:
		pair.remote_port = some_port(pick(PLACES));
		add(" pair=");
		result = event_op(EVTCHNOP_bind_interdomain, &pair);
		return kept(place, result, pair.local_port);
	}
}

static long poll(unsigned int place)
{
	struct sched_poll op = {.nr_ports = 1 + pick(2), .timeout = 1}; /* long past */
	evtchn_port_t polled[2] = {some_port(place), some_port(pick(PLACES))};

	if (pick(8) == 0)
		op.nr_ports = 129;
	add(" poll%u=", op.nr_ports);
	set_xen_guest_handle(op.ports, polled);
	return world->call(__HYPERVISOR_sched_op, SCHEDOP_poll, (unsigned long)&op, 0, 0);
}

static long call_on(unsigned int place)
{
	struct evtchn_bind_vcpu op = {.port = some_port(place)};

	switch (pick(8)) {
	case 0:
	case 1:
	case 2:
		add(" send%u=", place);
		return event_op(EVTCHNOP_send, &(struct evtchn_send){.port = op.port});
	case 3:
	case 4:
		add(" unmask%u=", place);
		return event_op(EVTCHNOP_unmask, &(struct evtchn_unmask){.port = op.port});
	case 5:
		op.vcpu = some_vcpu();
		add(" to%u.%u=", place, op.vcpu);
		return event_op(EVTCHNOP_bind_vcpu, &op);
	case 6:
		return poll(place);
	default:
		for (unsigned int i = 0; i < PLACES; i++)
			open[i] = open[i] && ports[i] != op.port;
		add(" close%u=", place);
		return event_op(EVTCHNOP_close, &(struct evtchn_close){.port = op.port});
	}
}

/* What a guest does without a call. */
static void guest_does(unsigned int place)
{
	struct vcpu_info *info = info_of(pick(AGREE_VCPUS));

	switch (pick(4)) {
	case 0:
		set(world->shared->evtchn_mask, ports[place], ports[place] != 0 && pick(2));
		break;
	case 1:
		if (ports[place] != 0)
			set(world->shared->evtchn_pending, ports[place], false);
		break;
	case 2:
		info->evtchn_upcall_pending = 0;
		break;
	default:
		__atomic_store_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
		break;
	}
}

/* Of each place: what the port is, whom it notifies, pending, masked. Of each vcpu: its flag, and
 * whether its selector has a bit. */
static void add_state(void)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		struct evtchn_status op = {.dom = DOMID_SELF, .port = ports[i]};
		long result = event_op(EVTCHNOP_status, &op);

		add(" %ld.%u.%u.%u%u", -result, op.status, op.status ? op.vcpu : 0,
		    is_set(world->shared->evtchn_pending, ports[i]),
		    is_set(world->shared->evtchn_mask, ports[i]));
	}
	for (unsigned int i = 0; i < AGREE_VCPUS; i++)
		add(" %u%u", info_of(i)->evtchn_upcall_pending,
		    info_of(i)->evtchn_pending_sel != 0);
}

bool agree_events(const struct agree_world *the_world)
{
	world = the_world;
	for (unsigned int i = 0; i < PLACES; i++)
		ports[i] = 0;
	for (unsigned int i = 0; i < AGREE_VCPUS; i++) {
		info_of(i)->evtchn_upcall_pending = 0;
		info_of(i)->evtchn_pending_sel = 0;
	}
	for (unsigned int i = 0; i < AGREE_CALLS; i++) {
		unsigned int place = pick(PLACES);

		if (pick(3) == 0)
			guest_does(place);
		if (pick(3) == 0)
			add_result(bind_some(place));
		else
			add_result(call_on(place));
		if (i % 8 == 7)
			add_state();
	}
	for (unsigned int i = 0; i < PLACES; i++) {
		shut(i);
		if (ports[i] != 0)
			set(world->shared->evtchn_mask, ports[i], true);
	}
	return true;
}
