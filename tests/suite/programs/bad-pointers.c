/* SPDX-License-Identifier: MIT */
/* Shows: a pointer to nothing, to the kernel's half, to read-only memory (where the kernel
 * writes) or across the end of a mapping gives EFAULT from every call that takes a pointer, and
 * the program goes on. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>

static const uintptr_t kernel_address = 0xffff888000000000;
static uintptr_t bad; /* the pointer of this round */
static int file, ends[2];

/* Only EFAULT or another fact is told, so that rounds are easy to compare. */
static void tell(const char *what, long result)
{
	if (result == -1 && errno == EFAULT)
		say("  %s: EFAULT", what);
	else if (result == -1)
		say("  %s: error %d, %s", what, errno, strerror(errno));
	else
		say("  %s: %ld", what, result);
}

#define CALL(number, ...) tell(#number, syscall(SYS_##number, __VA_ARGS__))

/* Calls that read a path or a structure. */
static void readers(void)
{
	static char *none[] = {NULL};

	CALL(open, bad, O_RDONLY);
	CALL(openat, AT_FDCWD, bad, O_RDONLY);
	CALL(stat, bad, bad);
	CALL(access, bad, 0);
	CALL(chdir, bad);
	CALL(mkdir, bad, 0700);
	CALL(rmdir, bad);
	CALL(unlink, bad);
	CALL(rename, "f", bad);
	CALL(rename, bad, "f");
	CALL(link, bad, "x");
	CALL(symlink, bad, "x");
	CALL(chmod, bad, 0600);
	CALL(chown, bad, 0, 0);
	CALL(truncate, bad, 0);
	CALL(readlink, bad, bad, 10);
	CALL(utimensat, AT_FDCWD, "f", bad, 0);
	CALL(execve, bad, none, none);
	CALL(execve, "e", bad, none);
	CALL(execve, "e", none, bad);
	CALL(write, file, bad, 10);
	CALL(write, ends[1], bad, 10);
	CALL(pwrite64, file, bad, 10, 0);
	CALL(writev, file, bad, 1);
	CALL(writev, file, (&(struct iovec){.iov_base = (void *)bad, .iov_len = 5}), 1);
	CALL(nanosleep, bad, NULL);
	CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, bad, NULL);
	CALL(rt_sigaction, SIGUSR1, bad, NULL, 8);
	CALL(rt_sigprocmask, SIG_BLOCK, bad, NULL, 8);
	CALL(rt_sigsuspend, bad, 8);
	CALL(rt_sigtimedwait, bad, NULL, NULL, 8);
	CALL(sigaltstack, bad, NULL);
	CALL(setitimer, ITIMER_REAL, bad, NULL);
	CALL(setrlimit, RLIMIT_CORE, bad);
	CALL(prctl, 15, bad);
}

/* Calls that write a result. */
static void writers(void)
{
	CALL(read, file, bad, 10);
	CALL(pread64, file, bad, 10, 0);
	CALL(readv, file, (&(struct iovec){.iov_base = (void *)bad, .iov_len = 5}), 1);
	CALL(stat, "f", bad);
	CALL(lstat, "f", bad);
	CALL(fstat, file, bad);
	CALL(newfstatat, AT_FDCWD, "f", bad, 0);
	CALL(readlink, "l", bad, 10);
	CALL(getcwd, bad, 100);
	CALL(getdents64, open(".", O_RDONLY), bad, 4096);
	CALL(pipe, bad);
	CALL(pipe2, bad, 0);
	CALL(poll, bad, 1, 0);
	CALL(select, 10, bad, NULL, NULL, &(struct timeval){.tv_sec = 0});
	CALL(clock_gettime, CLOCK_PROCESS_CPUTIME_ID, bad);
	CALL(clock_getres, CLOCK_PROCESS_CPUTIME_ID, bad);
	CALL(getitimer, ITIMER_REAL, bad);
	CALL(getrlimit, RLIMIT_CORE, bad);
	CALL(getrusage, RUSAGE_SELF, bad);
	CALL(times, bad);
	CALL(uname, bad);
	CALL(sysinfo, bad);
	CALL(rt_sigaction, SIGUSR1, NULL, bad, 8);
	CALL(rt_sigprocmask, SIG_BLOCK, NULL, bad, 8);
	CALL(rt_sigpending, bad, 8);
	CALL(sigaltstack, NULL, bad);
	CALL(getrandom, bad, 10, 0);
	CALL(prctl, 16, bad);
	CALL(getresuid, bad, bad, bad);
	CALL(getgroups, 0, bad);
}

static void waits(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(5);
	tell("wait4", syscall(SYS_wait4, child, bad, 0, NULL));
	tell("what it left", waitpid(child, &status, 0));
}

static void round_of(const char *what, uintptr_t address, bool read_only)
{
	say("%s", what);
	bad = address;
	lseek(file, 0, SEEK_SET);
	if (!read_only)
		readers();
	writers();
	waits();
}

static void across(char *page)
{
	char *edge = page + 4096;

	say("across the end of a mapping");
	memcpy(edge - 3, "abc", 3);
	tell("path without end", open(edge - 3, O_RDONLY));
	lseek(file, 0, SEEK_SET);
	tell("write from before the end", pwrite(file, edge - 3, 10, 100));
	tell("write to a pipe", write(ends[1], edge - 3, 3));
	tell("stat over the edge", stat("f", (struct stat *)(void *)(edge - 8)));
	tell("pipe over the edge", pipe((int *)(void *)(edge - 4)));
	tell("read of nothing", read(file, (void *)bad, 0));
	strcpy(edge - 2, "f");
	tell("path that ends with the mapping", access(edge - 2, F_OK));
}

int main(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(page + 4096, 4096);
	make_file("f", "some content for reading");
	make_file("e", "no program");
	chmod("e", 0755);
	file = open("f", O_RDWR);
	if (file < 0 || pipe(ends) || symlink("target", "l"))
		return 1;
	round_of("unmapped", (uintptr_t)page + 4096, false);
	round_of("kernel's half", kernel_address, false);
	round_of("no address", 0x1234567812345678, false);
	round_of("read-only", (uintptr_t)constant, true);
	across(page);
	return 0;
}
