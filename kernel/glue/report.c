/* SPDX-License-Identifier: MIT */
/*
 * What happens, for people: see report.h. One list of lines serves /proc/pinfold/counters and
 * --stats.
 */
#include "kernel/glue/report.h"

#include "kernel/dev/stream.h"
#include "kernel/fs/vfs.h"
#include "kernel/kernel.h"
#include "kernel/mm/page.h"
#include "kernel/task/task.h"
#include "pv/boot.h"
#include "pv/smp.h"
#include "pv/time.h"

static uint64_t boot_ticks, boot_entries;

void report_boot_done(void)
{
	struct xen_counters sum;

	if (boot_ticks != 0)
		return;
	boot_ticks = pv_ticks_since_start();
	pv_counters(&sum);
	boot_entries = xen_counters_entries(&sum);
}

typedef void print_line(void *to, const char *name, uint64_t value);

static const char *hypercall_name(unsigned int number)
{
	for (const struct xen_counter_name *entry = xen_hypercall_names; entry->name; entry++)
		if (entry->number == number)
			return entry->name;
	return "other";
}

static void print_calls(void *to, print_line *print, const char *prefix, const uint64_t *counts)
{
	char name[48];

	for (unsigned int i = 0; i < XEN_HYPERCALL_COUNT; i++) {
		if (counts[i] == 0)
			continue;
		fmt_print(name, sizeof(name), "%s.%s", prefix, hypercall_name(i));
		print(to, name, counts[i]);
	}
}

static void print_batches(void *to, print_line *print, const struct xen_counters *sum)
{
	static const char *const bins[XEN_BATCH_SIZE_BINS] = {"1",    "2",     "3-4", "5-8",
	                                                      "9-16", "17-32", "more"};
	char name[48];

	for (unsigned int i = 0; i < XEN_BATCH_SIZE_BINS; i++) {
		fmt_print(name, sizeof(name), "batches.of.%s", bins[i]);
		print(to, name, sum->batch_sizes[i]);
	}
}

static void print_all(void *to, print_line *print)
{
	struct xen_counters sum;
	uint64_t stolen = 0;

	for (unsigned int cpu = 0; cpu < pv_smp_cpu_count(); cpu++)
		stolen += pv_time_stolen_ns(cpu);
	pv_counters(&sum);
	print(to, "xen.entries", xen_counters_entries(&sum));
	print_calls(to, print, "hypercall", sum.hypercalls);
	print_calls(to, print, "batched", sum.batched);
	print_batches(to, print, &sum);
	print(to, "entry.stores", sum.entry_stores);
	print(to, "entry.requests", sum.entry_requests);
	print(to, "tables.pinned", sum.tables_pinned);
	print(to, "tables.unpinned", sum.tables_unpinned);
	print(to, "tables.recycled", sum.tables_recycled);
	print(to, "tables.pooled", sum.tables_pooled);
	print(to, "flush.all", sum.flush_all);
	print(to, "flush.page", sum.flush_page);
	print(to, "space.switches", sum.space_switches);
	print(to, "spaces.evicted", sum.spaces_evicted);
	print(to, "ipi.reschedule", sum.ipi_reschedule);
	print(to, "ipi.calls", sum.ipi_calls);
	print(to, "task.switches", sched_switch_count());
	print(to, "system.calls", sum.system_calls);
	print(to, "traps", sum.traps);
	print(to, "nmis", sum.nmis);
	print(to, "upcalls", sum.upcalls);
	print(to, "events", sum.events);
	print(to, "lock.sleeps", sum.lock_sleeps);
	print(to, "lock.kicks", sum.lock_kicks);
	print(to, "patch.sites", pv_patch_counts()->sites);
	print(to, "patch.inlined", pv_patch_counts()->inlined);
	print(to, "patch.called", pv_patch_counts()->called);
	print(to, "patch.left", pv_patch_counts()->left);
	print(to, "pages.total", page_total_count());
	print(to, "pages.free", page_free_count());
	print(to, "boot.ticks", boot_ticks);
	print(to, "boot.entries", boot_entries);
	print(to, "time.ns", pv_time_monotonic_ns());
	print(to, "time.stolen.ns", stolen);
	print(to, "cpus", pv_smp_cpu_count());
}

static void print_seq(void *to, const char *name, uint64_t value)
{
	seq_printf(to, "%-28s %llu\n", name, (unsigned long long)value);
}

static void show_counters(struct seq *seq)
{
	print_all(seq, print_seq);
}

struct text {
	char *buffer;
	size_t size, len;
};

static void print_text(void *to, const char *name, uint64_t value)
{
	struct text *text = to;
	size_t room = text->size - text->len;
	int len = fmt_print(text->buffer + text->len, room, "%-28s %llu\n", name,
	                    (unsigned long long)value);

	if ((size_t)len < room)
		text->len += (size_t)len;
}

static size_t make_report(char *buffer, size_t size)
{
	struct text text = {.buffer = buffer, .size = size};

	print_all(&text, print_text);
	return text.len;
}

/* A way to see what a panic does to the whole: for the one who may. */
static long write_panic(const char *text, size_t len)
{
	panic("asked for through /proc/pinfold/panic: %.*s", (int)len, text);
}

static long write_debug_keys(const char *text, size_t len)
{
	size_t count = len > 0 && text[len - 1] == '\n' ? len - 1 : len;
	int result = pv_debug_keys(text, count);

	return result < 0 ? result : (long)len;
}

/* The number of a CPU: it gets an NMI, as from `xl trigger`. */
static long write_nmi(const char *text, size_t len)
{
	unsigned int cpu = 0;
	size_t i;

	for (i = 0; i < len && text[i] >= '0' && text[i] <= '9' && cpu < PV_CPU_COUNT_MAX; i++)
		cpu = cpu * 10 + (unsigned int)(text[i] - '0');
	if (i == 0 || (i < len && text[i] != '\n') || cpu >= pv_smp_cpu_count())
		return -EINVAL;
	return pv_smp_send_nmi(cpu) == 0 ? (long)len : -EIO;
}

void report_init(void)
{
	stream_set_report(make_report);
	if (procfs_add("pinfold/counters", 0444, show_counters, NULL) != 0 ||
	    procfs_add("pinfold/debug-keys", 0200, NULL, write_debug_keys) != 0 ||
	    procfs_add("pinfold/nmi", 0200, NULL, write_nmi) != 0 ||
	    procfs_add("pinfold/panic", 0200, NULL, write_panic) != 0)
		klog(LOG_WARNING, "/proc/pinfold is not there");
}
