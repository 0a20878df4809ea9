/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/maps, smaps and smaps_rollup: the areas of a process's memory. The first two are made
 * area by area: a process may have 65 000 of them.
 */
#include "kernel/fs/procfs.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define PATH_COLUMN      73 /* where a line has the name */
#define AREAS_PER_BREATH 256u

static void show_map_line(struct seq *seq, const struct vm_area *area, char *path)
{
	static const struct inode none;
	const struct inode *inode = area->inode != NULL ? area->inode : &none;
	size_t start = seq->len, used;
	const char *name = area->name;

	seq_printf(
	    seq, "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %llu", (unsigned long)area->start,
	    (unsigned long)area->end, (area->prot & VM_READ) != 0 ? 'r' : '-',
	    (area->prot & VM_WRITE) != 0 ? 'w' : '-', (area->prot & VM_EXEC) != 0 ? 'x' : '-',
	    (area->flags & VM_SHARED) != 0 ? 's' : 'p',
	    (unsigned long long)(area->inode != NULL ? area->offset : 0), abi_dev_major(inode->dev),
	    abi_dev_minor(inode->dev), (unsigned long long)inode->ino);
	if (name == NULL && area->inode != NULL &&
	    path_of_inode(area->inode, path, ABI_PATH_MAX) > 0)
		name = path;
	used = seq->len - start;
	if (name != NULL)
		seq_printf(seq, "%*s%s", used < PATH_COLUMN ? (int)(PATH_COLUMN - used) : 1, "",
		           name);
	seq_printf(seq, "\n");
}

/* The line of the first area that ends above *at. NULL: none, or out of memory. */
static const struct vm_area *next_line(struct seq *seq, struct task *task, uint64_t *at)
{
	const struct vm_area *area =
	    task->vm != NULL ? area_at_or_above(task->vm, (uintptr_t)*at) : NULL;
	char *path;

	if (area == NULL)
		return NULL;
	path = kmalloc(ABI_PATH_MAX);
	if (path == NULL) {
		seq->failed = true;
		return NULL;
	}
	show_map_line(seq, area, path);
	kfree(path);
	*at = area->end;
	return area;
}

bool proc_next_map(struct seq *seq, struct task *task, uint64_t *at)
{
	return next_line(seq, task, at) != NULL;
}

static void show_kib(struct seq *seq, const char *name, uint64_t bytes)
{
	seq_printf(seq, "%s:%*s%8llu kB\n", name, (int)(15 - strlen(name)), "",
	           (unsigned long long)(bytes >> 10));
}

/* What is never there (swap, huge pages, pages that may be dropped) is 0. */
static void show_usage(struct seq *seq, const struct vm_area_usage *usage, bool rollup,
                       uint64_t locked)
{
	const struct {
		const char *name;
		uint64_t bytes;
		bool rollup_only;
	} lines[] = {
	    {"Rss", usage->resident, false},
	    {"Pss", usage->proportional, false},
	    {"Pss_Anon", usage->proportional_anonymous, true},
	    {"Pss_File", usage->proportional_file, true},
	    {"Pss_Shmem", 0, true},
	    {"Shared_Clean", usage->shared_clean, false},
	    {"Shared_Dirty", usage->shared_dirty, false},
	    {"Private_Clean", usage->private_clean, false},
	    {"Private_Dirty", usage->private_dirty, false},
	    {"Referenced", usage->referenced, false},
	    {"Anonymous", usage->anonymous, false},
	    {"LazyFree", 0, false},
	    {"AnonHugePages", 0, false},
	    {"ShmemPmdMapped", 0, false},
	    {"FilePmdMapped", 0, false},
	    {"Shared_Hugetlb", 0, false},
	    {"Private_Hugetlb", 0, false},
	    {"Swap", 0, false},
	    {"SwapPss", 0, false},
	    {"Locked", locked, false},
	};

	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		if (rollup || !lines[i].rollup_only)
			show_kib(seq, lines[i].name, lines[i].bytes);
	}
}

/* Two letters each; the m ones are what the area may become. */
static void show_vm_flags(struct seq *seq, const struct vm_area *area)
{
	bool shared = (area->flags & VM_SHARED) != 0;
	const struct {
		const char *name;
		bool is;
	} flags[] = {
	    {"rd", area->prot & VM_READ},
	    {"wr", area->prot & VM_WRITE},
	    {"ex", area->prot & VM_EXEC},
	    {"sh", shared},
	    {"mr", true},
	    {"mw", (area->flags & VM_NO_WRITE) == 0},
	    {"me", true},
	    {"ms", shared},
	    {"gd", area->flags & VM_GROWS_DOWN},
	    {"lo", area->flags & VM_LOCKED},
	    {"rr", area->flags & VM_RANDOM},
	    {"dc", area->flags & VM_DONT_FORK},
	    {"nr", area->flags & VM_NO_RESERVE},
	    {"wf", area->flags & VM_WIPE_ON_FORK},
	};

	seq_printf(seq, "VmFlags:");
	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if (flags[i].is)
			seq_printf(seq, " %s", flags[i].name);
	}
	seq_printf(seq, "\n");
}

bool proc_next_smap(struct seq *seq, struct task *task, uint64_t *at)
{
	const struct vm_area *area = next_line(seq, task, at);
	struct vm_area_usage usage = {0};

	if (area == NULL)
		return false;
	vm_area_measure(task->vm, area, &usage);
	show_kib(seq, "Size", area->end - area->start);
	show_kib(seq, "KernelPageSize", PAGE_BYTES);
	show_kib(seq, "MMUPageSize", PAGE_BYTES);
	show_usage(seq, &usage, false, (area->flags & VM_LOCKED) != 0 ? usage.proportional : 0);
	seq_printf(seq, "THPeligible:%*s0\n", 11, "");
	show_vm_flags(seq, area);
	return true;
}

/* All areas, added up; others run now and then. */
static void measure_all(struct vm *vm, struct vm_area_usage *usage, uint64_t *locked)
{
	const struct vm_area *area;
	unsigned int count = 0;

	for (uintptr_t at = 0; (area = area_at_or_above(vm, at)) != NULL;) {
		uint64_t before = usage->proportional;

		vm_area_measure(vm, area, usage);
		if ((area->flags & VM_LOCKED) != 0)
			*locked += usage->proportional - before;
		at = area->end;
		if (++count % AREAS_PER_BREATH == 0)
			proc_breathe();
	}
}

void proc_show_smaps_rollup(struct seq *seq, struct task *task)
{
	struct vm *vm = task->vm;
	struct vm_area_usage usage = {0};
	uint64_t locked = 0;

	if (vm == NULL || list_empty(&vm->areas))
		return;
	seq_printf(seq, "%08lx-%08lx ---p 00000000 00:00 0%*s[rollup]\n",
	           (unsigned long)list_entry(vm->areas.next, struct vm_area, node)->start,
	           (unsigned long)list_entry(vm->areas.prev, struct vm_area, node)->end, 34, "");
	vm_get(vm);
	measure_all(vm, &usage, &locked);
	vm_put(vm);
	show_usage(seq, &usage, true, locked);
}
