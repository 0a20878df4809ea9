/* SPDX-License-Identifier: MIT */
/* Shows: which right each call asks for, of those that root does not have in every container:
 * priorities, policies and CPUs, locked memory, names of the machine, mounts, the log, the end. */
#include "tests/suite/programs/rights.h"
#include <sched.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define ALL_CAPS                                                                           \
	(COMMON_CAPS | CAP(CAP_DAC_READ_SEARCH) | CAP(CAP_IPC_LOCK) | CAP(CAP_SYS_ADMIN) | \
	 CAP(CAP_SYS_NICE) | CAP(CAP_SYS_BOOT) | CAP(CAP_SYSLOG))

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static pid_t stranger;

static void readers(void)
{
	say_done("read", open("secret", O_RDONLY));
	say_done("write", open("secret", O_WRONLY));
	say_done("list", open("closed", O_RDONLY | O_DIRECTORY));
	say_done("search", open("closed/inside", O_RDONLY));
	say_done("make", open("closed/new", O_WRONLY | O_CREAT, 0600));
	say_number("execute", faccessat(AT_FDCWD, "secret", X_OK, AT_EACCESS));
	say_number("read and execute", faccessat(AT_FDCWD, "closed", R_OK | X_OK, AT_EACCESS));
}

static void readers_alone(void)
{
	become_with(1000, CAP(CAP_DAC_READ_SEARCH));
	readers();
}

static void say_policy(const char *what)
{
	struct sched_param param = {0};
	int policy = sched_getscheduler(0);

	sched_getparam(0, &param);
	say("%s: policy %x, priority %d, nice %d", what, (unsigned int)policy, param.sched_priority,
	    getpriority(PRIO_PROCESS, 0));
}

static void set_policy(const char *what, int policy, int priority)
{
	struct sched_param param = {.sched_priority = priority};

	say_number(what, sched_setscheduler(0, policy, &param));
	say_policy(what);
}

static void after_fork(const char *what)
{
	pid_t child = fork();

	if (child == 0) {
		say_policy(what);
		_exit(0);
	}
	say_end(what, child);
}

static void deadline(const char *what, uint64_t runtime, uint64_t deadline_ns, uint64_t period)
{
	struct attributes attributes = {.size = sizeof(attributes),
	                                .policy = 6,
	                                .runtime = runtime,
	                                .deadline = deadline_ns,
	                                .period = period};
	long result = syscall(SYS_sched_setattr, 0, &attributes, 0);

	say_number(what, result);
	if (result != 0)
		return;
	memset(&attributes, 0, sizeof(attributes));
	syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0);
	say("policy %u, nice %d, priority %u, %lu %lu %lu", attributes.policy, attributes.nice,
	    attributes.priority, (unsigned long)attributes.runtime,
	    (unsigned long)attributes.deadline, (unsigned long)attributes.period);
	say_done("a child", fork());
	set_policy("back", SCHED_OTHER, 0);
}

static void flags(void)
{
	struct attributes attributes = {.size = sizeof(attributes), .flags = 8, .nice = -3};

	set_policy("round robin", SCHED_RR, 7);
	attributes.flags = 8;
	attributes.priority = 9;
	say_number("keep the policy", syscall(SYS_sched_setattr, 0, &attributes, 0));
	say_policy("kept");
	attributes.flags = 0x10;
	attributes.policy = SCHED_FIFO;
	say_number("keep the parameters", syscall(SYS_sched_setattr, 0, &attributes, 0));
	say_policy("kept");
	attributes.flags = 0x80;
	say_number("no such flag", syscall(SYS_sched_setattr, 0, &attributes, 0));
	attributes.policy = (uint32_t)-1;
	say_number("no such policy", syscall(SYS_sched_setattr, 0, &attributes, 0));
	set_policy("back", SCHED_OTHER, 0);
}

static void scheduling(void)
{
	struct sched_param param = {0};
	uint64_t cpus[128];
	long bytes;

	say_number("nice up", setpriority(PRIO_PROCESS, 0, -5));
	say_number("nice down", setpriority(PRIO_PROCESS, 0, 3));
	say_number("nice of a stranger", setpriority(PRIO_PROCESS, (id_t)stranger, 4));
	say_number("nice up of a stranger", setpriority(PRIO_PROCESS, (id_t)stranger, 1));
	bytes = syscall(SYS_sched_getaffinity, stranger, sizeof(cpus), cpus);
	say_number("CPUs of a stranger", syscall(SYS_sched_setaffinity, stranger, bytes, cpus));
	say_number("policy of a stranger", sched_setscheduler(stranger, SCHED_BATCH, &param));
	set_policy("first in", SCHED_FIFO, 5);
	set_policy("up", SCHED_FIFO, 9);
	set_policy("down", SCHED_FIFO, 1);
	set_policy("round robin, not for children", SCHED_RR | SCHED_RESET_ON_FORK, 1);
	after_fork("its child");
	set_policy("for children again", SCHED_RR, 1);
	after_fork("its child");
	set_policy("idle", SCHED_IDLE, 0);
	set_policy("other", SCHED_OTHER, 0);
	setpriority(PRIO_PROCESS, 0, -4);
	set_policy("batch, not for children", SCHED_BATCH | SCHED_RESET_ON_FORK, 0);
	after_fork("its child");
	set_policy("other", SCHED_OTHER, 0);
	flags();
	deadline("deadline", 10000000, 30000000, 30000000);
	deadline("no period", 10000000, 30000000, 0);
	deadline("nothing", 0, 0, 0);
	deadline("too short", 1000, 30000000, 30000000);
	deadline("longer than its deadline", 40000000, 30000000, 30000000);
	deadline("longer than its period", 10000000, 30000000, 20000000);
}

static void locking(void)
{
	struct rlimit none = {0};
	void *memory;

	say_number("no limit left", setrlimit(RLIMIT_MEMLOCK, &none));
	memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say_number("mlock", mlock(memory, 8192));
	say_number("mlockall", mlockall(MCL_FUTURE));
	munlockall();
}

static void administration(void)
{
	static char name[100];

	say_number("host name", sethostname(name, sizeof(name)));
	say_number("domain name", setdomainname(name, sizeof(name)));
	say_number("mount", mount("none", "closed", "nothing", 0, NULL));
	say_number("umount", umount("closed"));
}

static void ending(void)
{
	say_number("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
}

static void log_of_kernel(void)
{
	say_done("unread", klogctl(9, NULL, 0));
	say_done("level", klogctl(8, NULL, 99));
	say_done("no such action", klogctl(99, NULL, 0));
}

int main(void)
{
	rights_begin(ALL_CAPS);
	stranger = fork();
	if (stranger == 0) {
		become_with(4000, 0);
		for (;;)
			pause();
	}
	usleep(50000);
	chmod(".", 0777);
	make_file("secret", "x");
	mkdir("closed", 0700);
	make_file("closed/inside", "x");
	chown("closed", 2000, 2000);
	chown("secret", 2000, 2000);
	chmod("secret", 0600);
	say("== CAP_DAC_READ_SEARCH");
	in_child("this right alone", readers_alone);
	try_right("CAP_SYS_NICE", CAP_SYS_NICE, ALL_CAPS, scheduling);
	try_right("CAP_IPC_LOCK", CAP_IPC_LOCK, ALL_CAPS, locking);
	try_right("CAP_SYS_ADMIN", CAP_SYS_ADMIN, ALL_CAPS, administration);
	try_right("CAP_SYS_BOOT", CAP_SYS_BOOT, ALL_CAPS, ending);
	try_right("CAP_SYSLOG", CAP_SYSLOG, ALL_CAPS & ~CAP(CAP_SYS_ADMIN), log_of_kernel);
	kill(stranger, SIGKILL);
	waitpid(stranger, NULL, 0);
	return 0;
}
