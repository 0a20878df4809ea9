/* SPDX-License-Identifier: MIT */
/*
 * NMIs: see nmi.h. One may come inside anything, the log's own code included; so it leaves a note
 * and a mark, and the line is written where deferred work runs. Several before that are one line.
 */
#include "kernel/glue/nmi.h"

#include "kernel/kernel.h"
#include "kernel/work.h"
#include "pv/smp.h"
#include "xen/hooks.h"

/* Written by the CPU of that number inside its NMI, read by it outside. */
static struct {
	unsigned int count, told;
	uintptr_t at;
	bool user;
} seen[PV_CPU_COUNT_MAX];

static void nmi_work_run(void)
{
	unsigned int cpu = pv_cpu_id(), count = __atomic_load_n(&seen[cpu].count, __ATOMIC_RELAXED);

	if (count == seen[cpu].told)
		return;
	seen[cpu].told = count;
	klog(LOG_WARNING, "NMI on CPU %u, in %s at %#lx: number %u there", cpu,
	     seen[cpu].user ? "a program" : "the kernel", seen[cpu].at, count);
}

static struct work nmi_work = {.run = nmi_work_run};

void host_nmi(const struct cpu_frame *frame)
{
	unsigned int cpu = pv_cpu_id();

	seen[cpu].at = frame->rip;
	seen[cpu].user = frame_from_user(frame);
	__atomic_store_n(&seen[cpu].count, seen[cpu].count + 1, __ATOMIC_RELAXED);
	work_mark(&nmi_work);
}

void nmi_init(void)
{
	work_register(&nmi_work);
}
