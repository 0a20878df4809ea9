/* SPDX-License-Identifier: MIT */
/*
 * Lazy CPU mode: around a context switch, so that all it changes goes to Xen in one entry. Lazy MMU
 * mode is in pv/mmu.h. One mode at a time; nothing inside may sleep.
 */
#ifndef PINFOLD_PV_LAZY_H
#define PINFOLD_PV_LAZY_H

#include "pv/ops.h"

static inline void pv_lazy_cpu_enter(void)
{
	pv_cpu_ops.lazy_enter();
}

static inline void pv_lazy_cpu_leave(void)
{
	pv_cpu_ops.lazy_leave();
}

#endif
