/* SPDX-License-Identifier: MIT */
/* Shows: /proc about the machine: which files there are, that the numbers in stat, interrupts,
 * loadavg, meminfo and vmstat move as they should and agree with the calls that say the same, the
 * limits of /proc/sys, and what /sys says of the CPUs. */
#include "tests/suite/programs/proc-text.h"
#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static const char *const names[] = {
    "/proc/buddyinfo",
    "/proc/cmdline",
    "/proc/cpuinfo",
    "/proc/devices",
    "/proc/filesystems",
    "/proc/interrupts",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/mounts",
    "/proc/partitions",
    "/proc/self",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys/fs/file-max",
    "/proc/sys/fs/nr_open",
    "/proc/sys/fs/pipe-max-size",
    "/proc/sys/fs/pipe-user-pages-soft",
    "/proc/sys/kernel/cap_last_cap",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/ngroups_max",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/ostype",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/kernel/random/boot_id",
    "/proc/sys/kernel/random/entropy_avail",
    "/proc/sys/kernel/random/poolsize",
    "/proc/sys/kernel/random/uuid",
    "/proc/sys/kernel/randomize_va_space",
    "/proc/sys/kernel/tainted",
    "/proc/sys/kernel/threads-max",
    "/proc/sys/vm/max_map_count",
    "/proc/sys/vm/mmap_min_addr",
    "/proc/sys/vm/overcommit_memory",
    "/proc/uptime",
    "/proc/version",
    "/proc/vmstat",
    "/proc/zoneinfo",
};

/* Of the line "cpu " the field, in ticks. */
static long cpu_ticks(int field)
{
	char *at;

	proc_read("/proc/stat");
	at = proc_text + 4;
	for (int i = 0; i < field; i++)
		strtol(at, &at, 10);
	return strtol(at, NULL, 10);
}

static void stat_file(void)
{
	long before = cpu_ticks(0) + cpu_ticks(1), switches, processes;
	int lines = 0, cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	time_t boot = (time_t)proc_number("/proc/stat", "btime");
	struct timespec up;

	for (int cpu = 0; cpu < 4096; cpu++) {
		char key[16];

		snprintf(key, sizeof(key), "cpu%d ", cpu);
		lines += proc_find(key) != NULL;
	}
	say_truth("a line for each CPU", lines == cpus);
	for (clock_t end = clock() + CLOCKS_PER_SEC / 10; clock() < end;)
		;
	say_truth("user time passes", cpu_ticks(0) + cpu_ticks(1) > before);
	clock_gettime(CLOCK_BOOTTIME, &up);
	say_truth("time of the boot", labs(time(NULL) - up.tv_sec - boot) <= 2);
	switches = proc_number("/proc/stat", "ctxt");
	processes = proc_number("/proc/stat", "processes");
	for (int i = 0; i < 3; i++) {
		if (fork() == 0)
			_exit(0);
		wait(NULL);
	}
	say_truth("switches are counted", proc_number("/proc/stat", "ctxt") > switches);
	say_truth("processes are counted", proc_number("/proc/stat", "processes") >= processes + 3);
	say_truth("one runs", proc_number("/proc/stat", "procs_running") >= 1);
	say_truth("interrupts are counted", proc_number("/proc/stat", "intr") > 0);
	proc_read("/proc/interrupts");
	say_truth("and told by CPU", strstr(proc_text, "CPU0") && strchr(proc_text, ':'));
}

static void memory(void)
{
	static const char *const keys[] = {
	    "MemTotal:", "MemFree:",     "MemAvailable:", "Buffers:",
	    "Cached:",   "SwapTotal:",   "SwapFree:",     "Shmem:",
	    "Slab:",     "KernelStack:", "PageTables:",   "HugePages_Total:"};
	struct sysinfo info;
	long faults = proc_number("/proc/vmstat", "pgfault ");
	volatile char *pages =
	    mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		say("%s %d", keys[i], proc_number("/proc/meminfo", keys[i]) >= 0);
	sysinfo(&info);
	say_truth("as sysinfo has it", labs(proc_number("/proc/meminfo", "MemTotal:") -
	                                    (long)(info.totalram * info.mem_unit / 1024)) < 16);
	for (int i = 0; i < 1 << 20; i += 4096)
		pages[i] = 1;
	say_truth("faults are counted", proc_number("/proc/vmstat", "pgfault ") > faults);
	say_truth("free pages", proc_number("/proc/vmstat", "nr_free_pages ") > 0);
	proc_read("/proc/buddyinfo");
	say_truth("a zone with free blocks", strncmp(proc_text, "Node 0, zone ", 13) == 0);
	proc_read("/proc/zoneinfo");
	say_truth("zones", strncmp(proc_text, "Node 0, zone ", 13) == 0 &&
	                       strstr(proc_text, "pages free") && strstr(proc_text, "managed"));
}

static void limits(void)
{
	struct utsname name;
	char first[64];

	say("ngroups_max %ld", proc_number("/proc/sys/kernel/ngroups_max", ""));
	say_truth("mmap_min_addr", proc_number("/proc/sys/vm/mmap_min_addr", "") >= 4096);
	say_truth("pipe-max-size", proc_number("/proc/sys/fs/pipe-max-size", "") >= 65536);
	say_truth("threads-max", proc_number("/proc/sys/kernel/threads-max", "") > 10);
	say_truth("pid_max", proc_number("/proc/sys/kernel/pid_max", "") >= 32768);
	say_truth("nr_open", proc_number("/proc/sys/fs/nr_open", "") >= 1024);
	say_truth("max_map_count", proc_number("/proc/sys/vm/max_map_count", "") >= 65530);
	uname(&name);
	proc_read("/proc/sys/kernel/osrelease");
	say_truth("release", strcmp(strtok(proc_text, "\n"), name.release) == 0);
	proc_read("/proc/sys/kernel/random/uuid");
	memcpy(first, proc_text, 37);
	proc_read("/proc/sys/kernel/random/uuid");
	say("uuid: length %zu, version %c, differs %d", strlen(proc_text), proc_text[14],
	    memcmp(first, proc_text, 37) != 0);
	proc_read("/proc/sys/kernel/random/boot_id");
	memcpy(first, proc_text, 37);
	proc_read("/proc/sys/kernel/random/boot_id");
	say("boot_id: length %zu, differs %d", strlen(proc_text),
	    memcmp(first, proc_text, 37) != 0);
}

/* A list of numbers and ranges has so many. */
static int in_list(const char *path)
{
	int count = 0;
	char *at = proc_text;

	if (proc_read(path) <= 0)
		return -1;
	while (*at && *at != '\n') {
		long first = strtol(at, &at, 10), last = first;

		if (*at == '-')
			last = strtol(at + 1, &at, 10);
		count += (int)(last - first + 1);
		at += *at == ',';
	}
	return count;
}

static void cpus(void)
{
	int online = (int)sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long page_bytes;

	say_truth("online", in_list("/sys/devices/system/cpu/online") == online);
	say_truth("present", in_list("/sys/devices/system/cpu/present") >= online);
	say_truth("possible", in_list("/sys/devices/system/cpu/possible") >=
	                          in_list("/sys/devices/system/cpu/present"));
	say_truth("the first one",
	          access("/sys/devices/system/cpu/cpu0/topology/core_id", R_OK) == 0);
	say_truth("siblings",
	          in_list("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list") >= 1);
	proc_read("/sys/kernel/mm/transparent_hugepage/enabled");
	say_truth("huge pages", strchr(proc_text, '[') && strstr(proc_text, "never"));
	page_bytes =
	    (unsigned long)proc_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "");
	say("of %lu", page_bytes);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (access(names[i], F_OK))
			say("no %s", names[i]);
	stat_file();
	memory();
	limits();
	cpus();
	return 0;
}
