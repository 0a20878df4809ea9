/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/stat and what is like it: lines of numbers about a process, or about one task of it.
 */
#include "kernel/dev/tty.h"
#include "kernel/fs/procfs.h"
#include "kernel/mm/vm.h"
#include "kernel/task/cpu.h"
#include "pv/time.h"

#define TICK_NS       10000000ull /* of the ABI's clock, 100 Hz */
#define PRIORITY_BASE 20

static uint64_t ticks(uint64_t ns)
{
	return ns / TICK_NS;
}

char proc_state_letter(const struct task *task)
{
	if (task->process->zombie)
		return 'Z';
	switch (task->state) {
	case TASK_RUNNING:
		return 'R';
	case TASK_SLEEPING:
		return 'S';
	case TASK_BLOCKED:
		return 'D';
	case TASK_STOPPED:
		return 'T';
	case TASK_ZOMBIE:
		return 'Z';
	}
	return '?';
}

/* Signals that the process ignores and catches. */
void proc_handled_signals(const struct task *task, sigset *ignored, sigset *caught)
{
	*ignored = *caught = 0;
	for (unsigned int i = 0; task->handlers != NULL && i < ABI_SIGNAL_COUNT; i++) {
		uint64_t handler = task->handlers->action[i].handler;

		if (handler == ABI_SIG_IGN)
			*ignored |= 1ull << i;
		else if (handler != ABI_SIG_DFL)
			*caught |= 1ull << i;
	}
}

static void show_stat_ids(struct seq *seq, struct task *task)
{
	const struct process *process = task->process;
	bool tty = process->tty != NULL;

	seq_printf(seq, "%d (%s) %c %d %d %d %u %d 0", task->tid, task->name,
	           proc_state_letter(task), process->parent != NULL ? process->parent->pid : 0,
	           process->pgid, process->sid, tty ? tty_device_number(process->tty) : 0,
	           tty ? tty_foreground_group(process->tty) : -1);
}

/* Of the process, or of the task alone in the directory of a task. */
static void times_meant(const struct seq *seq, struct task *task, struct abi_rusage_times *times)
{
	*times = (struct abi_rusage_times){0};
	if (seq->of_task)
		task_times_add(task, times);
	else
		process_times(task->process, times);
}

static void show_stat_times(struct seq *seq, struct task *task)
{
	const struct process *process = task->process;
	struct abi_rusage_times times;

	times_meant(seq, task, &times);
	seq_printf(
	    seq, " %llu %llu %llu %llu %llu %llu %llu %llu", (unsigned long long)times.minor_faults,
	    (unsigned long long)process->children_times.minor_faults,
	    (unsigned long long)times.major_faults,
	    (unsigned long long)process->children_times.major_faults,
	    (unsigned long long)ticks(times.user_ns), (unsigned long long)ticks(times.system_ns),
	    (unsigned long long)ticks(process->children_times.user_ns),
	    (unsigned long long)ticks(process->children_times.system_ns));
	seq_printf(seq, " %d %d %u 0 %llu", PRIORITY_BASE + task->nice, task->nice,
	           MAX(process->task_count, 1u),
	           (unsigned long long)ticks(seq->of_task ? task->start_ns : process->start_ns));
}

void proc_show_stat(struct seq *seq, struct task *task)
{
	static const struct vm no_vm;
	const struct process *process = task->process;
	const struct vm *vm = task->vm != NULL ? task->vm : &no_vm;
	/* Addresses are for those who may look. */
	const struct vm *places = proc_may_look(task) ? vm : &no_vm;
	sigset ignored, caught;

	proc_handled_signals(task, &ignored, &caught);
	show_stat_ids(seq, task);
	show_stat_times(seq, task);
	seq_printf(seq, " %llu %llu %llu %lu %lu %lu 0 0", (unsigned long long)vm->mapped_bytes,
	           (unsigned long long)vm->resident_pages,
	           (unsigned long long)process->rlimit[ABI_RLIMIT_RSS].soft,
	           (unsigned long)places->code_start, (unsigned long)places->code_end,
	           (unsigned long)places->stack_start);
	seq_printf(seq, " %llu %llu %llu %llu 0 0 0 %d %u %d %d 0 0 0",
	           (unsigned long long)(task->pending.set & INT32_MAX),
	           (unsigned long long)(task->blocked & INT32_MAX),
	           (unsigned long long)(ignored & INT32_MAX),
	           (unsigned long long)(caught & INT32_MAX), process->exit_signal,
	           task->cpu != NULL ? task->cpu->id : 0, task->rt_priority, task->policy);
	seq_printf(seq, " %lu %lu %lu %lu %lu %lu %lu %d\n", (unsigned long)places->data_start,
	           (unsigned long)places->data_end, (unsigned long)places->brk_start,
	           (unsigned long)places->arg_start, (unsigned long)places->arg_end,
	           (unsigned long)places->env_start, (unsigned long)places->env_end,
	           process->zombie ? process->exit_code : 0);
}

void proc_show_statm(struct seq *seq, struct task *task)
{
	struct vm_usage usage;

	if (task->vm == NULL) {
		seq_printf(seq, "0 0 0 0 0 0 0\n");
		return;
	}
	vm_measure(task->vm, &usage);
	seq_printf(seq, "%llu %llu %llu %llu 0 %llu 0\n",
	           (unsigned long long)(task->vm->mapped_bytes >> PAGE_SHIFT),
	           (unsigned long long)task->vm->resident_pages,
	           (unsigned long long)task->vm->file_pages,
	           (unsigned long long)(usage.text >> PAGE_SHIFT),
	           (unsigned long long)((usage.data + usage.stack) >> PAGE_SHIFT));
}

static uint64_t task_run_ns(struct task *task)
{
	struct abi_rusage_times times = {0};

	task_times_add(task, &times);
	return times.user_ns + times.system_ns;
}

/* A number of nanoseconds as milliseconds, as this file has them. */
static void show_sched_time(struct seq *seq, const char *name, uint64_t ns)
{
	seq_printf(seq, "%-45s:%14llu.%06llu\n", name, (unsigned long long)(ns / 1000000),
	           (unsigned long long)(ns % 1000000));
}

static void show_sched_number(struct seq *seq, const char *name, uint64_t number)
{
	seq_printf(seq, "%-45s:%21llu\n", name, (unsigned long long)number);
}

void proc_show_sched(struct seq *seq, struct task *task)
{
	seq_printf(seq, "%s (%d, #threads: %u)\n", task->name, task->tid,
	           MAX(task->process->task_count, 1u));
	seq_printf(seq, "-------------------------------------------------------------------\n");
	show_sched_time(seq, "se.sum_exec_runtime", task_run_ns(task));
	show_sched_number(seq, "nr_switches",
	                  task->voluntary_switches + task->involuntary_switches);
	show_sched_number(seq, "nr_voluntary_switches", task->voluntary_switches);
	show_sched_number(seq, "nr_involuntary_switches", task->involuntary_switches);
	show_sched_number(seq, "policy", (uint64_t)task->policy);
	show_sched_number(seq, "prio", 100u + PRIORITY_BASE + (unsigned int)task->nice);
}

/* Time on a CPU, time in a queue (which is not kept), turns. */
void proc_show_schedstat(struct seq *seq, struct task *task)
{
	unsigned long long turns = task->voluntary_switches + task->involuntary_switches;

	seq_printf(seq, "%llu 0 %llu\n", (unsigned long long)task_run_ns(task), turns);
}

/* The call that the task is in. */
void proc_show_syscall(struct seq *seq, struct task *task)
{
	const struct cpu_frame *frame = task->frame;

	if (frame == NULL || task->kernel_stack == NULL ||
	    (task->state == TASK_RUNNING && task != current())) {
		seq_printf(seq, "running\n");
	} else if (frame->vector != FRAME_SYSCALL) {
		seq_printf(seq, "-1 0x%llx 0x%llx\n", (unsigned long long)frame->rsp,
		           (unsigned long long)frame->rip);
	} else {
		seq_printf(seq, "%lld 0x%llx 0x%llx 0x%llx 0x%llx 0x%llx 0x%llx 0x%llx 0x%llx\n",
		           (long long)frame->error_code, (unsigned long long)frame->rdi,
		           (unsigned long long)frame->rsi, (unsigned long long)frame->rdx,
		           (unsigned long long)frame->r10, (unsigned long long)frame->r8,
		           (unsigned long long)frame->r9, (unsigned long long)frame->rsp,
		           (unsigned long long)frame->rip);
	}
}
