/* SPDX-License-Identifier: MIT */
/*
 * Shows: every number of a system call is answered, whether the call is there or not. What a known
 * call says to arguments of nonsense differs among versions of Linux; that it comes back does not.
 */
#include "tests/suite/programs/say.h"

#define FIRST_NEW 424
#define KNOWN_END 470 /* the newest number that this test means, and one */

/* Calls that do not come back, or would do something to the machine. */
static bool left_out(long number)
{
	static const long numbers[] = {
	    SYS_rt_sigreturn, SYS_pause,  SYS_fork,    SYS_vfork, SYS_exit,
	    SYS_exit_group,   SYS_msgget, SYS_vhangup, SYS_sync,
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i] == number)
			return true;
	}
	return number == 335 || number == 336; /* probes, in newer Linux: for its trampolines */
}

/* Each in a process of its own, as what the call does stays there. */
static void known(const char *what, long first, long end, long argument)
{
	int status;

	for (long number = first; number < end; number++) {
		pid_t child;

		if (left_out(number))
			continue;
		child = fork();
		if (child == 0) {
			syscall(number, argument, argument, argument, argument, argument, argument);
			_exit(7);
		}
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != 7)
			say("%s: call %ld: status %x", what, number, status);
	}
	say("%s: over", what);
}

static void missing(const char *what, long first, long end)
{
	long wrong = 0;

	for (long number = first; number < end; number++) {
		errno = 0;
		if (syscall(number, -1L, 0L, 0L, 0L, 0L, 0L) != -1 || errno != ENOSYS) {
			if (wrong++ == 0)
				say_number(what, number);
		}
	}
	say("%s: %ld that do not say ENOSYS", what, wrong);
}

static void one(const char *what, long number)
{
	missing(what, number, number + 1);
}

static void mode_of(const char *what, const char *name)
{
	struct stat found;

	if (lstat(name, &found) != 0)
		say_number(what, -1);
	else
		say("%s: %o", what, (unsigned int)found.st_mode);
}

#define FCHMODAT2 452

/* By the call that newer C libraries try first. Before Linux 6.6 it was not there: then what it
 * would have said. */
static long change_mode(const char *name, mode_t mode, int flags)
{
	long result = syscall(FCHMODAT2, AT_FDCWD, name, mode, flags);
	struct stat found;

	if (result == 0 || errno != ENOSYS)
		return result;
	if (flags & ~AT_SYMLINK_NOFOLLOW)
		errno = EINVAL;
	else if (flags && lstat(name, &found) == 0 && S_ISLNK(found.st_mode))
		errno = EOPNOTSUPP;
	else
		return syscall(SYS_fchmodat, AT_FDCWD, name, mode);
	return -1;
}

static void change_modes(void)
{
	make_file("f", "");
	if (symlink("f", "link") != 0)
		say_number("symlink", -1);
	say_number("fchmodat", change_mode("f", 0640, 0));
	mode_of("fchmodat", "f");
	say_number("through a link", change_mode("link", 0604, 0));
	mode_of("through a link", "f");
	say_number("of the link", change_mode("link", 0600, AT_SYMLINK_NOFOLLOW));
	mode_of("of the link", "f");
	say_number("not a link", change_mode("f", 0600, AT_SYMLINK_NOFOLLOW));
	mode_of("not a link", "f");
	say_number("an unknown flag", change_mode("f", 0600, 0x100000));
}

int main(void)
{
	known("arguments of -1", 0, KNOWN_END, -1);
	known("newer calls, arguments of 0", FIRST_NEW, KNOWN_END, 0);
	missing("the numbers that were left out", 337, FIRST_NEW);
	missing("behind the last", 600, 2000);
	missing("negative", -2000, 0);
	missing("those of x32", 0x40000000l, 0x40000000l + 600);
	one("largest of 31 bits", INT32_MAX);
	one("least of 32 bits", INT32_MIN);
	one("unknown, with an upper half", (5l << 32) + 1000);
	one("largest", INT64_MAX);
	change_modes();
	return 0;
}
