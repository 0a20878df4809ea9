/* SPDX-License-Identifier: MIT */
/*
 * I/O ports and device memory, for a kernel that owns the machine (Xen's first domain).
 */
#ifndef PINFOLD_PV_PORT_IO_H
#define PINFOLD_PV_PORT_IO_H

#include <stdint.h>

#include <port/cpu.h>

#include "arch/x86/units.h"
#include "pv/ops.h"

/* Ask for port access once, before the first in or out. 0 or a negative errno (not the first
 * domain). */
static inline int pv_port_io_enable(void)
{
	return pv_cpu_ops.port_io_enable();
}

/* The instructions themselves; Xen emulates them. */
static inline uint8_t pv_port_in8(uint16_t port)
{
	return port_in8(port);
}

static inline void pv_port_out8(uint16_t port, uint8_t value)
{
	port_out8(port, value);
}

static inline uint32_t pv_port_in32(uint16_t port)
{
	return port_in32(port);
}

static inline void pv_port_out32(uint16_t port, uint32_t value)
{
	port_out32(port, value);
}

/* Map device memory read-write and no-execute into the kernel half, for good. `base` is
 * page-aligned. NULL when it cannot be mapped. */
static inline void *pv_map_device(maddr_t base, uint64_t bytes)
{
	return pv_cpu_ops.map_device(base, bytes);
}

#endif
