/* SPDX-License-Identifier: MIT */
/*
 * Interrupts between vcpus, over event channels: "look at your run queue", and "call this
 * function".
 *
 * A vcpu that is not up yet, or is up no longer, is never waited for: what is sent to it is
 * dropped.
 */
#ifndef PINFOLD_XEN_IPI_H
#define PINFOLD_XEN_IPI_H

#include <stdbool.h>

#include "arch/x86/units.h"
#include "xen/percpu.h"

/* Bind the two ports of a vcpu, which need not be the calling one. 0 or Xen's negative error. */
int ipi_init_cpu(struct xen_cpu *cpu);

/* The calling vcpu, which has left xen_online_mask, takes no more: answers who has called it and
 * gives the ports back. */
void ipi_stop_cpu(void);

/* Make a vcpu run the reschedule handler (events masked, it only marks work). Any context. */
void ipi_reschedule(vcpu_t vcpu);
void ipi_set_reschedule_handler(void (*handler)(void));

/*
 * Have every vcpu of the mask that is online, but for the calling one, call fn(arg) in interrupt
 * context, events masked; `wait`: return when all have. Not from an event handler, and with no
 * batch open and no leaf table's lock held: the callers of two vcpus may be waiting for each
 * other, and each answers meanwhile.
 */
void ipi_call_mask(unsigned long vcpus, ipi_fn *fn, void *arg, bool wait);

/* The same of one vcpu; the calling one itself is called directly. */
void ipi_call_one(vcpu_t vcpu, ipi_fn *fn, void *arg, bool wait);

#endif
