/* SPDX-License-Identifier: MIT */
/* Plain system calls. */
#include "bench/ops/ops.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fd = -1;

static void nothing(void)
{
}

static void run_getppid(void)
{
	syscall(SYS_getppid);
}

static void run_yield(void)
{
	sched_yield();
}

static void open_zero(void)
{
	fd = open("/dev/zero", O_RDONLY);
	op_check(fd >= 0, "/dev/zero");
}

static void open_null(void)
{
	fd = open("/dev/null", O_WRONLY);
	op_check(fd >= 0, "/dev/null");
}

static void close_it(void)
{
	close(fd);
}

static void run_read(void)
{
	char byte;

	op_check(read(fd, &byte, 1) == 1, "read");
}

static void run_write(void)
{
	op_check(write(fd, "x", 1) == 1, "write");
}

static void run_stat(void)
{
	struct stat info;

	op_check(stat("/bin/tiny", &info) == 0, "stat");
}

const struct op calls_ops[] = {
    {.name = "nothing", .runs = 100, .run = nothing},
    {.name = "getppid", .runs = 1000, .run = run_getppid},
    {.name = "yield", .runs = 1000, .run = run_yield},
    {.name = "read-byte",
     .runs = 1000,
     .run = run_read,
     .set_up = open_zero,
     .tear_down = close_it},
    {.name = "write-byte",
     .runs = 1000,
     .run = run_write,
     .set_up = open_null,
     .tear_down = close_it},
    {.name = "stat", .runs = 1000, .run = run_stat},
    {0},
};
