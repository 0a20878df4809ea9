/* SPDX-License-Identifier: MIT */
/* Shows: the error that each of many calls gives for arguments that make no sense, and calls that
 * do not exist. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/resource.h>
#include <sys/uio.h>

#define CALL(number, ...) say_number(#number, syscall(SYS_##number, __VA_ARGS__))

static char buffer[4096];

static void files(int file)
{
	CALL(open, "f", O_RDONLY | O_DIRECTORY);
	CALL(read, -1, buffer, 1);
	CALL(read, 99, buffer, 1);
	CALL(write, 99, buffer, 1);
	CALL(pread64, file, buffer, 1, -1L);
	CALL(pwrite64, file, buffer, 1, -1L);
	CALL(lseek, file, 0, 77);
	CALL(lseek, 99, 0, 0);
	CALL(close, 99);
	CALL(dup, 99);
	CALL(dup3, file, 20, 12345);
	CALL(fcntl, file, 9999, 0);
	CALL(fcntl, 99, F_GETFD, 0);
	CALL(ioctl, file, 0x5401, buffer);
	CALL(ioctl, 99, 0x5401, buffer);
	CALL(ftruncate, file, -1L);
	CALL(truncate, "f", -1L);
	CALL(fsync, 99);
	CALL(fdatasync, 99);
	CALL(fstat, 99, buffer);
	CALL(fchmod, 99, 0);
	CALL(fchown, 99, 0, 0);
	CALL(fchdir, 99);
	CALL(getdents64, file, buffer, sizeof(buffer));
	CALL(getdents64, 99, buffer, sizeof(buffer));
	CALL(getdents64, open(".", O_RDONLY), buffer, 5);
	CALL(getcwd, buffer, 0);
	CALL(getcwd, buffer, 1);
	CALL(access, "f", 99);
	CALL(faccessat2, AT_FDCWD, "f", 0, 0x100000);
	CALL(unlinkat, AT_FDCWD, "f", 0x100000);
	CALL(linkat, AT_FDCWD, "f", AT_FDCWD, "x", 0x100000);
	CALL(renameat2, AT_FDCWD, "f", AT_FDCWD, "x", 0x100000);
	CALL(readlink, "f", buffer, 10);
	CALL(readlink, "f", buffer, 0);
	CALL(utimensat, 99, "f", NULL, 0);
	CALL(sendfile, file, 99, NULL, 1);
	CALL(pipe2, buffer, 0x100000);
	CALL(readv, file, buffer, -1);
	CALL(writev, file, buffer, 1025);
}

static void memory(void)
{
	CALL(mmap, NULL, 0L, 1, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CALL(mmap, NULL, 4096L, 1, MAP_ANONYMOUS, -1, 0);
	CALL(mmap, NULL, 4096L, 1, MAP_PRIVATE, -1, 0);
	CALL(mmap, NULL, -4096L, 1, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CALL(munmap, 1L, 4096L);
	CALL(munmap, 0L, 0L);
	CALL(mprotect, 1L, 4096L, 1);
	CALL(mprotect, 0x10000L, 4096L, 1);
	CALL(mremap, 0x10000L, 4096L, 8192L, 0);
	CALL(madvise, 1L, 4096L, 4);
	CALL(msync, 1L, 4096L, 4);
	CALL(msync, 0x10000L, 4096L, 4);
	CALL(mincore, 1L, 4096L, buffer);
}

static void processes(void)
{
	CALL(kill, 999999, 15);
	CALL(kill, getpid(), 99);
	CALL(tgkill, -1, getpid(), 0);
	CALL(tgkill, 999999, 999999, 0);
	CALL(tkill, 0, 0);
	CALL(wait4, -1, NULL, 0x10000, NULL);
	CALL(wait4, 999999, NULL, 0, NULL);
	CALL(waitid, 77, 0, NULL, WEXITED, NULL);
	CALL(waitid, P_ALL, 0, NULL, 0, NULL);
	CALL(setpgid, 999999, 0);
	CALL(setpgid, 0, -1);
	CALL(getpgid, 999999);
	CALL(getsid, 999999);
	CALL(getpriority, 77, 0);
	CALL(getpriority, PRIO_PROCESS, 999999);
	CALL(setpriority, 77, 0, 0);
	CALL(getrlimit, 99, buffer);
	CALL(prlimit64, 0, 99, NULL, buffer);
	CALL(getrusage, 77, buffer);
	CALL(prctl, 0x7fff, 0, 0, 0, 0);
	CALL(arch_prctl, 0x7fff, 0);
	CALL(getcpu, NULL, NULL, NULL);
	CALL(sched_getaffinity, 0, 1, buffer);
	CALL(sched_getaffinity, 999999, 128, buffer);
	CALL(sched_getscheduler, 999999);
	CALL(sched_get_priority_max, 77);
}

static void signals_and_time(void)
{
	CALL(rt_sigaction, 0, NULL, NULL, 8);
	CALL(rt_sigaction, 65, NULL, NULL, 8);
	CALL(rt_sigaction, SIGUSR1, NULL, NULL, 4);
	CALL(rt_sigprocmask, 77, buffer, NULL, 8);
	CALL(rt_sigprocmask, 0, buffer, NULL, 16);
	CALL(rt_sigpending, buffer, 99);
	CALL(rt_sigsuspend, buffer, 7);
	CALL(rt_sigtimedwait, buffer, NULL, NULL, 7);
	CALL(clock_gettime, 99, buffer);
	CALL(clock_getres, 99, buffer);
	CALL(getitimer, 9, buffer);
	CALL(setitimer, 9, buffer, NULL);
	CALL(poll, NULL, 100000, 0);
	CALL(select, -1, NULL, NULL, NULL, NULL);
	CALL(getrandom, buffer, 1, 0x1000);
	CALL(getgroups, -1, NULL);
}

int main(void)
{
	make_file("f", "content");
	files(open("f", O_RDWR));
	memory();
	processes();
	signals_and_time();
	say_number("call 999", syscall(999));
	say_number("call -1", syscall(-1));
	say_number("call 1000000", syscall(1000000));
	return 0;
}
