/* SPDX-License-Identifier: MIT */
/* Shows: utimensat with times, UTIME_NOW, UTIME_OMIT, nanoseconds, links, futimens, and errors. */
#include "tests/suite/programs/say.h"

static void show(const char *what, const char *path)
{
	struct stat status;

	if (lstat(path, &status)) {
		say_number(what, -1);
		return;
	}
	say("%s: %ld.%09ld %ld.%09ld", what, (long)status.st_atim.tv_sec, status.st_atim.tv_nsec,
	    (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

int main(void)
{
	struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 1},
	                            {.tv_sec = 2000, .tv_nsec = 999999999}};
	struct stat status;
	int fd;

	make_file("f", "x");
	say_number("set", utimensat(AT_FDCWD, "f", times, 0));
	show("f", "f");
	times[0].tv_nsec = UTIME_OMIT;
	times[1] = (struct timespec){.tv_sec = 5};
	say_number("only the second", utimensat(AT_FDCWD, "f", times, 0));
	show("f", "f");
	times[0].tv_nsec = UTIME_NOW;
	times[1].tv_nsec = UTIME_OMIT;
	say_number("first is now", utimensat(AT_FDCWD, "f", times, 0));
	stat("f", &status);
	say("recent %d, other %ld", status.st_atim.tv_sec > 1000000000,
	    (long)status.st_mtim.tv_sec);
	say_number("both now", utimensat(AT_FDCWD, "f", NULL, 0));
	stat("f", &status);
	say_truth("recent", status.st_mtim.tv_sec > 1000000000);
	times[0] = (struct timespec){.tv_sec = -5};
	times[1] = (struct timespec){.tv_sec = 3000000000L};
	say_number("before 1970 and after 2038", utimensat(AT_FDCWD, "f", times, 0));
	show("f", "f");
	times[1].tv_nsec = 1000000000;
	say_number("bad nanoseconds", utimensat(AT_FDCWD, "f", times, 0));
	times[0] = times[1] = (struct timespec){.tv_sec = 77};
	if (symlink("f", "l"))
		return 1;
	say_number("link itself", utimensat(AT_FDCWD, "l", times, AT_SYMLINK_NOFOLLOW));
	show("f", "f");
	lstat("l", &status);
	say("link %ld", (long)status.st_mtim.tv_sec);
	fd = open("f", O_RDONLY);
	times[0].tv_sec = 88;
	say_number("futimens", futimens(fd, times));
	show("f", "f");
	say_number("missing", utimensat(AT_FDCWD, "none", times, 0));
	say_number("closed", futimens(99, times));
	return 0;
}
