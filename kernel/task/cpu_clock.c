/* SPDX-License-Identifier: MIT */
/*
 * CPU-time clocks and their alarms: see cpu_clock.h.
 */
#include "kernel/task/cpu_clock.h"

#include "kernel/linux/abi_task.h"
#include "kernel/task/internal.h"

/* Bits of a clock's number. */
#define OF_TASK   4u
#define KIND_MASK 3u
#define KIND_USER 1u
#define KIND_NONE 3u /* a clock of another sort, known by a descriptor */

#define OWN_PROCESS (-6)
#define OWN_TASK    (-2)

bool clock_is_cpu(int clock)
{
	return clock == ABI_CLOCK_PROCESS_CPUTIME_ID || clock == ABI_CLOCK_THREAD_CPUTIME_ID ||
	       (clock < 0 && ((uint32_t)clock & KIND_MASK) != KIND_NONE);
}

static struct process *process_of(int pid, bool reading)
{
	if (pid == 0 || (reading && pid == current()->tid))
		return current()->process;
	return process_find(pid);
}

int cpu_clock_find(int number, bool reading, struct cpu_clock *clock)
{
	uint32_t code;
	int id;

	if (number == ABI_CLOCK_PROCESS_CPUTIME_ID)
		number = OWN_PROCESS;
	else if (number == ABI_CLOCK_THREAD_CPUTIME_ID)
		number = OWN_TASK;
	code = (uint32_t)number;
	id = (int)(~code >> 3 & 0x1fffffffu);
	if (number >= 0 || (code & KIND_MASK) == KIND_NONE)
		return -EINVAL;
	*clock = (struct cpu_clock){.user_only = (code & KIND_MASK) == KIND_USER};
	if (code & OF_TASK) {
		clock->task = id ? task_find(id) : current();
		if (!clock->task || clock->task->process != current()->process)
			return -EINVAL;
		clock->process = clock->task->process;
	} else {
		clock->process = process_of(id, reading);
	}
	return clock->process ? 0 : -EINVAL;
}

uint64_t cpu_clock_ns(const struct cpu_clock *clock)
{
	struct abi_rusage_times times = {0};

	if (clock->task)
		task_times_add(clock->task, &times);
	else
		process_times(clock->process, &times);
	return clock->user_only ? times.user_ns : times.user_ns + times.system_ns;
}

void cpu_alarm_attach(struct cpu_alarm *alarm, const struct cpu_clock *clock,
                      void (*expire)(struct cpu_alarm *alarm))
{
	*alarm = (struct cpu_alarm){.clock = *clock, .expire = expire};
	list_insert_before(&clock->process->cpu_alarms, &alarm->node);
}

void cpu_alarm_detach(struct cpu_alarm *alarm)
{
	alarm->armed = false;
	alarm->clock.process = NULL;
	list_remove(&alarm->node);
}

void cpu_alarm_arm(struct cpu_alarm *alarm, uint64_t ns)
{
	alarm->deadline_ns = ns;
	alarm->armed = true;
	cpu_timer_start(alarm->clock.process);
}

void cpu_alarms_end(struct process *process, const struct task *task)
{
	struct cpu_alarm *alarm, *next;

	list_for_each_entry_safe (alarm, next, &process->cpu_alarms, struct cpu_alarm, node) {
		if (!task || alarm->clock.task == task)
			cpu_alarm_detach(alarm);
	}
}
