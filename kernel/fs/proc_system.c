/* SPDX-License-Identifier: MIT */
/*
 * The files of /proc about the machine as a whole, as far as ps, top, free, mount, uptime and C
 * libraries read them.
 */
#include "kernel/fs/procfs.h"
#include "kernel/fs/ramfs.h"
#include "kernel/glue/args.h"
#include "kernel/task/clock.h"
#include "kernel/task/task.h"
#include "kernel/task/uts.h"
#include "lib/rng.h"
#include "pv/cpu.h"
#include "pv/smp.h"
#include "pv/time.h"

#define TICK_NS      10000000ull
#define PID_MAX      32768
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
 * reading are made up at the next one, with the number of runnable tasks it finds, so that an idle
 * machine need not wake for them.
 */
static void load_averages(uint32_t load[3])
{
	/* exp(-5/60), exp(-5/300), exp(-5/900) */
	static const uint32_t decay[3] = {1884, 2014, 2037};
	static uint32_t average[3];
	static uint64_t last_ns;
	uint64_t now = pv_time_monotonic_ns();
	uint32_t active = sched_runnable_count() << LOAD_FIX;

	/* After an hour nothing is left of what was before. */
	if (now - last_ns > 3600 * NS_PER_SEC)
		last_ns = now - 3600 * NS_PER_SEC;
	for (; now - last_ns >= LOAD_STEP_NS; last_ns += LOAD_STEP_NS) {
		for (int i = 0; i < 3; i++)
			average[i] =
			    (average[i] * decay[i] + active * ((1u << LOAD_FIX) - decay[i])) >>
			    LOAD_FIX;
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
	seq_printf(seq, "intr 0\nctxt %llu\nbtime %llu\nprocesses %d\n",
	           (unsigned long long)sched_switch_count(),
	           (unsigned long long)((clock_realtime_ns() - up) / NS_PER_SEC), pid_last());
	seq_printf(seq, "procs_running %u\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
	           sched_runnable_count());
}

static void show_memory_line(struct seq *seq, const char *name, uint64_t pages)
{
	seq_printf(seq, "%s:%*s%8llu kB\n", name, (int)(15 - strlen(name)), "",
	           (unsigned long long)(pages << (PAGE_SHIFT - 10)));
}

static void show_meminfo(struct seq *seq)
{
	uint64_t total = page_total_count(), free = page_free_count();
	uint64_t cached = ramfs_page_count();
	const struct {
		const char *name;
		uint64_t pages;
	} lines[] = {
	    {"MemTotal", total}, {"MemFree", free}, {"MemAvailable", free}, {"Buffers", 0},
	    {"Cached", cached},  {"SwapCached", 0}, {"Active", 0},          {"Inactive", 0},
	    {"Unevictable", 0},  {"Mlocked", 0},    {"SwapTotal", 0},       {"SwapFree", 0},
	    {"Dirty", 0},        {"Writeback", 0},  {"Mapped", 0},          {"Shmem", cached},
	    {"SReclaimable", 0}, {"Slab", 0},       {"SUnreclaim", 0},
	};

	for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
		show_memory_line(seq, lines[i].name, lines[i].pages);
}

/* The CPU's name as CPUID gives it, without the blanks around it. */
static void cpu_model_name(char name[49])
{
	uint32_t words[12] = {0};
	size_t from = 0, len;

	if (pv_cpuid(0x80000000u, 0).eax >= 0x80000004u) {
		for (size_t i = 0; i < 3; i++) {
			struct pv_cpuid id = pv_cpuid(0x80000002u + (uint32_t)i, 0);

			words[i * 4] = id.eax;
			words[i * 4 + 1] = id.ebx;
			words[i * 4 + 2] = id.ecx;
			words[i * 4 + 3] = id.edx;
		}
	}
	memcpy(name, words, sizeof(words));
	name[48] = 0;
	while (name[from] == ' ')
		from++;
	len = strlen(name + from);
	memmove(name, name + from, len + 1);
	while (len > 0 && name[len - 1] == ' ')
		name[--len] = 0;
}

/* Names of feature bits, as Linux calls them, by CPUID register. */
struct cpu_feature {
	uint8_t word; /* of feature_words() */
	uint8_t bit;
	const char *name;
};

static const struct cpu_feature cpu_features[] = {
    {0, 0, "fpu"},       {0, 4, "tsc"},         {0, 5, "msr"},      {0, 6, "pae"},
    {0, 8, "cx8"},       {0, 15, "cmov"},       {0, 19, "clflush"}, {0, 23, "mmx"},
    {0, 24, "fxsr"},     {0, 25, "sse"},        {0, 26, "sse2"},    {3, 11, "syscall"},
    {3, 20, "nx"},       {3, 27, "rdtscp"},     {3, 29, "lm"},      {1, 0, "pni"},
    {1, 1, "pclmulqdq"}, {1, 9, "ssse3"},       {1, 12, "fma"},     {1, 13, "cx16"},
    {1, 19, "sse4_1"},   {1, 20, "sse4_2"},     {1, 22, "movbe"},   {1, 23, "popcnt"},
    {1, 25, "aes"},      {1, 26, "xsave"},      {1, 28, "avx"},     {1, 29, "f16c"},
    {1, 30, "rdrand"},   {1, 31, "hypervisor"}, {4, 0, "lahf_lm"},  {4, 5, "abm"},
    {2, 0, "fsgsbase"},  {2, 3, "bmi1"},        {2, 5, "avx2"},     {2, 8, "bmi2"},
    {2, 9, "erms"},      {2, 16, "avx512f"},    {2, 18, "rdseed"},  {2, 19, "adx"},
};

static void feature_words(uint32_t words[5])
{
	struct pv_cpuid base = pv_cpuid(1, 0), extended = pv_cpuid(0x80000001u, 0);

	words[0] = base.edx;
	words[1] = base.ecx;
	words[2] = pv_cpuid(0, 0).eax >= 7 ? pv_cpuid(7, 0).ebx : 0;
	words[3] = extended.edx;
	words[4] = extended.ecx;
}

static void show_cpu_flags(struct seq *seq)
{
	uint32_t words[5];

	feature_words(words);
	seq_printf(seq, "flags\t\t:");
	for (size_t i = 0; i < ARRAY_COUNT(cpu_features); i++) {
		if ((words[cpu_features[i].word] >> cpu_features[i].bit & 1) != 0)
			seq_printf(seq, " %s", cpu_features[i].name);
	}
	seq_printf(seq, "\n\n");
}

static void show_cpu(struct seq *seq, unsigned int cpu)
{
	struct pv_cpuid vendor = pv_cpuid(0, 0), version = pv_cpuid(1, 0);
	uint32_t family = (version.eax >> 8) & 15, model = (version.eax >> 4) & 15;
	char vendor_name[13], name[49];

	memcpy(vendor_name, &vendor.ebx, 4);
	memcpy(vendor_name + 4, &vendor.edx, 4);
	memcpy(vendor_name + 8, &vendor.ecx, 4);
	vendor_name[12] = 0;
	if (family == 6 || family == 15)
		model |= (version.eax >> 12) & 0xf0;
	if (family == 15)
		family += (version.eax >> 20) & 0xff;
	cpu_model_name(name);
	seq_printf(seq, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", cpu,
	           vendor_name, family, model);
	seq_printf(seq, "model name\t: %s\nstepping\t: %u\nphysical id\t: 0\nsiblings\t: %u\n",
	           name, version.eax & 15, pv_smp_cpu_count());
	seq_printf(seq, "core id\t\t: %u\ncpu cores\t: %u\nfpu\t\t: yes\nfpu_exception\t: yes\n",
	           cpu, pv_smp_cpu_count());
	seq_printf(seq, "wp\t\t: yes\n");
	show_cpu_flags(seq);
}

static void show_cpuinfo(struct seq *seq)
{
	for (unsigned long left = pv_smp_online_mask(); left; left &= left - 1)
		show_cpu(seq, (unsigned int)__builtin_ctzl(left));
}

void proc_show_mounts(struct seq *seq)
{
	struct filesystem *fs;

	list_for_each_entry (fs, &filesystem_all, struct filesystem, node) {
		char path[256];

		if (path_of_directory(fs->root, path, sizeof(path)) > 0)
			seq_printf(seq, "%s %s %s %s,relatime 0 0\n", fs->source, path, fs->type,
			           (fs->flags & ABI_MS_RDONLY) != 0 ? "ro" : "rw");
	}
}

static void show_filesystems(struct seq *seq)
{
	seq_printf(seq, "nodev\tproc\nnodev\ttmpfs\nnodev\tramfs\nnodev\tdevtmpfs\n");
}

static void show_cmdline(struct seq *seq)
{
	seq_printf(seq, "%s\n", kernel_command_line());
}

static void show_devices(struct seq *seq)
{
	seq_printf(seq, "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n\n"
	                "Block devices:\n");
}

static void show_swaps(struct seq *seq)
{
	seq_printf(seq, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

static void show_partitions(struct seq *seq)
{
	seq_printf(seq, "major minor  #blocks  name\n\n");
}

static void show_nothing(struct seq *seq)
{
	(void)seq;
}

static void show_ostype(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.sysname);
}

static void show_osrelease(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.release);
}

static void show_osversion(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.version);
}

static void show_hostname(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.nodename);
}

static long write_hostname(const char *text, size_t len)
{
	size_t bytes = len;

	if (process_uid() != 0)
		return -EPERM;
	if (bytes > 0 && text[bytes - 1] == '\n')
		bytes--;
	bytes = MIN(bytes, sizeof(uts_names.nodename) - 1);
	memcpy(uts_names.nodename, text, bytes);
	uts_names.nodename[bytes] = 0;
	return (long)len;
}

static void show_domainname(struct seq *seq)
{
	seq_printf(seq, "%s\n", uts_names.domainname);
}

static void show_pid_max(struct seq *seq)
{
	seq_printf(seq, "%d\n", PID_MAX);
}

/* Version 4, variant 1. */
static void show_uuid_of(struct seq *seq, const uint8_t bytes[16])
{
	static const uint8_t group_bytes[5] = {4, 2, 2, 2, 6};
	size_t at = 0;

	for (size_t group = 0; group < ARRAY_COUNT(group_bytes); group++) {
		if (group > 0)
			seq_printf(seq, "-");
		for (uint8_t i = 0; i < group_bytes[group]; i++, at++) {
			unsigned int byte = bytes[at];

			if (at == 6)
				byte = (byte & 0x0f) | 0x40;
			if (at == 8)
				byte = (byte & 0x3f) | 0x80;
			seq_printf(seq, "%02x", byte);
		}
	}
	seq_printf(seq, "\n");
}

static void show_uuid(struct seq *seq)
{
	uint8_t bytes[16];

	rng_bytes(bytes, sizeof(bytes));
	show_uuid_of(seq, bytes);
}

static void show_boot_id(struct seq *seq)
{
	static uint8_t bytes[16];
	static bool made;

	if (!made)
		rng_bytes(bytes, sizeof(bytes));
	made = true;
	show_uuid_of(seq, bytes);
}

static void show_256(struct seq *seq)
{
	seq_printf(seq, "256\n");
}

static void show_layout_random(struct seq *seq)
{
	seq_printf(seq, "%d\n", kernel_arg_flag("noaslr") ? 0 : 2);
}

static void show_core_pattern(struct seq *seq)
{
	seq_printf(seq, "core\n");
}

static void show_last_capability(struct seq *seq)
{
	seq_printf(seq, "40\n");
}

static void show_overcommit(struct seq *seq)
{
	seq_printf(seq, "0\n");
}

static void show_pipe_max(struct seq *seq)
{
	seq_printf(seq, "1048576\n");
}

static void show_65536(struct seq *seq)
{
	seq_printf(seq, "65536\n");
}

int proc_system_init(void)
{
	static const struct {
		const char *path;
		void (*show)(struct seq *seq);
		long (*write)(const char *text, size_t len);
	} files[] = {
	    {"version", show_version, NULL},
	    {"uptime", show_uptime, NULL},
	    {"loadavg", show_loadavg, NULL},
	    {"stat", show_stat, NULL},
	    {"meminfo", show_meminfo, NULL},
	    {"cpuinfo", show_cpuinfo, NULL},
	    {"filesystems", show_filesystems, NULL},
	    {"cmdline", show_cmdline, NULL},
	    {"devices", show_devices, NULL},
	    {"swaps", show_swaps, NULL},
	    {"partitions", show_partitions, NULL},
	    {"modules", show_nothing, NULL},
	    {"diskstats", show_nothing, NULL},
	    {"sys/kernel/ostype", show_ostype, NULL},
	    {"sys/kernel/osrelease", show_osrelease, NULL},
	    {"sys/kernel/version", show_osversion, NULL},
	    {"sys/kernel/hostname", show_hostname, write_hostname},
	    {"sys/kernel/domainname", show_domainname, NULL},
	    {"sys/kernel/pid_max", show_pid_max, NULL},
	    {"sys/kernel/ngroups_max", show_65536, NULL},
	    {"sys/kernel/cap_last_cap", show_last_capability, NULL},
	    {"sys/kernel/core_pattern", show_core_pattern, NULL},
	    {"sys/kernel/randomize_va_space", show_layout_random, NULL},
	    {"sys/kernel/random/uuid", show_uuid, NULL},
	    {"sys/kernel/random/boot_id", show_boot_id, NULL},
	    {"sys/kernel/random/entropy_avail", show_256, NULL},
	    {"sys/kernel/random/poolsize", show_256, NULL},
	    {"sys/vm/overcommit_memory", show_overcommit, NULL},
	    {"sys/vm/mmap_min_addr", show_65536, NULL},
	    {"sys/fs/pipe-max-size", show_pipe_max, NULL},
	};

	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		int result = procfs_add(files[i].path, files[i].write != NULL ? 0644 : 0444,
		                        files[i].show, files[i].write);

		if (result != 0)
			return result;
	}
	return 0;
}
