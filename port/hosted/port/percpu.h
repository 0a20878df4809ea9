/* SPDX-License-Identifier: MIT */
/*
 * The area of the vcpu that runs now: who switches vcpus sets it.
 */
#ifndef PINFOLD_PORT_PERCPU_H
#define PINFOLD_PORT_PERCPU_H

#include <stdint.h>

extern void *port_current_cpu;

static inline void *port_this_cpu(void)
{
	return port_current_cpu;
}

static inline unsigned long port_this_cpu_word(unsigned int offset)
{
	return *(const volatile unsigned long *)((const char *)port_current_cpu + offset);
}

static inline uint32_t port_this_cpu32(unsigned int offset)
{
	return *(const volatile uint32_t *)((const char *)port_current_cpu + offset);
}

#endif
