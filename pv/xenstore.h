/* SPDX-License-Identifier: MIT */
/*
 * The store that a toolstack shares with its guests, a stream of bytes each way; its messages are
 * those of Xen's xs_wire.h. The first domain has none.
 */
#ifndef PINFOLD_PV_XENSTORE_H
#define PINFOLD_PV_XENSTORE_H

#include <stddef.h>

#include "pv/ops.h"

/* Once, before the others. The handler runs with events masked when there is something to read or
 * room to write; it only marks work. 0, or a negative errno when there is no store. */
static inline int pv_xenstore_open(void (*handler)(void))
{
	return pv_xenstore_ops.open(handler);
}
/* Both return how many bytes were taken or given, at once; 0 when there is no room or nothing. */
static inline size_t pv_xenstore_send(const void *data, size_t len)
{
	return pv_xenstore_ops.send(data, len);
}
static inline size_t pv_xenstore_receive(void *data, size_t len)
{
	return pv_xenstore_ops.receive(data, len);
}

#endif
