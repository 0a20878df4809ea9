/* SPDX-License-Identifier: MIT */
/* Shows: policies, priorities, niceness and CPUs of threads: what is accepted and read back, what
 * is refused and why, what a new thread and a child get, on whatever number of CPUs. */
#include "tests/suite/programs/threads.h"
#include <sys/resource.h>

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static long get_attributes(int tid, struct attributes *attributes)
{
	memset(attributes, 0, sizeof(*attributes));
	return syscall(SYS_sched_getattr, tid, attributes, sizeof(*attributes), 0);
}

static void say_policy(const char *what)
{
	int priority = -1;

	syscall(SYS_sched_getparam, 0, &priority);
	say("%s: policy %ld, priority %d", what, syscall(SYS_sched_getscheduler, 0), priority);
}

static void set_policy(const char *what, int policy, int priority)
{
	say_number(what, syscall(SYS_sched_setscheduler, 0, policy, &priority));
	say_policy(what);
}

static void *report(void *argument)
{
	say_policy(argument);
	return NULL;
}

static void policies(void)
{
	int zero = 0;

	say_policy("at first");
	set_policy("batch", 3, 0);
	join(start(report, "a thread of it"));
	set_policy("idle", 5, 0);
	set_policy("other", 0, 0);
	set_policy("other with a priority", 0, 5);
	set_policy("no such policy", 99, 0);
	set_policy("round robin without", 2, 0);
	set_policy("too high", 1, 100);
	say_number("nobody", syscall(SYS_sched_setscheduler, 0x3fffffff, 0, &zero));
	say_number("below nobody", syscall(SYS_sched_getscheduler, -1));
	say_number("no parameter", syscall(SYS_sched_setscheduler, 0, 0, NULL));
	say_number("bad parameter", syscall(SYS_sched_setparam, 0, 8L));
	for (int policy = 0; policy < 7; policy++)
		say("policy %d: from %d to %d", policy, sched_get_priority_min(policy),
		    sched_get_priority_max(policy));
}

static void with_attributes(void)
{
	struct attributes attributes;

	say_number("get", get_attributes(0, &attributes));
	say("size %u, policy %u, nice %d, priority %u, flags %lx", attributes.size,
	    attributes.policy, attributes.nice, attributes.priority,
	    (unsigned long)attributes.flags);
	attributes.policy = 3;
	attributes.nice = 4;
	say_number("set", syscall(SYS_sched_setattr, 0, &attributes, 0));
	say_policy("now");
	get_attributes(0, &attributes);
	say("policy %u, nice %d, by the other call %d", attributes.policy, attributes.nice,
	    getpriority(PRIO_PROCESS, 0));
	attributes.policy = 0;
	attributes.priority = 3;
	say_number("with a priority", syscall(SYS_sched_setattr, 0, &attributes, 0));
	attributes.priority = 0;
	attributes.policy = 77;
	say_number("no such policy", syscall(SYS_sched_setattr, 0, &attributes, 0));
	attributes.policy = 0;
	say_number("flags", syscall(SYS_sched_setattr, 0, &attributes, 1));
	attributes.size = 10;
	say_number("too small", syscall(SYS_sched_setattr, 0, &attributes, 0));
	say_number("nobody", get_attributes(0x3fffffff, &attributes));
	say_number("no room", syscall(SYS_sched_getattr, 0, &attributes, 10, 0));
	attributes = (struct attributes){.size = sizeof(attributes), .nice = 4};
	say_number("back", syscall(SYS_sched_setattr, 0, &attributes, 0));
	say_policy("back");
}

static void *nice_of_thread(void *argument)
{
	say("inherited nice %d", getpriority(PRIO_PROCESS, 0));
	say_number("set", setpriority(PRIO_PROCESS, (id_t)own_tid(), 9));
	say("own %d", getpriority(PRIO_PROCESS, 0));
	return argument;
}

/* Niceness is each thread's own. */
static void niceness(void)
{
	pid_t child;

	say("nice %d", getpriority(PRIO_PROCESS, 0));
	join(start(nice_of_thread, NULL));
	say("still nice %d", getpriority(PRIO_PROCESS, 0));
	child = fork();
	if (child == 0)
		_exit(getpriority(PRIO_PROCESS, 0));
	say_end("child's", child);
	say_number("nobody", setpriority(PRIO_PROCESS, 0x3fffffff, 0));
	say_number("no such kind", syscall(SYS_setpriority, 5, 0, 0));
}

static int cpu_count(const cpu_set_t *set)
{
	return CPU_COUNT(set);
}

static int first_of(const cpu_set_t *set)
{
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET((size_t)i, set))
			return i;
	}
	return -1;
}

static void *stay_there(void *argument)
{
	cpu_set_t own;

	sched_getaffinity(0, sizeof(own), &own);
	for (int i = 0; i < 200; i++) {
		if (!CPU_ISSET((size_t)sched_getcpu(), &own))
			say("on a CPU that is not allowed");
		sched_yield();
	}
	(void)argument;
	return (void *)(intptr_t)cpu_count(&own);
}

static void cpus(void)
{
	cpu_set_t all, one, none;
	unsigned int cpu, node;
	int count;

	sched_getaffinity(0, sizeof(all), &all);
	count = cpu_count(&all);
	CPU_ZERO(&none);
	CPU_ZERO(&one);
	say_number("none", sched_setaffinity(0, sizeof(none), &none));
	CPU_SET((size_t)first_of(&all), &one);
	say_number("one", sched_setaffinity(0, sizeof(one), &one));
	say_truth("on it", sched_getcpu() == first_of(&all));
	say("threads on it: %ld", run_threads(3, stay_there));
	say_number("all", sched_setaffinity(0, sizeof(all), &all));
	say_truth("threads on all", run_threads(3, stay_there) == 3 * count);
	CPU_ZERO(&one);
	CPU_SET(1000, &one);
	say_number("not there", sched_setaffinity(0, sizeof(one), &one));
	say_number("nobody", sched_setaffinity(0x3fffffff, sizeof(all), &all));
	say_number("bad set", syscall(SYS_sched_setaffinity, 0, sizeof(all), 8L));
	say_number("no room", syscall(SYS_sched_getaffinity, 0, 4, &all));
	say_number("odd room", syscall(SYS_sched_getaffinity, 0, 129, &all));
	say_number("getcpu", syscall(SYS_getcpu, &cpu, &node, NULL));
	say_truth("one of them", CPU_ISSET(cpu, &all));
	say_number("into nothing", syscall(SYS_getcpu, NULL, NULL, NULL));
	say_number("bad place", syscall(SYS_getcpu, 8L, NULL, NULL));
}

int main(void)
{
	policies();
	with_attributes();
	niceness();
	cpus();
	return 0;
}
