/* SPDX-License-Identifier: MIT */
/*
 * The flag operations that enter Xen.
 */
#include "xen/irq_flag.h"

#include <stdint.h>

#include <xen/sched.h>
#include <xen/version.h>

#include "xen/hypercall.h"

void xen_irq_take_pending(void)
{
	/* The cheapest call there is; the upcall happens on the way back. */
	xen_call2(__HYPERVISOR_xen_version, XENVER_version, 0);
}

void xen_irq_wait(void)
{
	/* SCHEDOP_block unmasks and sleeps in one step (public/sched.h), so nothing is lost
	 * between. */
	xen_op(__HYPERVISOR_sched_op, SCHEDOP_block, NULL);
}
