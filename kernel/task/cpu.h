/* SPDX-License-Identifier: MIT */
/*
 * What the scheduler keeps for each CPU, and the few steps that every entry from user mode takes.
 *
 * CPU time is counted in ticks of the CPU's clock, from one reading to the next on the same CPU:
 * each moment is charged once, to the task that ran. Time that was stolen from the CPU counts as
 * the task's.
 */
#ifndef PINFOLD_KERNEL_TASK_CPU_H
#define PINFOLD_KERNEL_TASK_CPU_H

#include "kernel/task/task.h"
#include "pv/time.h"

struct cpu {
	struct task *current;
	uint64_t account_ticks; /* CPU time is charged up to here */
	bool in_kernel;         /* what runs now is charged as system time */
	bool slice_timed;       /* the timer will look at the running task's slice in time */
	struct task idle;
	struct list run_queue;
	unsigned int run_count;     /* on the queue */
	struct task *user_owner;    /* whose user registers the CPU holds */
	struct task *leaving;       /* switched away from for the last time */
	uint64_t timer_deadline_ns; /* programmed */
	uint64_t switch_count;
};

extern struct cpu cpu_boot;

/* The calling CPU's. Look again after anything that may switch tasks. */
static inline struct cpu *cpu_now(void)
{
	return &cpu_boot;
}

/* Charge what has passed since the last time to one of the running task's two clocks. */
static inline void cpu_charge(struct cpu *cpu, uint64_t *clock)
{
	uint64_t now = pv_time_ticks();
	int64_t spent = (int64_t)(now - cpu->account_ticks);

	cpu->account_ticks = now;
	/* A clock that goes back, on another processor or another machine, charges nothing. */
	if (spent > 0)
		*clock += (uint64_t)spent;
}

/* From user mode: what ran until now is user time, what runs from now on is system time. */
static inline void cpu_enter_kernel(struct cpu *cpu)
{
	cpu_charge(cpu, &cpu->current->user_ticks);
	cpu->in_kernel = true;
}

/* The other way. */
static inline void cpu_leave_kernel(struct cpu *cpu)
{
	cpu_charge(cpu, &cpu->current->system_ticks);
	cpu->in_kernel = false;
}

#endif
