/* SPDX-License-Identifier: MIT */
/*
 * Event channels: see evtchn.h.
 *
 * The scan loses nothing: the upcall flag is cleared before the selector is taken, the selector
 * before the words are read, and a pending bit before its handler runs. It is fair: it starts
 * behind the word where it last stopped, so a port that keeps firing cannot starve others. It does
 * not nest: events stay masked until the flag is seen clear.
 */
#include "xen/evtchn.h"

#include <stdint.h>

#include <port/memory.h>

#include <xen/event_channel.h>

#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/percpu.h"

static struct shared_info *shared;

/* Ports beyond these stay masked. */
static struct {
	evtchn_handler *fn;
	void *arg;
} handlers[XEN_PORT_COUNT_MAX];

static volatile unsigned long *word_of(xen_ulong_t *words, port_t port)
{
	return (volatile unsigned long *)&words[port.v / XEN_WORD_BITS];
}

static unsigned long bit_of(port_t port)
{
	return 1ul << (port.v % XEN_WORD_BITS);
}

void evtchn_init(struct shared_info *info)
{
	shared = info;
	for (unsigned int i = 0; i < XEN_WORD_BITS; i++)
		port_or_word((volatile unsigned long *)&shared->evtchn_mask[i], ~0ul);
}

void evtchn_mask(port_t port)
{
	port_or_word(word_of(shared->evtchn_mask, port), bit_of(port));
}

void evtchn_unmask(port_t port)
{
	struct evtchn_unmask op = {.port = port.v};

	/* A pending event of a port that is masked has not set this vcpu's flags. Xen's call
	 * does all of it in one step, and is needed only then. */
	port_and_word(word_of(shared->evtchn_mask, port), ~bit_of(port));
	if (port_load_word(word_of(shared->evtchn_pending, port)) & bit_of(port)) {
		evtchn_mask(port);
		xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_unmask, &op);
	}
}

void evtchn_set_pending(port_t port)
{
	port_or_word(word_of(shared->evtchn_pending, port), bit_of(port));
}

void evtchn_clear_pending(port_t port)
{
	port_and_word(word_of(shared->evtchn_pending, port), ~bit_of(port));
}

static void open_port(vcpu_t vcpu, port_t port, evtchn_handler *handler, void *arg)
{
	if (port.v >= XEN_PORT_COUNT_MAX)
		host_panic("evtchn: port number beyond the table of handlers");
	handlers[port.v].arg = arg;
	handlers[port.v].fn = handler;
	port_or_word(&xen_cpus[vcpu.v].event_ports[port.v / XEN_WORD_BITS], bit_of(port));
	evtchn_unmask(port);
}

void evtchn_adopt(port_t port, evtchn_handler *handler, void *arg)
{
	open_port((vcpu_t){0}, port, handler, arg);
}

static int bound(long result, vcpu_t vcpu, uint32_t number, evtchn_handler *handler, void *arg,
                 port_t *port)
{
	if (result != 0)
		return (int)result;
	*port = (port_t){number};
	open_port(vcpu, *port, handler, arg);
	return 0;
}

int evtchn_bind_virq(uint32_t virq, vcpu_t vcpu, evtchn_handler *handler, void *arg, port_t *port)
{
	struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu.v};
	long result = xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, &op);

	return bound(result, vcpu, op.port, handler, arg, port);
}

int evtchn_bind_pirq(uint32_t pirq, evtchn_handler *handler, void *arg, port_t *port)
{
	struct evtchn_bind_pirq op = {.pirq = pirq, .flags = 0};
	long result = xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, &op);

	return bound(result, (vcpu_t){0}, op.port, handler, arg, port);
}

int evtchn_bind_ipi(vcpu_t vcpu, evtchn_handler *handler, void *arg, port_t *port)
{
	struct evtchn_bind_ipi op = {.vcpu = vcpu.v};
	long result = xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &op);

	return bound(result, vcpu, op.port, handler, arg, port);
}

int evtchn_close(port_t port)
{
	struct evtchn_close op = {.port = port.v};

	evtchn_mask(port);
	if (port.v < XEN_PORT_COUNT_MAX) {
		handlers[port.v].fn = NULL;
		for (unsigned int i = 0; i < XEN_CPU_COUNT_MAX; i++)
			port_and_word(&xen_cpus[i].event_ports[port.v / XEN_WORD_BITS],
			              ~bit_of(port));
	}
	return (int)xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &op);
}

static long ask_to_send(port_t port)
{
	struct evtchn_send op = {.port = port.v};

	return xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &op);
}

void evtchn_send(port_t port)
{
	if (ask_to_send(port) != 0)
		host_panic("evtchn: send on a port that is not bound");
}

void evtchn_notify(port_t port)
{
	ask_to_send(port);
}

static void handle(struct xen_cpu *cpu, port_t port)
{
	port_and_word(word_of(shared->evtchn_pending, port), ~bit_of(port));
	if (handlers[port.v].fn) {
		cpu->counters.events++;
		handlers[port.v].fn(handlers[port.v].arg);
	}
}

/* One pass over the words that the selector names, from the CPU's next word on, around. Another
 * vcpu's events may be pending in the same words: they are left to it. */
static void scan(struct xen_cpu *cpu, unsigned long selector)
{
	const unsigned int words = XEN_PORT_COUNT_MAX / XEN_WORD_BITS;

	for (unsigned int n = 0; n < words; n++) {
		unsigned int word = (cpu->event_next_word + n) % words;

		if (!(selector & (1ul << word)))
			continue;
		/* A snapshot: what fires again meanwhile sets the selector again. */
		unsigned long pending =
		    port_load_word((volatile unsigned long *)&shared->evtchn_pending[word]) &
		    ~port_load_word((volatile unsigned long *)&shared->evtchn_mask[word]) &
		    cpu->event_ports[word];

		while (pending) {
			unsigned int bit = (unsigned int)__builtin_ctzl(pending);

			pending &= pending - 1;
			handle(cpu, (port_t){(uint32_t)(word * XEN_WORD_BITS + bit)});
		}
	}
	cpu->event_next_word = (cpu->event_next_word + 1) % words;
}

void evtchn_upcall(void)
{
	struct xen_cpu *cpu = this_cpu();
	struct vcpu_info *info = cpu->vcpu_info;

	cpu->counters.upcalls++;
	while (port_load8(&info->evtchn_upcall_pending)) {
		port_store8(&info->evtchn_upcall_pending, 0);
		/* The exchange is a full barrier: Xen sets the bit, the selector, then the flag. */
		unsigned long selector =
		    port_exchange_word((volatile unsigned long *)&info->evtchn_pending_sel, 0);

		scan(cpu, selector);
	}
}
