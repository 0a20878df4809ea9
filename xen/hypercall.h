/* SPDX-License-Identifier: MIT */
/*
 * One hypercall, issued now and counted. Batched calls go through xen/multicall.h.
 */
#ifndef PINFOLD_XEN_HYPERCALL_H
#define PINFOLD_XEN_HYPERCALL_H

#include <stdint.h>

#include <port/hypercall.h>

#include <xen/sched.h>
#include <xen/xen.h>

#include "arch/x86/pte.h"
#include "xen/percpu.h"

static inline long xen_call(unsigned int number, unsigned long arg0, unsigned long arg1,
                            unsigned long arg2, unsigned long arg3, unsigned long arg4)
{
	this_cpu()->counters.hypercalls[number]++;
	return port_hypercall(number, arg0, arg1, arg2, arg3, arg4);
}

static inline long xen_call1(unsigned int number, unsigned long arg0)
{
	return xen_call(number, arg0, 0, 0, 0, 0);
}

static inline long xen_call2(unsigned int number, unsigned long arg0, unsigned long arg1)
{
	return xen_call(number, arg0, arg1, 0, 0, 0);
}

static inline long xen_call3(unsigned int number, unsigned long arg0, unsigned long arg1,
                             unsigned long arg2)
{
	return xen_call(number, arg0, arg1, arg2, 0, 0);
}

/* The usual shape: a sub-command and a pointer to its argument. */
static inline long xen_op(unsigned int number, unsigned int command, void *arg)
{
	return xen_call(number, command, (unsigned long)arg, 0, 0, 0);
}

/* Give the processor to other vcpus for a turn. */
static inline void xen_yield(void)
{
	xen_op(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
}

/* Change the entry that maps `va` in the tables in force, now, and say what Xen said; flags are
 * UVMF_*. */
static inline long xen_update_va(vaddr_t va, pte_t value, unsigned long flags)
{
	if (sizeof(unsigned long) == 4)
		return xen_call(__HYPERVISOR_update_va_mapping, va.v, (unsigned long)value.v,
		                (unsigned long)(value.v >> 32), flags, 0);
	return xen_call3(__HYPERVISOR_update_va_mapping, va.v, (unsigned long)value.v, flags);
}

#endif
