/* SPDX-License-Identifier: MIT */
/*
 * More than one vcpu: bringing them up and down. Interrupts between them: ipi.h.
 */
#ifndef PINFOLD_XEN_SMP_H
#define PINFOLD_XEN_SMP_H

#include <stdbool.h>

#include "arch/x86/units.h"

/* Boot, on the first vcpu. */
void smp_init(void);

/* How many vcpus this domain has, up or not: numbers 0 … count - 1. At most XEN_CPU_COUNT_MAX. */
unsigned int smp_vcpu_count(void);

/*
 * Bring a vcpu up, the first time or again: it calls host_secondary_main() on the given stack,
 * events masked, on the kernel's own tables. Returns when it is online: 0, -ENOENT for a vcpu
 * that the domain does not have, -EEXIST for one that is up, -ENOMEM, or what Xen says. One
 * caller at a time; task context, no batch open.
 */
int smp_up(vcpu_t vcpu, void *stack_top);

/* The calling vcpu, which is not the only one online, ends: it leaves its tables, answers what
 * others have asked of it, and stops. Its stack is not needed any more when smp_is_down() says
 * so. */
_Noreturn void smp_down_self(void);
bool smp_is_down(vcpu_t vcpu);

/* Stop all other vcpus where they are, whatever they do, for good: the machine is about to end. */
void smp_stop_others(void);

/* An NMI for a vcpu that is up, this one or another. A negative errno of Xen's. */
int smp_send_nmi(vcpu_t vcpu);

#endif
