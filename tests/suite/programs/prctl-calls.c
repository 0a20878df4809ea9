/* SPDX-License-Identifier: MIT */
/* Shows: prctl: what each command takes, refuses and tells, and what children, threads and programs
 * inherit of it. */
#include "tests/suite/programs/threads.h"
#include <linux/capability.h>
#include <sys/prctl.h>

static void new_rights(void)
{
	say_number("get, a second word", prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
	say_number("get, a fifth word", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 1));
	say_number("set 0", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	say_number("set 2", prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
	say_number("set, a third word", prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
	say_number("get", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	say_number("set", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	say_number("get", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void *new_thread(void *argument)
{
	say_number("in a new thread", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return argument;
}

static volatile int go;

static void *old_thread(void *argument)
{
	while (!go)
		usleep(1000);
	say_number("in an older thread", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return argument;
}

static void new_rights_of_threads(void)
{
	pthread_t old = start(old_thread, NULL);

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	join(start(new_thread, NULL));
	go = 1;
	join(old);
	if (fork() == 0) {
		say_number("in a child", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
		_exit(0);
	}
	wait(NULL);
}

static void *slack_of_thread(void *argument)
{
	say_number("a thread's", prctl(PR_GET_TIMERSLACK));
	say_number("to its default", prctl(PR_SET_TIMERSLACK, 0));
	say_number("a thread's", prctl(PR_GET_TIMERSLACK));
	return argument;
}

static void slack(void)
{
	say_number("at first", prctl(PR_GET_TIMERSLACK));
	say_number("set", prctl(PR_SET_TIMERSLACK, 70000));
	say_number("get", prctl(PR_GET_TIMERSLACK));
	join(start(slack_of_thread, NULL));
	say_number("to the default", prctl(PR_SET_TIMERSLACK, 0));
	say_number("get", prctl(PR_GET_TIMERSLACK));
	say_number("a long one", prctl(PR_SET_TIMERSLACK, 5000000000ul));
	say_number("get", prctl(PR_GET_TIMERSLACK) == (int)5000000000ul);
}

static void dumpable(void)
{
	say_number("get", prctl(PR_GET_DUMPABLE));
	say_number("2", prctl(PR_SET_DUMPABLE, 2));
	say_number("-1", prctl(PR_SET_DUMPABLE, -1));
	say_number("0", prctl(PR_SET_DUMPABLE, 0));
	say_number("get", prctl(PR_GET_DUMPABLE));
	if (fork() == 0) {
		say_number("in a child", prctl(PR_GET_DUMPABLE));
		_exit(0);
	}
	wait(NULL);
	/* One memory, one state. */
	if (vfork() == 0) {
		prctl(PR_SET_DUMPABLE, 1);
		_exit(0);
	}
	wait(NULL);
	say_number("by a child in the same memory", prctl(PR_GET_DUMPABLE));
}

static void keepcaps(void)
{
	say_number("get", prctl(PR_GET_KEEPCAPS));
	say_number("2", prctl(PR_SET_KEEPCAPS, 2));
	say_number("1", prctl(PR_SET_KEEPCAPS, 1));
	say_number("get", prctl(PR_GET_KEEPCAPS));
	say_number("secure bits", prctl(PR_GET_SECUREBITS));
	say_number("0", prctl(PR_SET_KEEPCAPS, 0));
	say_number("get", prctl(PR_GET_KEEPCAPS));
}

static void others(void)
{
	int value = 77;

	say_number("no such command", prctl(12345));
	say_number("death signal", prctl(PR_SET_PDEATHSIG, 65));
	say_number("death signal", prctl(PR_SET_PDEATHSIG, SIGUSR1));
	say_number("get it", prctl(PR_GET_PDEATHSIG, &value));
	say("it is %d", value);
	say_number("get it to nowhere", prctl(PR_GET_PDEATHSIG, HIDE((char *)8)));
	say_number("counter for all", prctl(PR_SET_TSC, PR_TSC_ENABLE));
	say_number("counter for whom", prctl(PR_SET_TSC, 3));
	say_number("counter", prctl(PR_GET_TSC, &value));
	say("it is %d", value);
	say_number("to nowhere", prctl(PR_GET_TSC, HIDE((char *)8)));
	say_number("timing", prctl(PR_GET_TIMING));
	say_number("timing", prctl(PR_SET_TIMING, 0));
	say_number("timing", prctl(PR_SET_TIMING, 1));
	say_number("filter", prctl(PR_GET_SECCOMP));
	say_number("no such filter", prctl(PR_SET_SECCOMP, 5));
	say_number("bounding", prctl(PR_CAPBSET_READ, 64));
	say_number("bounding", prctl(PR_CAPBSET_READ, -1));
	say_number("ambient", prctl(PR_CAP_AMBIENT, 9, 0, 0, 0));
	say_number("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 64, 0, 0));
	say_number("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 1, 0));
	say_number("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0));
	say_number("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	say_number("subreaper", prctl(PR_SET_CHILD_SUBREAPER, 5));
	say_number("get it", prctl(PR_GET_CHILD_SUBREAPER, &value));
	say("it is %d", value);
}

int main(void)
{
	in_child("new rights", new_rights);
	in_child("new rights of threads", new_rights_of_threads);
	in_child("slack", slack);
	in_child("dumpable", dumpable);
	in_child("keepcaps", keepcaps);
	in_child("others", others);
	return 0;
}
