/* SPDX-License-Identifier: MIT */
/*
 * More than one CPU, for the kernel. CPUs are numbered from 0, which is the one that boots; a
 * set of them is a mask in one word.
 */
#ifndef PINFOLD_PV_SMP_H
#define PINFOLD_PV_SMP_H

#include <stdbool.h>
#include <stddef.h>

#include "pv/ops.h"
#include "xen/percpu.h"

#define PV_CPU_COUNT_MAX XEN_CPU_COUNT_MAX

/* The number of the calling CPU, and the kernel's own area of it, as the kernel has set it (NULL
 * before). Stable only where the caller cannot move to another CPU. */
static inline unsigned int pv_cpu_id(void)
{
	return port_this_cpu32(offsetof(struct xen_cpu, id));
}
static inline void *pv_cpu_data(void)
{
	return (void *)port_this_cpu_word(offsetof(struct xen_cpu, host_data));
}
static inline void pv_cpu_set_data(void *data)
{
	this_cpu()->host_data = data;
}

/* A word of the calling CPU's in which the kernel's event handlers leave marks: one look says
 * whether there are any. Marks are set in any context; who takes them gets each once. */
static inline unsigned long pv_cpu_marks(void)
{
	return port_this_cpu_word(offsetof(struct xen_cpu, host_marks));
}
static inline void pv_cpu_marks_set(unsigned long marks)
{
	port_or_word(&this_cpu()->host_marks, marks);
}
static inline unsigned long pv_cpu_marks_take(void)
{
	return port_exchange_word(&this_cpu()->host_marks, 0);
}

/* How many CPUs the machine has, up or not. */
static inline unsigned int pv_smp_cpu_count(void)
{
	return pv_smp_ops.cpu_count();
}

/* Bring a CPU up: it calls host_secondary_main() on the given stack, events masked. Returns when it
 * takes part: 0 or a negative errno. Task context; one caller at a time. */
static inline int pv_smp_cpu_up(unsigned int cpu, void *stack_top)
{
	return pv_smp_ops.cpu_up(cpu, stack_top);
}

/* The calling CPU stops; it has given everything away. Its stack is free when the other says so. */
_Noreturn static inline void pv_smp_cpu_down_self(void)
{
	pv_smp_ops.cpu_down_self();
	__builtin_unreachable();
}
static inline bool pv_smp_cpu_is_down(unsigned int cpu)
{
	return pv_smp_ops.cpu_is_down(cpu);
}

/* The CPUs that take part. */
static inline unsigned long pv_smp_online_mask(void)
{
	return pv_smp_ops.online_mask();
}

/* Make another CPU call the reschedule handler, events masked: it only marks work. Nothing
 * happens if that CPU is not up. */
static inline void pv_smp_reschedule(unsigned int cpu)
{
	pv_smp_ops.reschedule(cpu);
}
static inline void pv_smp_set_reschedule_handler(void (*handler)(void))
{
	pv_smp_ops.set_reschedule_handler(handler);
}

/* Have the CPUs of the mask, the calling one left out, call fn(arg) in interrupt context;
 * `wait`: until all have. Not from an event handler nor in lazy mode. */
static inline void pv_smp_call_mask(unsigned long cpus, void (*fn)(void *arg), void *arg, bool wait)
{
	pv_smp_ops.call_mask(cpus, fn, arg, wait);
}

/* An NMI for a CPU that is up, this one or another: host_nmi() there. A negative errno. */
static inline int pv_smp_send_nmi(unsigned int cpu)
{
	return pv_smp_ops.send_nmi(cpu);
}

/* Stop all other CPUs where they are, for good. Any context. */
static inline void pv_smp_stop_others(void)
{
	pv_smp_ops.stop_others();
}

#endif
