/* SPDX-License-Identifier: MIT */
/* Shows: /proc/self/status: which lines there are; that the sizes of memory are real, with their
 * high-water marks, what is locked, and what is of files; signals that wait in a queue; switches;
 * and what stat and statm say of the same. */
#include "tests/suite/programs/proc-text.h"
#include <sched.h>
#include <sys/resource.h>

#define STATUS "/proc/self/status"
#define MIB    (1024ul * 1024)

static const char *const names[] = {"Name:",
                                    "Umask:",
                                    "State:",
                                    "Tgid:",
                                    "Ngid:",
                                    "Pid:",
                                    "PPid:",
                                    "TracerPid:",
                                    "Uid:",
                                    "Gid:",
                                    "FDSize:",
                                    "Groups:",
                                    "NStgid:",
                                    "NSpid:",
                                    "NSpgid:",
                                    "NSsid:",
                                    "VmPeak:",
                                    "VmSize:",
                                    "VmLck:",
                                    "VmPin:",
                                    "VmHWM:",
                                    "VmRSS:",
                                    "RssAnon:",
                                    "RssFile:",
                                    "RssShmem:",
                                    "VmData:",
                                    "VmStk:",
                                    "VmExe:",
                                    "VmLib:",
                                    "VmPTE:",
                                    "VmSwap:",
                                    "Threads:",
                                    "SigQ:",
                                    "SigPnd:",
                                    "ShdPnd:",
                                    "SigBlk:",
                                    "SigIgn:",
                                    "SigCgt:",
                                    "CapInh:",
                                    "CapPrm:",
                                    "CapEff:",
                                    "CapBnd:",
                                    "CapAmb:",
                                    "NoNewPrivs:",
                                    "Cpus_allowed:",
                                    "Cpus_allowed_list:",
                                    "Mems_allowed:",
                                    "Mems_allowed_list:",
                                    "voluntary_ctxt_switches:",
                                    "nonvoluntary_ctxt_switches:"};

static long kib(const char *name)
{
	return proc_number(STATUS, name);
}

/* Whether a size in KiB is about what is expected: Linux keeps parts of its counts for each CPU,
 * and the program's libraries take some memory on their own. */
static bool near(long value, long expected)
{
	return value >= expected - 4096 && value <= expected + 4096;
}

/* Parts that are in one text make the whole. */
static bool parts_are_whole(void)
{
	long sum = 0;

	proc_read(STATUS);
	sum += strtol(proc_find("RssAnon:"), NULL, 10);
	sum += strtol(proc_find("RssFile:"), NULL, 10);
	sum += strtol(proc_find("RssShmem:"), NULL, 10);
	return sum == strtol(proc_find("VmRSS:"), NULL, 10);
}

static void sizes(void)
{
	long size = kib("VmSize:"), resident = kib("VmRSS:"), data = kib("VmData:");
	char *memory;

	say_truth("parts make the whole", parts_are_whole());
	say_truth("no more is there than is mapped", resident <= size && kib("VmHWM:") >= resident);
	say_truth("text, stack and tables",
	          kib("VmExe:") > 0 && kib("VmStk:") > 0 && kib("VmPTE:") > 0);
	memory = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, 64 * MIB, MADV_NOHUGEPAGE);
	say("mapped: size %d, resident %d, data %d", near(kib("VmSize:") - size, 65536),
	    near(kib("VmRSS:") - resident, 0), near(kib("VmData:") - data, 65536));
	memset(memory, 1, 48 * MIB);
	say("touched: resident %d, anonymous %d", near(kib("VmRSS:") - resident, 49152),
	    kib("RssAnon:") >= 45056);
	say("statm: size %d, resident %d",
	    proc_number("/proc/self/statm", "") * 4 == kib("VmSize:"),
	    proc_stat_field("/proc/self/stat", 24) * 4 >= 45056);
	munmap(memory, 64 * MIB);
	say("unmapped: size %d, resident %d", near(kib("VmSize:") - size, 0),
	    near(kib("VmRSS:") - resident, 0));
	say("the marks stay: peak %d, resident %d", kib("VmPeak:") - size >= 65536,
	    kib("VmHWM:") - resident >= 45056);
}

/* A move has no peak of its own; memory that processes share is no anonymous memory. */
static void other_sizes(void)
{
	long peak, anonymous = kib("RssAnon:"), shared = kib("RssShmem:");
	char *memory = mmap(NULL, 96 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *place = mmap(NULL, 96 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(place, 96 * MIB);
	peak = kib("VmPeak:");
	say_truth("moved", mremap(memory, 96 * MIB, 96 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED,
	                          place) == place);
	say_truth("a move is no growth", kib("VmPeak:") == peak);
	munmap(place, 96 * MIB);
	memory = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(memory, 1, 16 * MIB);
	say("shared memory: shared %d, anonymous %d", near(kib("RssShmem:") - shared, 16384),
	    near(kib("RssAnon:") - anonymous, 0));
	munmap(memory, 16 * MIB);
}

static void locks(void)
{
	long before = kib("VmLck:");
	char *memory =
	    mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say_number("nothing is locked", before);
	say_done("mlock", mlock(memory, 16384));
	say("locked %ld", kib("VmLck:"));
	say_done("mlock of a part again", mlock(memory + 8192, 16384));
	say("locked %ld", kib("VmLck:"));
	say_done("munlock", munlock(memory + 4096, 4096));
	say("locked %ld", kib("VmLck:"));
	say_done("munlockall", munlockall());
	say("locked %ld", kib("VmLck:"));
	munmap(memory, 65536);
}

static void signals(void)
{
	sigset_t set;
	union sigval value = {.sival_int = 1};

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 5; i++)
		sigqueue(getpid(), SIGRTMIN + 1, value);
	say_truth("in the queue", kib("SigQ:") >= 5);
	say_truth("waits", proc_read(STATUS) > 0 && strstr(proc_text, "ShdPnd:\t0000000400000000"));
	for (int i = 0; i < 5; i++)
		sigwaitinfo(&set, NULL);
	say_truth("taken", proc_read(STATUS) > 0 && strstr(proc_text, "ShdPnd:\t0000000000000000"));
}

static void switches(void)
{
	long before = kib("voluntary_ctxt_switches:");
	struct rusage usage;

	for (int i = 0; i < 5; i++)
		sleep_ms(20);
	say_truth("each sleep is a switch", kib("voluntary_ctxt_switches:") >= before + 5);
	getrusage(RUSAGE_SELF, &usage);
	say_truth("as getrusage counts them", kib("voluntary_ctxt_switches:") >= usage.ru_nvcsw &&
	                                          usage.ru_nvcsw >= before + 5);
}

static void places(void)
{
	char want[64];
	cpu_set_t all, one;
	int cpu = 0;

	sched_getaffinity(0, sizeof(all), &all);
	while (!CPU_ISSET((size_t)cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	snprintf(want, sizeof(want), "\t%d\n", cpu);
	proc_read(STATUS);
	say_truth("allowed on one CPU",
	          strncmp(proc_find("Cpus_allowed_list:"), want, strlen(want)) == 0);
	sched_setaffinity(0, sizeof(all), &all);
}

int main(void)
{
	proc_read(STATUS);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!proc_find(names[i]))
			say("no line %s", names[i]);
	sizes();
	other_sizes();
	locks();
	signals();
	switches();
	places();
	say("threads %ld, traced by %ld", kib("Threads:"), kib("TracerPid:"));
	return 0;
}
