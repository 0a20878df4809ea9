/* SPDX-License-Identifier: MIT */
/* Shows: what one process may do to another: every call that names one, as nobody on root's
 * process, on one of its own user, by saved and real ids, with a right and without any; the order
 * in which such calls fail. */
#include "tests/suite/programs/others.h"
#include <sched.h>
#include <sys/resource.h>

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void signals(pid_t target)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	say_number("kill", kill(target, 0));
	say_number("kill of its group", kill(-target, 0));
	say_number("kill of everybody", kill(-1, 0));
	say_number("kill, no such signal", kill(target, 99));
	say_number("tkill", syscall(SYS_tkill, target, 0));
	say_number("tgkill", syscall(SYS_tgkill, target, target, 0));
	say_number("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, target, 0, &info));
	say_number("rt_tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, target, target, 0, &info));
	info.si_code = SI_USER;
	say_number("as a kill", syscall(SYS_rt_sigqueueinfo, target, 0, &info));
	info.si_code = SI_TKILL;
	say_number("as a tkill", syscall(SYS_rt_sigqueueinfo, target, 0, &info));
	info.si_code = SI_KERNEL;
	say_number("as the kernel", syscall(SYS_rt_sigqueueinfo, target, 0, &info));
	say_number("SIGCONT", kill(target, SIGCONT));
	say_number("F_SETOWN", fcntl(0, F_SETOWN, target));
}

static void scheduling(pid_t target)
{
	struct attributes attributes;
	struct sched_param param = {0};
	struct timespec interval;
	uint64_t cpus[128];
	long bytes;

	say("getpriority %d", getpriority(PRIO_PROCESS, (id_t)target));
	say_number("setpriority", setpriority(PRIO_PROCESS, (id_t)target, 5));
	say_number("setpriority up", setpriority(PRIO_PROCESS, (id_t)target, 4));
	say_number("setpriority of its group", setpriority(PRIO_PGRP, (id_t)target, 6));
	say("getpriority %d", getpriority(PRIO_PROCESS, (id_t)target));
	say_number("sched_getscheduler", sched_getscheduler(target));
	say_number("sched_setscheduler", sched_setscheduler(target, SCHED_BATCH, &param));
	say_number("sched_setscheduler to idle", sched_setscheduler(target, SCHED_IDLE, &param));
	say_number("and back", sched_setscheduler(target, SCHED_OTHER, &param));
	param.sched_priority = 1;
	say_number("real time", sched_setscheduler(target, SCHED_RR, &param));
	param.sched_priority = 0;
	say_number("sched_setparam", sched_setparam(target, &param));
	say_number("sched_getparam", sched_getparam(target, &param));
	say_number("sched_rr_get_interval", sched_rr_get_interval(target, &interval));
	say_number("sched_getattr",
	           syscall(SYS_sched_getattr, target, &attributes, sizeof(attributes), 0));
	say("policy %u, nice %d", attributes.policy, attributes.nice);
	say_number("sched_setattr", syscall(SYS_sched_setattr, target, &attributes, 0));
	attributes.nice--;
	say_number("sched_setattr up", syscall(SYS_sched_setattr, target, &attributes, 0));
	bytes = syscall(SYS_sched_getaffinity, target, sizeof(cpus), cpus);
	say_truth("sched_getaffinity", bytes > 0);
	say_number("sched_setaffinity", syscall(SYS_sched_setaffinity, target, bytes, cpus));
	memset(cpus, 0, sizeof(cpus));
	say_number("sched_setaffinity to none",
	           syscall(SYS_sched_setaffinity, target, sizeof(cpus), cpus));
}

static void the_rest(pid_t target)
{
	struct rlimit limit;
	struct timespec time;
	struct sets sets;
	clockid_t clock = 0;
	size_t bytes;
	void *head;

	say_number("prlimit reads", prlimit(target, RLIMIT_NOFILE, NULL, &limit));
	say_number("prlimit sets", prlimit(target, RLIMIT_NOFILE, &limit, NULL));
	say_number("no such limit", syscall(SYS_prlimit64, target, 99, NULL, &limit));
	say_number("get_robust_list", syscall(SYS_get_robust_list, target, &head, &bytes));
	say_truth("getpgid", getpgid(target) > 0);
	say_truth("getsid", getsid(target) > 0);
	say_number("setpgid", setpgid(target, 0));
	say_number("capget", caps_get(target, &sets));
	say_number("clock_getcpuclockid", clock_getcpuclockid(target, &clock));
	say_number("clock_gettime", clock_gettime(clock, &time));
	say_number("of its thread",
	           clock_gettime((clockid_t)(~(unsigned int)target << 3 | 6), &time));
}

static void everything(pid_t target)
{
	signals(target);
	scheduling(target);
	the_rest(target);
}

static void own_group(void)
{
	setpgid(0, 0);
}

static void users_target(void)
{
	own_group();
	user();
}

static void nobodys_target(void)
{
	own_group();
	nobody();
}

static void own_session(void)
{
	setsid();
}

/* Only the real, or only the saved id is the user's. */
static void real_user(void)
{
	own_group();
	if (setresuid(1000, 0, 0))
		_exit(1);
}

static void saved_user(void)
{
	own_group();
	if (setresuid(0, 0, 1000))
		_exit(1);
}

static void effective_user(void)
{
	own_group();
	if (setresuid(0, 1000, 0))
		_exit(1);
}

static void root_without_rights(void)
{
	caps_set(0, 0, 0);
}

static void nobody_who_may_kill(void)
{
	become_with(65534, CAP(CAP_KILL));
}

static void effectively_user(void)
{
	if (setresuid(65534, 1000, 65534))
		_exit(1);
}

static void on(const char *what, void (*get_ready)(void), const char *who, void (*become)(void),
               void (*attempt)(pid_t))
{
	pid_t target = start_target(get_ready);

	say("== %s", what);
	somebody_tries(who, become, attempt, target);
	end_target(target);
}

static void who_is_not_there(pid_t target)
{
	struct sched_param param = {0};
	struct rlimit limit = {0};
	uint64_t cpus[128] = {1};
	siginfo_t info;

	(void)target;
	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	target = 0x3fffffff;
	say_number("kill, no such signal", kill(target, 99));
	say_number("tgkill", syscall(SYS_tgkill, target, target, 99));
	say_number("tgkill 0", syscall(SYS_tgkill, 0, 0, 99));
	say_number("tkill 0", syscall(SYS_tkill, 0, 99));
	say_number("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, target, 99, &info));
	say_number("rt_tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, target, target, 99, &info));
	say_number("with nothing", syscall(SYS_rt_sigqueueinfo, target, 99, HIDE((char *)8)));
	info.si_code = SI_USER;
	say_number("as a kill", syscall(SYS_rt_sigqueueinfo, target, 99, &info));
	say_number("setpriority", setpriority(PRIO_PROCESS, (id_t)target, 1));
	say_number("sched_setscheduler", sched_setscheduler(target, 99, &param));
	say_number("sched_setparam", sched_setparam(target, &param));
	say_number("sched_setaffinity", syscall(SYS_sched_setaffinity, target, sizeof(cpus), cpus));
	say_number("prlimit", syscall(SYS_prlimit64, target, 99, NULL, &limit));
	say_number("prlimit from nowhere",
	           syscall(SYS_prlimit64, target, 99, HIDE((char *)8), NULL));
	say_number("get_robust_list", syscall(SYS_get_robust_list, target, NULL, NULL));
	say_number("kill of a group", kill(-target, 99));
	say_number("kill of no group", kill(INT32_MIN, 99));
}

int main(void)
{
	rights_begin(COMMON_CAPS);
	on("root's", own_group, "nobody", nobody, everything);
	on("root's in another session", own_session, "nobody", nobody, signals);
	on("a user's", users_target, "nobody", nobody, everything);
	on("a user's", users_target, "the user", user, everything);
	on("a user's", users_target, "effectively the user", effectively_user, everything);
	on("a user's", users_target, "root without rights", root_without_rights, everything);
	on("root's", own_group, "root without rights", root_without_rights, everything);
	on("nobody's", nobodys_target, "root with few rights", stay, everything);
	on("root's, real user", real_user, "the user", user, everything);
	on("root's, saved user", saved_user, "the user", user, everything);
	on("root's, effective user", effective_user, "the user", user, everything);
	on("root's", own_group, "nobody who may kill", nobody_who_may_kill, everything);
	on("nobody", stay, "a number", stay, who_is_not_there);
	return 0;
}
