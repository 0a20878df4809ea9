/* SPDX-License-Identifier: MIT */
/*
 * What a vcpu is asked to do by others, in its area. Only ipi.c looks inside.
 */
#ifndef PINFOLD_XEN_IPI_INBOX_H
#define PINFOLD_XEN_IPI_INBOX_H

#include <stdint.h>

#include "arch/x86/units.h"
#include "xen/config.h"

typedef void ipi_fn(void *arg);

/* One call to one vcpu. It is the caller's until `busy` is set, then the target's until that
 * clears it. */
struct ipi_call {
	struct ipi_call *next;
	ipi_fn *fn;
	void *arg;
	volatile uint32_t busy;
};

struct ipi_inbox {
	port_t reschedule_port, call_port;
	/* Calls that wait for this vcpu: a stack of struct ipi_call, pushed by others and taken
	 * whole. */
	volatile unsigned long calls;
	/* This vcpu's own calls to others, one to each at a time. */
	struct ipi_call outgoing[XEN_CPU_COUNT_MAX];
};

#endif
