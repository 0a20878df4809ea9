/* SPDX-License-Identifier: MIT */
/*
 * The interrupt flag: this vcpu's event mask. Xen delivers iff an event is pending and the mask is
 * clear, and looks only when it returns to the guest; so enabling looks for itself afterwards.
 */
#ifndef PINFOLD_XEN_IRQ_FLAG_H
#define PINFOLD_XEN_IRQ_FLAG_H

#include <stdbool.h>

#include <port/memory.h>

#include "xen/percpu.h"

/* Take the event that arrived while the mask was set: any call into Xen delivers it. */
void xen_irq_take_pending(void);

static inline bool xen_irq_enabled(void)
{
	return !port_load8(&this_cpu()->vcpu_info->evtchn_upcall_mask);
}

static inline void xen_irq_disable(void)
{
	port_store8(&this_cpu()->vcpu_info->evtchn_upcall_mask, 1);
	port_compiler_barrier();
}

static inline void xen_irq_enable(void)
{
	struct vcpu_info *info = this_cpu()->vcpu_info;

	port_compiler_barrier();
	port_store8(&info->evtchn_upcall_mask, 0);
	/* In this order: an event between the two is delivered by Xen itself, one before them is
	 * seen here. */
	if (port_load8(&info->evtchn_upcall_pending))
		xen_irq_take_pending();
}

/* Disable; true if they were enabled. */
static inline bool xen_irq_save(void)
{
	bool enabled = xen_irq_enabled();

	xen_irq_disable();
	return enabled;
}

static inline void xen_irq_restore(bool enabled)
{
	if (enabled)
		xen_irq_enable();
}

/* Sleep in Xen until an event is pending. Events masked by the caller; enabled on return. */
void xen_irq_wait(void);

#endif
