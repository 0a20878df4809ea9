/* SPDX-License-Identifier: MIT */
/* Shows: threads made by hand with clone: where their numbers are stored and cleared, what woken
 * waiters see, what is shared and what is not, and which sets of flags are refused. */
#include "tests/suite/programs/threads.h"

#define CLONE_THREAD_ALL \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define STACK_BYTES 65536ul

static _Atomic int parent_tid, child_tid, seen_pid, seen_tid, go_on, value;

static int body(void *argument)
{
	seen_pid = (int)syscall(SYS_getpid);
	seen_tid = own_tid();
	value = (int)(intptr_t)argument;
	while (!go_on)
		syscall(SYS_sched_yield);
	syscall(SYS_exit, 0);
	return 0;
}

static char *stack_top(void)
{
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	return stack + STACK_BYTES;
}

static int make(int flags, int argument)
{
	parent_tid = seen_pid = seen_tid = go_on = value = 0;
	child_tid = -1;
	return clone(body, stack_top(), flags, (void *)(intptr_t)argument,
	             (void *)(uintptr_t)&parent_tid, NULL, (void *)(uintptr_t)&child_tid);
}

static void wait_cleared(void)
{
	int seen;

	while ((seen = child_tid) != 0)
		futex(&child_tid, FUTEX_WAIT, (uint32_t)seen, NULL);
}

static void with_numbers(void)
{
	for (int i = 0; i < 30; i++) {
		int tid = make(CLONE_THREAD_ALL | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |
		                   CLONE_CHILD_CLEARTID,
		               i);

		while (value != i || seen_tid == 0)
			sched_yield();
		if (i == 0)
			say("same process %d, own number %d, stored %d and %d",
			    seen_pid == getpid(), seen_tid == tid && tid != getpid(),
			    parent_tid == tid, child_tid == tid);
		go_on = 1;
		wait_cleared();
	}
	say("thirty cleared: %d", child_tid);
}

/* A process that shares memory is a child to wait for, its number is cleared the same way. */
static void process_with_memory(void)
{
	int status, pid = make(CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD, 5);

	while (seen_tid == 0)
		sched_yield();
	say("own process %d", seen_pid == pid && seen_tid == pid);
	go_on = 1;
	wait_cleared();
	say_truth("wait", waitpid(pid, &status, 0) == pid);
	say_status("end", status);
	/* Without CLONE_VM the child writes into its own copy. */
	go_on = 0;
	pid = clone(body, stack_top(), SIGCHLD | CLONE_PARENT_SETTID, NULL,
	            (void *)(uintptr_t)&parent_tid, NULL, NULL);
	say_truth("stored for the parent", parent_tid == pid);
	kill(pid, SIGKILL);
	say_end("copy", pid);
	say("our value %d", value);
}

static void *set_address(void *argument)
{
	long tid = syscall(SYS_set_tid_address, &child_tid);

	say_truth("set_tid_address gives the number", tid == own_tid());
	return argument;
}

/* The library could not join this one: its own word stays. */
static void other_address(void)
{
	child_tid = -1;
	start(set_address, NULL);
	wait_cleared();
}

static void refused(void)
{
	static const struct {
		const char *name;
		int flags;
	} cases[] = {
	    {"thread without handlers", CLONE_THREAD | CLONE_VM},
	    {"handlers without memory", CLONE_SIGHAND | SIGCHLD},
	    {"thread without memory", CLONE_THREAD | CLONE_SIGHAND},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		say_number(cases[i].name, clone(body, stack_top(), cases[i].flags, NULL));
}

static int change_directory(void *argument)
{
	if (chdir("/"))
		syscall(SYS_exit, 1);
	umask(0);
	close((int)(intptr_t)argument);
	syscall(SYS_exit, 0);
	return 0;
}

/* Working directory, mask and descriptors, shared or not. */
static void sharing(int flags, const char *what)
{
	int fd = open("/dev/null", O_RDONLY);
	char place[64];
	mode_t mask;
	pid_t child;

	if (chdir("/tmp"))
		return;
	umask(022);
	child = clone(change_directory, stack_top(), flags | SIGCHLD, (void *)(intptr_t)fd);
	say_end(what, child);
	mask = umask(022);
	say("%s: %s, mask %03o, descriptor open %d", what, getcwd(place, sizeof(place)),
	    (unsigned int)mask, fcntl(fd, F_GETFD) >= 0);
	close(fd);
}

int main(void)
{
	with_numbers();
	process_with_memory();
	in_child("other address", other_address);
	refused();
	sharing(0, "nothing shared");
	sharing(CLONE_FS, "directory shared");
	sharing(CLONE_FILES, "descriptors shared");
	sharing(CLONE_FS | CLONE_FILES | CLONE_VM, "all shared");
	return 0;
}
