/* SPDX-License-Identifier: MIT */
/*
 * Clocks that show CPU time, of a process or of one task, and alarms on them. Their numbers: two
 * plain ones for the caller's own, and negative ones that hold a process's or task's number
 * inverted above three bits of kind.
 *
 * An alarm hangs at the process whose time, or whose task's time, it waits for, from
 * cpu_alarm_attach() until cpu_alarm_detach() or the end of what it counts; then it never comes.
 * The scheduler's timer looks at a running process's alarms (cpu_timer.c), at most once a
 * millisecond. Task context, with the kernel lock; nothing sleeps.
 */
#ifndef PINFOLD_KERNEL_TASK_CPU_CLOCK_H
#define PINFOLD_KERNEL_TASK_CPU_CLOCK_H

#include "kernel/kernel.h"
#include "lib/list.h"

struct process;
struct task;

struct cpu_clock {
	struct process *process; /* NULL: has ended */
	struct task *task;       /* NULL: the whole process */
	bool user_only;
};

struct cpu_alarm {
	struct list node; /* on process->cpu_alarms */
	struct cpu_clock clock;
	bool armed;
	uint64_t deadline_ns; /* of the clock; stays when it has come */
	/* The alarm is not armed any more and may be armed again or detached. */
	void (*expire)(struct cpu_alarm *alarm);
};

/* Whether the number is that of a CPU-time clock, if of any. */
bool clock_is_cpu(int clock);

/* The clock of a number, for reading or, more strictly as on Linux, for alarms. -EINVAL: none. */
int cpu_clock_find(int number, bool reading, struct cpu_clock *clock);

/* What it shows. Its process has not ended. */
uint64_t cpu_clock_ns(const struct cpu_clock *clock);

void cpu_alarm_attach(struct cpu_alarm *alarm, const struct cpu_clock *clock,
                      void (*expire)(struct cpu_alarm *alarm));
void cpu_alarm_detach(struct cpu_alarm *alarm);

/* Arm it for `ns` of its clock. */
void cpu_alarm_arm(struct cpu_alarm *alarm, uint64_t ns);

/* For the end of a task, or of a process (NULL): nothing of it is counted any more. */
void cpu_alarms_end(struct process *process, const struct task *task);

#endif
