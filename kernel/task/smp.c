/* SPDX-License-Identifier: MIT */
/*
 * The other CPUs: their areas, their idle tasks, their start. They come up before there is a
 * program and stay.
 */
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "kernel/mm/page.h"
#include "kernel/task/cpu.h"
#include "kernel/task/internal.h"
#include "pv/irq.h"

static bool start(unsigned int id)
{
	struct page *stack = page_alloc(KERNEL_STACK_ORDER);
	int result;

	if (!stack)
		return false;
	sched_init_cpu(id);
	result = pv_smp_cpu_up(id, (char *)page_virt(stack) + KERNEL_STACK_BYTES);
	if (result != 0) {
		klog(LOG_ERROR, "CPU %u does not come up: error %d", id, result);
		page_put(stack);
	}
	return result == 0;
}

void cpu_start_others(void)
{
	unsigned int count = pv_smp_cpu_count();

	for (unsigned int id = 1; id < count; id++)
		if (!start(id))
			return;
	if (count > 1)
		klog(LOG_INFO, "%u CPUs", count);
}

_Noreturn void sched_secondary(void)
{
	struct cpu *cpu = &cpus[pv_cpu_id()];

	pv_cpu_set_data(cpu);
	cpu->account_ticks = pv_time_ticks();
	pv_irq_enable();
	kernel_lock();
	sched_idle();
}
