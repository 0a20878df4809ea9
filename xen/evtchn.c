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

#define WORD_BITS  (sizeof(unsigned long) * 8)
#define PORT_COUNT (WORD_BITS * WORD_BITS)
/* Handlers are few; ports beyond this stay masked. */
#define HANDLER_COUNT 256u

static struct shared_info *shared;

static struct {
	evtchn_handler *fn;
	void *arg;
} handlers[HANDLER_COUNT];

static volatile unsigned long *word_of(xen_ulong_t *words, port_t port)
{
	return (volatile unsigned long *)&words[port.v / WORD_BITS];
}

static unsigned long bit_of(port_t port)
{
	return 1ul << (port.v % WORD_BITS);
}

void evtchn_init(struct shared_info *info)
{
	shared = info;
	for (unsigned int i = 0; i < WORD_BITS; i++)
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

void evtchn_adopt(port_t port, evtchn_handler *handler, void *arg)
{
	if (port.v >= HANDLER_COUNT)
		host_panic("evtchn: port number beyond the table of handlers");
	handlers[port.v].arg = arg;
	handlers[port.v].fn = handler;
	evtchn_unmask(port);
}

static int bound(long result, uint32_t number, evtchn_handler *handler, void *arg, port_t *port)
{
	if (result != 0)
		return (int)result;
	*port = (port_t){number};
	evtchn_adopt(*port, handler, arg);
	return 0;
}

int evtchn_bind_virq(uint32_t virq, vcpu_t vcpu, evtchn_handler *handler, void *arg, port_t *port)
{
	struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu.v};
	long result = xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, &op);

	return bound(result, op.port, handler, arg, port);
}

int evtchn_bind_pirq(uint32_t pirq, evtchn_handler *handler, void *arg, port_t *port)
{
	struct evtchn_bind_pirq op = {.pirq = pirq, .flags = 0};
	long result = xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, &op);

	return bound(result, op.port, handler, arg, port);
}

int evtchn_bind_ipi(vcpu_t vcpu, evtchn_handler *handler, void *arg, port_t *port)
{
	struct evtchn_bind_ipi op = {.vcpu = vcpu.v};
	long result = xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &op);

	return bound(result, op.port, handler, arg, port);
}

int evtchn_close(port_t port)
{
	struct evtchn_close op = {.port = port.v};

	evtchn_mask(port);
	if (port.v < HANDLER_COUNT)
		handlers[port.v].fn = NULL;
	return (int)xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &op);
}

void evtchn_send(port_t port)
{
	struct evtchn_send op = {.port = port.v};

	if (xen_op(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &op) != 0)
		host_panic("evtchn: send on a port that is not bound");
}

static void handle(struct xen_cpu *cpu, port_t port)
{
	port_and_word(word_of(shared->evtchn_pending, port), ~bit_of(port));
	if (port.v < HANDLER_COUNT && handlers[port.v].fn) {
		cpu->counters.events++;
		handlers[port.v].fn(handlers[port.v].arg);
	}
}

/* One pass over the words that the selector names, from the CPU's next word on, around. */
static void scan(struct xen_cpu *cpu, unsigned long selector)
{
	for (unsigned int n = 0; n < WORD_BITS; n++) {
		unsigned int word = (cpu->event_next_word + n) % WORD_BITS;

		if (!(selector & (1ul << word)))
			continue;
		/* A snapshot: what fires again meanwhile sets the selector again. */
		unsigned long pending =
		    port_load_word((volatile unsigned long *)&shared->evtchn_pending[word]) &
		    ~port_load_word((volatile unsigned long *)&shared->evtchn_mask[word]);

		while (pending) {
			unsigned int bit = (unsigned int)__builtin_ctzl(pending);

			pending &= pending - 1;
			handle(cpu, (port_t){(uint32_t)(word * WORD_BITS + bit)});
		}
	}
	cpu->event_next_word = (cpu->event_next_word + 1) % WORD_BITS;
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
