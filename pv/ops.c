/* SPDX-License-Identifier: MIT */
/*
 * The operations in force: see ops.h.
 */
#include "pv/ops.h"

struct pv_mmu_ops pv_mmu_ops;
struct pv_cpu_ops pv_cpu_ops;
struct pv_irq_ops pv_irq_ops;
struct pv_smp_ops pv_smp_ops;
struct pv_time_ops pv_time_ops;
struct pv_console_ops pv_console_ops;
struct pv_xenstore_ops pv_xenstore_ops;

void pv_choose(const struct pv_ops *backend)
{
	pv_mmu_ops = *backend->mmu;
	pv_cpu_ops = *backend->cpu;
	pv_irq_ops = *backend->irq;
	pv_smp_ops = *backend->smp;
	pv_time_ops = *backend->time;
	pv_console_ops = *backend->console;
	pv_xenstore_ops = *backend->xenstore;
}
