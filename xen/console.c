/* SPDX-License-Identifier: MIT */
/*
 * Consoles: see console.h. The ring's indices run free and are taken modulo its size; the other end
 * is trusted no further than that: an index that makes no sense counts as an empty or a full ring.
 */
#include "xen/console.h"

#include <stdint.h>

#include <port/hypercall.h>
#include <port/memory.h>

#include <xen/io/console.h>

#include "xen/direct_map.h"
#include "xen/evtchn.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/p2m.h"

static struct {
	struct xencons_interface *ring;
	port_t port;
	void (*handler)(void);
	bool first_domain;
} console;

void console_emergency(const char *data, size_t len)
{
	/* Not counted: the per-CPU area may not be there yet. */
	port_hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, len, (unsigned long)data, 0, 0);
}

void console_init(const struct start_info *info)
{
	console.first_domain = info->flags & SIF_INITDOMAIN;
	if (console.first_domain || info->console.domU.mfn == 0)
		return;
	pfn_t pfn = p2m_pfn(MFN((unsigned long)info->console.domU.mfn));

	if (pfn_is_none(pfn))
		host_panic("console: the ring's frame is not ours");
	console.ring = xen_pfn_to_virt(pfn);
	console.port = (port_t){info->console.domU.evtchn};
}

bool console_present(void)
{
	return console.ring || console.first_domain;
}

static size_t ring_write(const char *data, size_t len)
{
	struct xencons_interface *ring = console.ring;
	uint32_t prod = ring->out_prod;
	uint32_t used = prod - port_load32(&ring->out_cons);
	size_t room = used <= sizeof(ring->out) ? sizeof(ring->out) - used : 0;
	size_t count = len < room ? len : room;

	for (size_t i = 0; i < count; i++)
		ring->out[MASK_XENCONS_IDX(prod + i, ring->out)] = data[i];
	port_store32(&ring->out_prod, prod + (uint32_t)count);
	if (count > 0)
		evtchn_send(console.port);
	return count;
}

static size_t ring_read(char *data, size_t len)
{
	struct xencons_interface *ring = console.ring;
	uint32_t cons = ring->in_cons;
	uint32_t there = port_load32(&ring->in_prod) - cons;
	size_t count = there <= sizeof(ring->in) ? there : 0;

	if (count > len)
		count = len;
	for (size_t i = 0; i < count; i++)
		data[i] = ring->in[MASK_XENCONS_IDX(cons + i, ring->in)];
	port_store32(&ring->in_cons, cons + (uint32_t)count);
	if (count > 0)
		evtchn_send(console.port);
	return count;
}

size_t console_write(const char *data, size_t len)
{
	if (console.ring)
		return ring_write(data, len);
	console_emergency(data, len);
	return len;
}

size_t console_read(char *data, size_t len)
{
	long got;

	if (console.ring)
		return ring_read(data, len);
	got = xen_call3(__HYPERVISOR_console_io, CONSOLEIO_read, len, (uintptr_t)data);
	return got > 0 ? (size_t)got : 0;
}

size_t console_unread(void)
{
	if (!console.ring)
		return 0;
	uint32_t used = console.ring->out_prod - port_load32(&console.ring->out_cons);

	return used <= sizeof(console.ring->out) ? used : 0;
}

static void input_event(void *arg)
{
	(void)arg;
	if (console.handler)
		console.handler();
}

int console_set_handler(void (*handler)(void))
{
	console.handler = handler;
	if (!console.ring)
		return evtchn_bind_virq(VIRQ_CONSOLE, (vcpu_t){0}, input_event, NULL,
		                        &console.port);
	evtchn_adopt(console.port, input_event, NULL);
	return 0;
}

void console_log(const char *data, size_t len)
{
	if (!console.ring) {
		console_emergency(data, len);
		return;
	}
	/* A full ring drops the rest: the log must not wait for a reader. */
	ring_write(data, len);
}
