/* SPDX-License-Identifier: MIT */
/* Shows: small calls: prctl name, getrandom, sysinfo, getcpu, sched_yield, affinity, rusage,
 * uname's constant parts, getpid family, priority. */
#include "tests/suite/programs/say.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static void names(void)
{
	char name[17] = "";

	prctl(PR_GET_NAME, name);
	say("name %s", name);
	say_number("PR_SET_NAME", prctl(PR_SET_NAME, "a name that is too long"));
	prctl(PR_GET_NAME, name);
	say("name %s", name);
	say_number("PR_GET_DUMPABLE", prctl(PR_GET_DUMPABLE));
	say_number("PR_SET_PDEATHSIG", prctl(PR_SET_PDEATHSIG, SIGTERM));
}

static void randoms(void)
{
	unsigned char one[64], two[64];
	unsigned int bits = 0, i;

	say_number("getrandom", getrandom(one, sizeof(one), 0));
	say_number("getrandom", getrandom(two, sizeof(two), GRND_NONBLOCK));
	for (i = 0; i < sizeof(one); i++)
		bits += (unsigned int)__builtin_popcount(one[i]);
	say_truth("looks random", memcmp(one, two, sizeof(one)) && bits > 150 && bits < 362);
	say_number("getrandom of nothing", getrandom(one, 0, 0));
}

static void usage(void)
{
	struct rusage self, children;
	volatile char *area = malloc(1 << 20);
	int i;

	for (i = 0; i < 1 << 20; i += 4096)
		area[i] = 1;
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	/* The child may have ended before it was waited for. */
	usleep(20000);
	say_number("getrusage", getrusage(RUSAGE_SELF, &self));
	say_number("of children", getrusage(RUSAGE_CHILDREN, &children));
	/* One may bring several pages. */
	say_truth("page faults counted", self.ru_minflt >= 256 / 8);
	say_truth("memory counted", self.ru_maxrss >= 1024);
	say_truth("switches counted", self.ru_nvcsw + self.ru_nivcsw > 0);
}

int main(void)
{
	struct sysinfo info;
	struct utsname uts;
	cpu_set_t set;
	unsigned int cpu = 9999, i;

	names();
	randoms();
	say_number("sysinfo", sysinfo(&info));
	say_truth("memory makes sense",
	          info.totalram > 0 && info.freeram <= info.totalram && info.mem_unit > 0);
	say_truth("processes counted", info.procs >= 1);
	say_number("getcpu", (int)syscall(SYS_getcpu, &cpu, NULL, NULL));
	say_truth("processor exists", cpu < 1024);
	for (i = 0; i < 10; i++)
		if (sched_yield())
			say("sched_yield failed");
	say_truth("affinity", sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) >= 1);
	usage();
	say_number("uname", uname(&uts));
	say("%s %s", uts.sysname, uts.machine);
	say_truth("thread is the process", syscall(SYS_gettid) == getpid());
	say_truth("parent", getppid() >= 0);
	say_number("priority", getpriority(PRIO_PROCESS, 0));
	say_number("lower it", setpriority(PRIO_PROCESS, 0, 5));
	say_number("priority", getpriority(PRIO_PROCESS, 0));
	say_number("far too low", setpriority(PRIO_PROCESS, 0, 100));
	say_number("priority", getpriority(PRIO_PROCESS, 0));
	say_number("policy", sched_getscheduler(0));
	sync();
	say_number("getdtablesize", getdtablesize());
	return 0;
}
