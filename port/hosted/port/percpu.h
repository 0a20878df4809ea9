/* SPDX-License-Identifier: MIT */
/*
 * The area of the vcpu that runs now: who switches vcpus sets it.
 */
#ifndef PINFOLD_PORT_PERCPU_H
#define PINFOLD_PORT_PERCPU_H

extern void *port_current_cpu;

static inline void *port_this_cpu(void)
{
	return port_current_cpu;
}

#endif
