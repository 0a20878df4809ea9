/* SPDX-License-Identifier: MIT */
/*
 * The machine's own devices, for the first domain: ports, interrupt lines, device memory.
 */
#ifndef PINFOLD_XEN_DEVICE_H
#define PINFOLD_XEN_DEVICE_H

#include <stdint.h>

#include "arch/x86/units.h"
#include "xen/evtchn.h"

/* Ports become usable for this vcpu, and for those that come up from here on. 0 or Xen's errno. */
int device_enable_ports(void);
/* A vcpu comes up. */
int device_init_cpu(void);

/* An interrupt line of the machine. 0 or Xen's errno. */
int device_bind_line(unsigned int gsi, evtchn_handler *handler, void *arg);

/* Map device memory, read-write, no-execute, for good. NULL when there is no room or Xen
 * refuses. */
void *device_map(maddr_t base, uint64_t bytes);

#endif
