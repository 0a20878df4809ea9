/* SPDX-License-Identifier: MIT */
/*
 * The files of /proc about the machine as a whole, as far as ps, top, free, mount, uptime and C
 * libraries read them.
 */
#include "kernel/fs/procfs.h"
#include "kernel/glue/args.h"
#include "kernel/task/clock.h"
#include "kernel/task/task.h"
#include "kernel/task/uts.h"
#include "pv/boot.h"
#include "pv/smp.h"
#include "pv/time.h"

#define TICK_NS      10000000ull
#define LOAD_STEP_NS (5 * NS_PER_SEC)
#define LOAD_FIX     11 /* fraction bits of a load average */

static void show_version(struct seq *seq)
{
	seq_printf(seq, "%s version %s (pinfold) %s\n", uts_names.sysname, uts_names.release,
	           uts_names.version);
}

/* Of all CPUs. */
static struct sched_cpu_times all_times(void)
{
	struct sched_cpu_times sum = {0};

	for (unsigned long left = pv_smp_online_mask(); left; left &= left - 1) {
		struct sched_cpu_times times = sched_cpu_times((unsigned int)__builtin_ctzl(left));

		sum.user_ns += times.user_ns;
		sum.system_ns += times.system_ns;
		sum.idle_ns += times.idle_ns;
		sum.stolen_ns += times.stolen_ns;
	}
	return sum;
}

static void show_uptime(struct seq *seq)
{
	uint64_t up = pv_time_monotonic_ns(), idle = all_times().idle_ns;

	seq_printf(seq, "%llu.%02llu %llu.%02llu\n", (unsigned long long)(up / NS_PER_SEC),
	           (unsigned long long)(up / TICK_NS % 100),
	           (unsigned long long)(idle / NS_PER_SEC),
	           (unsigned long long)(idle / TICK_NS % 100));
}

/*
 * Load averages over 1, 5 and 15 minutes. They decay in steps of 5 s; the steps since the last
 * reading are made up at the next one, so that an idle machine need not wake for them. What the
 * load was in between is known from the time that the CPUs were busy; how many tasks waited for
 * one, from those that wait now.
 */
static void load_averages(uint32_t load[3])
{
	/* exp(-5/60), exp(-5/300), exp(-5/900) */
	static const uint32_t decay[3] = {1884, 2014, 2037};
	static uint32_t average[3];
	static uint64_t last_ns, last_busy_ns;
	uint64_t now = pv_time_monotonic_ns(), steps = (now - last_ns) / LOAD_STEP_NS;
	struct sched_cpu_times sum = all_times();
	uint64_t busy = sum.user_ns + sum.system_ns;

	if (steps > 0) {
		uint64_t mean = ((busy - last_busy_ns) << LOAD_FIX) / (now - last_ns);
		unsigned int running = pv_smp_cpu_count();
		unsigned int runnable = sched_runnable_count();
		uint32_t waiting = runnable > running ? runnable - running : 0;
		uint32_t active = (uint32_t)mean + (waiting << LOAD_FIX);

		last_ns += steps * LOAD_STEP_NS;
		last_busy_ns += (mean * (steps * LOAD_STEP_NS)) >> LOAD_FIX;
		/* After an hour nothing is left of what was before. */
		for (steps = MIN(steps, 3600 * NS_PER_SEC / LOAD_STEP_NS); steps > 0; steps--) {
			for (int i = 0; i < 3; i++)
				average[i] = (average[i] * decay[i] +
				              active * ((1u << LOAD_FIX) - decay[i])) >>
				             LOAD_FIX;
		}
	}
	memcpy(load, average, sizeof(average));
}

static void show_loadavg(struct seq *seq)
{
	uint32_t load[3];

	load_averages(load);
	for (int i = 0; i < 3; i++)
		seq_printf(seq, "%u.%02u ", load[i] >> LOAD_FIX,
		           ((load[i] & ((1u << LOAD_FIX) - 1)) * 100) >> LOAD_FIX);
	seq_printf(seq, "%u/%u %d\n", sched_runnable_count(), task_total_count(), pid_last());
}

/* User, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice. */
static void show_cpu_times(struct seq *seq, const char *name, const struct sched_cpu_times *times)
{
	seq_printf(seq, "cpu%s %llu 0 %llu %llu 0 0 0 %llu 0 0\n", name,
	           (unsigned long long)(times->user_ns / TICK_NS),
	           (unsigned long long)(times->system_ns / TICK_NS),
	           (unsigned long long)(times->idle_ns / TICK_NS),
	           (unsigned long long)(times->stolen_ns / TICK_NS));
}

static uint64_t interrupt_total(void)
{
	uint64_t total = 0;

	for (unsigned long left = pv_smp_online_mask(); left; left &= left - 1)
		total += pv_counters_of((unsigned int)__builtin_ctzl(left))->upcalls;
	return total;
}

/* Tasks in a sleep that no signal ends. */
static unsigned int blocked_count(void)
{
	const struct process *process;
	unsigned int count = 0;

	list_for_each_entry (process, &process_all, struct process, all_node) {
		const struct task *task;

		list_for_each_entry (task, &process->tasks, struct task, process_node)
			count += task->state == TASK_BLOCKED;
	}
	return count;
}

static void show_stat(struct seq *seq)
{
	uint64_t up = pv_time_monotonic_ns();
	struct sched_cpu_times sum = all_times();

	show_cpu_times(seq, " ", &sum);
	for (unsigned long left = pv_smp_online_mask(); left; left &= left - 1) {
		struct sched_cpu_times times = sched_cpu_times((unsigned int)__builtin_ctzl(left));
		char name[8];

		fmt_print(name, sizeof(name), "%u", (unsigned int)__builtin_ctzl(left));
		show_cpu_times(seq, name, &times);
	}
	seq_printf(seq, "intr %llu\nctxt %llu\nbtime %llu\nprocesses %llu\n",
	           (unsigned long long)interrupt_total(), (unsigned long long)sched_switch_count(),
	           (unsigned long long)((clock_realtime_ns() - up) / NS_PER_SEC),
	           (unsigned long long)task_made_count());
	seq_printf(seq, "procs_running %u\nprocs_blocked %u\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
	           sched_runnable_count(), blocked_count());
}

static void show_filesystems(struct seq *seq)
{
	seq_printf(seq, "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tramfs\n");
}

static void show_cmdline(struct seq *seq)
{
	seq_printf(seq, "%s\n", kernel_command_line());
}

static void show_devices(struct seq *seq)
{
	seq_printf(seq, "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n"
	                "  5 /dev/ptmx\n136 pts\n\n"
	                "Block devices:\n");
}

static void show_partitions(struct seq *seq)
{
	seq_printf(seq, "major minor  #blocks  name\n\n");
}

static void show_nothing(struct seq *seq)
{
	(void)seq;
}

/* By kind: Xen makes one upcall for whatever has happened, and calls of other CPUs come with it. */
static void show_interrupts(struct seq *seq)
{
	unsigned long online = pv_smp_online_mask();

	seq_printf(seq, "    ");
	for (unsigned long left = online; left; left &= left - 1)
		seq_printf(seq, "       CPU%-2u", (unsigned int)__builtin_ctzl(left));
	seq_printf(seq, "\nEVT:");
	for (unsigned long left = online; left; left &= left - 1) {
		const struct xen_counters *counters =
		    pv_counters_of((unsigned int)__builtin_ctzl(left));

		seq_printf(seq, " %11llu", (unsigned long long)counters->upcalls);
	}
	seq_printf(seq, "   Xen upcalls\nCAL:");
	for (unsigned long left = online; left; left &= left - 1) {
		const struct xen_counters *counters =
		    pv_counters_of((unsigned int)__builtin_ctzl(left));

		seq_printf(seq, " %11llu", (unsigned long long)counters->ipi_calls_taken);
	}
	seq_printf(seq, "   Function call interrupts\n");
}

int proc_system_init(struct proc_entry *root)
{
	static const struct proc_tree_file files[] = {
	    {.path = "version", .show = show_version},
	    {.path = "uptime", .show = show_uptime},
	    {.path = "loadavg", .show = show_loadavg},
	    {.path = "stat", .show = show_stat},
	    {.path = "interrupts", .show = show_interrupts},
	    {.path = "filesystems", .show = show_filesystems},
	    {.path = "cmdline", .show = show_cmdline},
	    {.path = "devices", .show = show_devices},
	    {.path = "partitions", .show = show_partitions},
	    {.path = "modules", .show = show_nothing},
	    {.path = "diskstats", .show = show_nothing},
	};

	return proc_tree_add_files(root, files, ARRAY_COUNT(files));
}
