/* SPDX-License-Identifier: MIT */
/*
 * Event channels: binding, masking, sending, and the scan that an upcall makes (2-level ABI).
 */
#ifndef PINFOLD_XEN_EVTCHN_H
#define PINFOLD_XEN_EVTCHN_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include "arch/x86/units.h"

/* Handlers run with events masked, after their port's pending bit was cleared: an event that
 * comes while they run makes them run again. */
typedef void evtchn_handler(void *arg);

/* Boot: all ports masked, nothing pending that anyone waits for. */
void evtchn_init(struct shared_info *shared);

/* Each returns 0, or Xen's negative errno; the port is unmasked when they succeed. A pirq notifies
 * vcpu 0, the others the vcpu that is named, whose handlers then run there. */
int evtchn_bind_virq(uint32_t virq, vcpu_t vcpu, evtchn_handler *handler, void *arg, port_t *port);
int evtchn_bind_pirq(uint32_t pirq, evtchn_handler *handler, void *arg, port_t *port);
int evtchn_bind_ipi(vcpu_t vcpu, evtchn_handler *handler, void *arg, port_t *port);
/* A port that exists already (console, xenstore); Xen has it notify vcpu 0. */
void evtchn_adopt(port_t port, evtchn_handler *handler, void *arg);
int evtchn_close(port_t port);

void evtchn_send(port_t port);
/* The same to a port that its owner may have closed by now: nothing happens then. */
void evtchn_notify(port_t port);
void evtchn_mask(port_t port);
/* An event that became pending while the port was masked is delivered after this. */
void evtchn_unmask(port_t port);
/* For a port that stays masked and is polled: whether a poll of it returns at once. */
void evtchn_set_pending(port_t port);
void evtchn_clear_pending(port_t port);

/* The upcall: handle what is pending for this CPU until nothing is. Events masked. */
void evtchn_upcall(void);

#endif
