/* SPDX-License-Identifier: MIT */
/*
 * The tree of sysfs: the CPUs, and the few switches and names that programs look for. There are no
 * devices, buses and drivers.
 */
#include "kernel/fs/procfs.h"
#include "pv/smp.h"

#define PMD_BYTES (2ul << 20)

static unsigned long all_cpus(void)
{
	unsigned int count = pv_smp_cpu_count();

	return count < 64 ? (1ul << count) - 1 : ~0ul;
}

static void show_online(struct seq *seq)
{
	seq_bit_list(seq, pv_smp_online_mask());
}

static void show_offline(struct seq *seq)
{
	seq_bit_list(seq, all_cpus() & ~pv_smp_online_mask());
}

static void show_all(struct seq *seq)
{
	seq_bit_list(seq, all_cpus());
}

static void show_this(struct seq *seq)
{
	seq_bit_list(seq, 1ul << seq->value);
}

static void show_is_online(struct seq *seq)
{
	seq_printf(seq, "%d\n", (pv_smp_online_mask() >> seq->value & 1) != 0);
}

static void show_huge_pages(struct seq *seq)
{
	seq_printf(seq, "always madvise [never]\n");
}

static void show_xen(struct seq *seq)
{
	seq_printf(seq, "xen\n");
}

static const struct proc_tree_file fixed_files[] = {
    {.path = "devices/system/cpu/online", .show = show_online},
    {.path = "devices/system/cpu/offline", .show = show_offline},
    {.path = "devices/system/cpu/possible", .show = show_all},
    {.path = "devices/system/cpu/present", .show = show_all},
    {.path = "devices/system/cpu/kernel_max",
     .show = proc_show_value,
     .value = PV_CPU_COUNT_MAX - 1},
    {.path = "devices/system/node/online", .show = proc_show_value},
    {.path = "devices/system/node/possible", .show = proc_show_value},
    {.path = "hypervisor/type", .show = show_xen},
    {.path = "kernel/mm/transparent_hugepage/enabled", .show = show_huge_pages},
    {.path = "kernel/mm/transparent_hugepage/hpage_pmd_size",
     .show = proc_show_value,
     .value = PMD_BYTES},
};

/* Each virtual CPU is a core of one package, and the only one of its core. */
static const struct proc_tree_file cpu_files[] = {
    {.path = "online", .show = show_is_online},
    {.path = "topology/core_id", .show = proc_show_value},
    {.path = "topology/core_cpus_list", .show = show_this},
    {.path = "topology/core_siblings_list", .show = show_all},
    {.path = "topology/package_cpus_list", .show = show_all},
    {.path = "topology/thread_siblings_list", .show = show_this},
};

static const struct proc_tree_file package_file = {.path = "topology/physical_package_id",
                                                   .show = proc_show_value};

static int add_cpu_file(struct proc_entry *root, unsigned int cpu,
                        const struct proc_tree_file *file, uint64_t value)
{
	const struct proc_entry model = {
	    .mode = ABI_S_IFREG | 0444, .show = file->show, .value = value};
	char *path = kmalloc(80);

	if (path == NULL)
		return -ENOMEM;
	fmt_print(path, 80, "devices/system/cpu/cpu%u/%s", cpu, file->path);
	return proc_tree_add(root, path, &model);
}

int sysfs_init(struct proc_entry *root)
{
	int result = proc_tree_add_files(root, fixed_files, ARRAY_COUNT(fixed_files));

	for (unsigned int cpu = 0; cpu < pv_smp_cpu_count() && result == 0; cpu++) {
		for (size_t i = 0; i < ARRAY_COUNT(cpu_files) && result == 0; i++)
			result = add_cpu_file(root, cpu, &cpu_files[i], cpu);
		if (result == 0)
			result = add_cpu_file(root, cpu, &package_file, 0);
	}
	return result;
}
