/* SPDX-License-Identifier: MIT */
/* Processes: made, ended, and turned into other programs. */
#include "bench/ops/ops.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *memory;
static char *const tiny_args[] = {"tiny", NULL};
static char *const true_args[] = {"true", NULL};
static char *const no_env[] = {NULL};

static void map_memory(void)
{
	memory = op_map_touched(op_now->size);
}

static void unmap_memory(void)
{
	munmap(memory, op_now->size);
}

static int check_pid(int pid)
{
	op_check(pid >= 0, "fork");
	return pid;
}

static void run_fork(void)
{
	int pid = fork();

	if (pid == 0)
		_exit(0);
	op_wait_for(check_pid(pid));
}

static void run_fork_write(void)
{
	int pid = fork();

	if (pid == 0) {
		op_touch(memory, op_now->size);
		_exit(0);
	}
	op_wait_for(check_pid(pid));
}

/* In the child `pid` is 0: it becomes the program. Fit for the child of a vfork. */
static void exec_and_wait(int pid, const char *path, char *const args[])
{
	if (pid == 0) {
		execve(path, args, no_env);
		_exit(1);
	}
	op_wait_for(check_pid(pid));
}

static void run_fork_exec(void)
{
	exec_and_wait(fork(), "/bin/tiny", tiny_args);
}

static void run_vfork_exec(void)
{
	exec_and_wait(vfork(), "/bin/tiny", tiny_args);
}

static void run_busybox(void)
{
	exec_and_wait(fork(), "/bin/busybox", true_args);
}

#define FORK(text, bytes, times)                                                 \
	.name = "fork-" text, .runs = (times), .size = (bytes), .run = run_fork, \
	.set_up = map_memory, .tear_down = unmap_memory

const struct op process_ops[] = {
    {.name = "fork-small", .runs = 50, .run = run_fork},
    {FORK("1M", MIB, 20)},
    {FORK("16M", 16 * MIB, 10)},
    {FORK("64M", 64 * MIB, 4)},
    {.name = "fork-write-1M",
     .runs = 20,
     .size = MIB,
     .run = run_fork_write,
     .set_up = map_memory,
     .tear_down = unmap_memory},
    {.name = "fork-exec", .runs = 50, .run = run_fork_exec},
    {.name = "vfork-exec", .runs = 50, .run = run_vfork_exec},
    {.name = "exec-busybox", .runs = 20, .run = run_busybox},
    {0},
};
