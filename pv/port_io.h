/* SPDX-License-Identifier: MIT */
/*
 * I/O ports and device memory, for a kernel that is Xen's first domain.
 */
#ifndef PINFOLD_PV_PORT_IO_H
#define PINFOLD_PV_PORT_IO_H

#include <stdint.h>

#include "arch/x86/units.h"

/* Ask for port access once, before the first in or out. 0 or a negative errno (not the first domain). */
int pv_port_io_enable(void);

uint8_t pv_port_in8(uint16_t port);
void pv_port_out8(uint16_t port, uint8_t value);
uint32_t pv_port_in32(uint16_t port);
void pv_port_out32(uint16_t port, uint32_t value);

/* Map device memory read-write, no-execute, cacheable as RAM-like shared memory, into the kernel half. NULL when it cannot be mapped. Stays for good. */
void *pv_map_device(maddr_t base, uint64_t bytes);

#endif
