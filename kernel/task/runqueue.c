/* SPDX-License-Identifier: MIT */
/*
 * Which CPU runs what. Each CPU has a queue. A task that becomes runnable goes to the CPU it ran on
 * last if that is idle, to another idle one if not, and waits for its last one if none is. A CPU
 * that runs out of work takes from the longest queue; at the end of a slice, from one that is
 * longer by two. A task's affinity holds everywhere.
 */
#include "kernel/task/cpu.h"
#include "kernel/task/internal.h"

/* CPUs that wait for work. */
static unsigned long idle_cpus;

void run_queue_init(struct cpu *cpu)
{
	list_init(&cpu->run_queue);
	cpu->run_count = 0;
}

void run_queue_set_idle(struct cpu *cpu, bool idle)
{
	if (idle)
		idle_cpus |= cpu->bit;
	else
		idle_cpus &= ~cpu->bit;
}

/* The calling CPU, which is no idle one as it runs this, counts as one while it looks for work. */
static bool looks_for_work(const struct cpu *now)
{
	return now->current == &now->idle && now->run_count == 0;
}

/* One to run the task, which the CPU `now` makes runnable, where not all are busy. */
static __attribute__((noinline)) struct cpu *choose_idle(const struct task *task, struct cpu *last,
                                                         struct cpu *now)
{
	unsigned long allowed = task->affinity & pv_smp_online_mask();
	bool last_allowed = allowed & last->bit;

	if (last_allowed && ((idle_cpus & last->bit) || (last == now && looks_for_work(now))))
		return last;
	if ((allowed & now->bit) && looks_for_work(now))
		return now;
	if (allowed & idle_cpus)
		return &cpus[__builtin_ctzl(allowed & idle_cpus)];
	return last_allowed ? last : &cpus[__builtin_ctzl(allowed)];
}

static struct cpu *choose(const struct task *task, struct cpu *now)
{
	struct cpu *last = task->cpu ? task->cpu : now;

	/* The most frequent case. A CPU that a task ran on stays. */
	if (idle_cpus == 0 && (task->affinity & last->bit) && now->current != &now->idle)
		return last;
	return choose_idle(task, last, now);
}

static void append(struct cpu *cpu, struct task *task)
{
	task->cpu = cpu;
	list_insert_before(&cpu->run_queue, &task->run_node);
	cpu->run_count++;
}

static void remove(struct cpu *cpu, struct task *task)
{
	list_remove(&task->run_node);
	cpu->run_count--;
}

void run_queue_add(struct task *task)
{
	struct cpu *now = cpu_now();
	struct cpu *cpu = choose(task, now);

	append(cpu, task);
	if (cpu == now) {
		if (cpu->current != &cpu->idle)
			sched_slice_request(cpu);
	} else if ((idle_cpus & cpu->bit) || cpu->run_count == 1) {
		/* It sleeps, or does not know yet that a slice has an end. */
		run_queue_set_idle(cpu, false);
		pv_smp_reschedule(cpu->id);
	}
}

void run_queue_put_back(struct cpu *cpu, struct task *task)
{
	if (task->affinity & cpu->bit)
		append(cpu, task);
	else
		run_queue_add(task);
}

void run_queue_move(struct task *task)
{
	remove(task->cpu, task);
	run_queue_add(task);
}

struct task *run_queue_take(struct cpu *cpu)
{
	struct task *task;

	if (list_empty(&cpu->run_queue))
		return NULL;
	task = list_entry(cpu->run_queue.next, struct task, run_node);
	remove(cpu, task);
	return task;
}

static struct task *first_allowed(const struct cpu *from, const struct cpu *to)
{
	struct task *task;

	list_for_each_entry (task, &from->run_queue, struct task, run_node)
		if (task->affinity & to->bit)
			return task;
	return NULL;
}

bool run_queue_pull(struct cpu *cpu, unsigned int excess)
{
	struct cpu *longest = NULL;
	struct task *found = NULL;

	for (unsigned long left = pv_smp_online_mask() & ~cpu->bit; left; left &= left - 1) {
		struct cpu *other = &cpus[__builtin_ctzl(left)];
		struct task *task;

		if (other->run_count <= (longest ? longest->run_count : cpu->run_count + excess))
			continue;
		task = first_allowed(other, cpu);
		if (task) {
			longest = other;
			found = task;
		}
	}
	if (!found)
		return false;
	remove(longest, found);
	append(cpu, found);
	return true;
}
