/* SPDX-License-Identifier: MIT */
/*
 * The xenstore ring: see xenstore.h. It lies in a page that the toolstack set up before the domain
 * started. As with the console's ring, indices run free, and one that makes no sense counts as an
 * empty or a full ring. Left out: reconnection after a restored image.
 */
#include "xen/xenstore.h"

#include <stdint.h>

#include <port/memory.h>

#include <xen/errno.h>
#include <xen/io/xs_wire.h>

#include "xen/direct_map.h"
#include "xen/evtchn.h"
#include "xen/p2m.h"
#include "xen/start.h"

static struct xenstore_domain_interface *ring;
static void (*ring_handler)(void);

static void ring_event(void *arg)
{
	(void)arg;
	ring_handler();
}

int xenstore_open(void (*handler)(void))
{
	pfn_t pfn;

	if (xen_boot.xenstore_mfn.v == 0 || xen_boot.xenstore_port.v == 0)
		return -XEN_ENODEV;
	pfn = p2m_pfn(xen_boot.xenstore_mfn);
	if (pfn_is_none(pfn))
		return -XEN_EINVAL;
	ring = xen_pfn_to_virt(pfn);
	ring_handler = handler;
	evtchn_adopt(xen_boot.xenstore_port, ring_event, NULL);
	return 0;
}

size_t xenstore_send(const void *data, size_t len)
{
	const char *bytes = data;
	uint32_t prod = ring->req_prod;
	uint32_t used = prod - port_load32(&ring->req_cons);
	size_t room = used <= XENSTORE_RING_SIZE ? XENSTORE_RING_SIZE - used : 0;
	size_t count = len < room ? len : room;

	for (size_t i = 0; i < count; i++)
		ring->req[MASK_XENSTORE_IDX(prod + i)] = bytes[i];
	port_store32(&ring->req_prod, prod + (uint32_t)count);
	if (count > 0)
		evtchn_send(xen_boot.xenstore_port);
	return count;
}

size_t xenstore_receive(void *data, size_t len)
{
	char *bytes = data;
	uint32_t cons = ring->rsp_cons;
	uint32_t there = port_load32(&ring->rsp_prod) - cons;
	size_t count = there <= XENSTORE_RING_SIZE ? there : 0;

	if (count > len)
		count = len;
	for (size_t i = 0; i < count; i++)
		bytes[i] = ring->rsp[MASK_XENSTORE_IDX(cons + i)];
	port_store32(&ring->rsp_cons, cons + (uint32_t)count);
	/* xenstored may have waited for the room. */
	if (count > 0)
		evtchn_send(xen_boot.xenstore_port);
	return count;
}
