/* SPDX-License-Identifier: MIT */
/*
 * The files of /proc about the machine's memory. Nothing is ever paged out or written back, and no
 * list tells pages that were used lately from others: what there is of such is 0.
 */
#include "kernel/fs/procfs.h"
#include "kernel/fs/ramfs.h"
#include "kernel/task/task.h"
#include "pv/boot.h"

static void show_memory_line(struct seq *seq, const char *name, uint64_t pages)
{
	seq_printf(seq, "%s:%*s%8llu kB\n", name, (int)(15 - strlen(name)), "",
	           (unsigned long long)(pages << (PAGE_SHIFT - 10)));
}

/* Frames that are page tables, or kept to be. */
static uint64_t table_pages(void)
{
	struct xen_counters sum;

	pv_counters(&sum);
	return sum.tables_pinned - sum.tables_unpinned;
}

static uint64_t stack_pages(void)
{
	return (uint64_t)task_total_count() << KERNEL_STACK_ORDER;
}

static void show_meminfo(struct seq *seq)
{
	uint64_t free = page_free_count(), cached = ramfs_page_count();
	const struct {
		const char *name;
		uint64_t pages;
	} lines[] = {
	    {"MemTotal", page_total_count()},
	    {"MemFree", free},
	    {"MemAvailable", free},
	    {"Buffers", 0},
	    {"Cached", cached},
	    {"SwapCached", 0},
	    {"Active", 0},
	    {"Inactive", 0},
	    {"Unevictable", 0},
	    {"SwapTotal", 0},
	    {"SwapFree", 0},
	    {"Dirty", 0},
	    {"Writeback", 0},
	    {"Shmem", cached},
	    {"KReclaimable", 0},
	    {"Slab", kmalloc_page_count()},
	    {"SReclaimable", 0},
	    {"SUnreclaim", kmalloc_page_count()},
	    {"KernelStack", stack_pages()},
	    {"PageTables", table_pages()},
	    {"AnonHugePages", 0},
	    {"ShmemHugePages", 0},
	};

	for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
		show_memory_line(seq, lines[i].name, lines[i].pages);
	seq_printf(seq, "HugePages_Total:       0\nHugePages_Free:        0\n"
	                "HugePages_Rsvd:        0\nHugePages_Surp:        0\n"
	                "Hugepagesize:       2048 kB\n");
}

/* Faults of all processes that there are and were: those that have ended are counted by their
 * parents. */
static void fault_counts(uint64_t *minor, uint64_t *major)
{
	const struct process *process;

	*minor = *major = 0;
	list_for_each_entry (process, &process_all, struct process, all_node) {
		struct abi_rusage_times times;

		process_times(process, &times);
		*minor += times.minor_faults + process->children_times.minor_faults;
		*major += times.major_faults + process->children_times.major_faults;
	}
}

static void show_vmstat(struct seq *seq)
{
	uint64_t minor, major;

	fault_counts(&minor, &major);
	const struct {
		const char *name;
		uint64_t value;
	} lines[] = {
	    {"nr_free_pages", page_free_count()},
	    {"nr_unevictable", 0},
	    {"nr_file_pages", ramfs_page_count()},
	    {"nr_dirty", 0},
	    {"nr_writeback", 0},
	    {"nr_slab_reclaimable", 0},
	    {"nr_slab_unreclaimable", kmalloc_page_count()},
	    {"nr_shmem", ramfs_page_count()},
	    {"nr_page_table_pages", table_pages()},
	    {"nr_kernel_stack", stack_pages() << (PAGE_SHIFT - 10)},
	    {"pgpgin", 0},
	    {"pgpgout", 0},
	    {"pswpin", 0},
	    {"pswpout", 0},
	    {"pgfault", minor + major},
	    {"pgmajfault", major},
	};

	for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
		seq_printf(seq, "%s %llu\n", lines[i].name, (unsigned long long)lines[i].value);
}

static void show_zoneinfo(struct seq *seq)
{
	seq_printf(seq, "Node 0, zone   Normal\n  pages free     %llu\n",
	           (unsigned long long)page_free_count());
	seq_printf(seq, "        spanned  %llu\n        present  %llu\n        managed  %llu\n",
	           (unsigned long long)page_total_count(), (unsigned long long)page_total_count(),
	           (unsigned long long)page_managed_count());
}

static void show_buddyinfo(struct seq *seq)
{
	seq_printf(seq, "Node 0, zone   Normal ");
	for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++)
		seq_printf(seq, "%6llu ", (unsigned long long)page_free_blocks(order));
	seq_printf(seq, "\n");
}

static void show_swaps(struct seq *seq)
{
	seq_printf(seq, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

int proc_meminfo_init(struct proc_entry *root)
{
	static const struct proc_tree_file files[] = {
	    {.path = "meminfo", .show = show_meminfo},
	    {.path = "vmstat", .show = show_vmstat},
	    {.path = "zoneinfo", .show = show_zoneinfo},
	    {.path = "buddyinfo", .show = show_buddyinfo},
	    {.path = "swaps", .show = show_swaps},
	};

	return proc_tree_add_files(root, files, ARRAY_COUNT(files));
}
