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
#include "pv/smp.h"
#include "pv/time.h"

struct cpu {
	struct task *current; /* first: see current() */
	unsigned int id;
	unsigned long bit;                             /* of this CPU, in sets of them */
	uint64_t account_ticks;                        /* CPU time is charged up to here */
	uint64_t user_ticks, system_ticks, idle_ticks; /* … in all */
	bool in_kernel;                                /* what runs now is charged as system time */
	bool slice_timed; /* the timer will look at the running task's slice in time */
	struct task idle;
	struct list run_queue;
	unsigned int run_count;     /* on the queue */
	struct task *user_owner;    /* whose user registers the CPU holds */
	struct task *leaving;       /* switched away from for the last time */
	uint64_t timer_deadline_ns; /* programmed */
	uint64_t switch_count;
};

_Static_assert(offsetof(struct cpu, current) == 0, "current() reads the first word");

extern struct cpu cpus[PV_CPU_COUNT_MAX];

/* The calling CPU's. Look again after anything that may switch tasks: the one that goes on may
 * be on another CPU. */
static inline struct cpu *cpu_now(void)
{
	return pv_cpu_data();
}

/* Charge what has passed since the last time to one of the running task's two clocks, and to the
 * CPU's. */
static inline void cpu_charge(struct cpu *cpu, uint64_t *clock, uint64_t *cpu_clock)
{
	uint64_t now = pv_time_ticks();
	int64_t spent = (int64_t)(now - cpu->account_ticks);

	/* In this order: see task_ticks(). */
	__atomic_store_n(&cpu->account_ticks, now, __ATOMIC_RELAXED);
	/* A clock that goes back, on another processor or another machine, charges nothing. */
	if (spent > 0) {
		__atomic_store_n(clock, *clock + (uint64_t)spent, __ATOMIC_RELEASE);
		*cpu_clock += (uint64_t)spent;
	}
}

/* A task's two clocks, up to now also if it runs on another CPU. */
void task_ticks(struct task *task, uint64_t *user_ticks, uint64_t *system_ticks);

/* From user mode: what ran until now is user time, what runs from now on is system time. */
static inline void cpu_enter_kernel(struct cpu *cpu)
{
	cpu_charge(cpu, &cpu->current->user_ticks, &cpu->user_ticks);
	cpu->in_kernel = true;
}

/* The other way. */
static inline void cpu_leave_kernel(struct cpu *cpu)
{
	cpu_charge(cpu, &cpu->current->system_ticks, &cpu->system_ticks);
	cpu->in_kernel = false;
}

/* Run queues (runqueue.c), with the kernel lock. */
void run_queue_init(struct cpu *cpu);
/* Put a runnable task that runs nowhere on the queue of the CPU that suits it best, and make
 * that CPU look. */
void run_queue_add(struct task *task);
/* The same of the calling CPU's running task, which gives its turn away: it stays if it may. */
void run_queue_put_back(struct cpu *cpu, struct task *task);
/* The next task of the calling CPU, taken off its queue; NULL: none. */
struct task *run_queue_take(struct cpu *cpu);
/* Move a task that may run here from the longest queue, if that is longer than this one by more
 * than `excess`. False: there is none. */
bool run_queue_pull(struct cpu *cpu, unsigned int excess);
/* A task that waits on a queue goes to one where it may run. */
void run_queue_move(struct task *task);
/* The calling CPU has nothing to run, or has again. */
void run_queue_set_idle(struct cpu *cpu, bool idle);
/* Have the timer look at the running task's slice, if somebody waits for its end, and watch its
 * limits. */
void sched_slice_time(void);
static inline void sched_slice_request(const struct cpu *cpu)
{
	if ((cpu->run_count > 0 && !cpu->slice_timed) || cpu->current->process->cpu_timer)
		sched_slice_time();
}

/* Bring up all other CPUs (smp.c). With the kernel lock, before there are programs. */
void cpu_start_others(void);

#endif
