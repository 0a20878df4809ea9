/* SPDX-License-Identifier: MIT */
/* Shows: openat, mkdirat, fstatat, unlinkat, renameat, linkat, symlinkat, readlinkat, faccessat,
 * fchmodat relative to a directory's descriptor, to AT_FDCWD, absolute, and their flags and
 * errors. */
#include "tests/suite/programs/say.h"

int main(void)
{
	struct stat status;
	char text[20];
	int d, f, fd;

	mkdir("d", 0755);
	d = open("d", O_RDONLY | O_DIRECTORY);
	make_file("f", "file");
	f = open("f", O_RDONLY);
	fd = openat(d, "x", O_RDWR | O_CREAT, 0644);
	say_truth("openat", fd >= 0 && access("d/x", F_OK) == 0);
	say_number("openat below a file", openat(f, "x", O_RDONLY));
	say_number("openat below nothing", openat(99, "x", O_RDONLY));
	say_done("absolute path needs no directory", openat(99, "/", O_RDONLY));
	say_number("mkdirat", mkdirat(d, "sub", 0700));
	say_number("fstatat", fstatat(d, "sub", &status, 0));
	say("mode %o", status.st_mode);
	say_number("fstatat of nothing", fstatat(d, "none", &status, 0));
	say_number("empty path", fstatat(f, "", &status, 0));
	say_number("empty path allowed", fstatat(f, "", &status, AT_EMPTY_PATH));
	say("size %ld", (long)status.st_size);
	say_number("bad flags", fstatat(d, "sub", &status, 0x40000000));
	say_number("symlinkat", symlinkat("x", d, "s"));
	say_number("readlinkat", readlinkat(d, "s", text, sizeof(text)));
	say_number("fstatat without following", fstatat(d, "s", &status, AT_SYMLINK_NOFOLLOW));
	say("mode %o", status.st_mode);
	say_number("linkat", linkat(d, "x", AT_FDCWD, "y", 0));
	say_number("renameat", renameat(AT_FDCWD, "y", d, "z"));
	say_number("faccessat", faccessat(d, "z", R_OK | W_OK, 0));
	say_number("faccessat to execute", faccessat(d, "z", X_OK, 0));
	say_number("fchmodat", fchmodat(d, "z", 0751, 0));
	say_number("to execute now", faccessat(d, "z", X_OK, 0));
	say_number("fchownat", fchownat(d, "z", 0, 0, 0));
	say_number("unlinkat of a directory", unlinkat(d, "sub", 0));
	say_number("unlinkat AT_REMOVEDIR", unlinkat(d, "sub", AT_REMOVEDIR));
	say_number("AT_REMOVEDIR of a file", unlinkat(d, "x", AT_REMOVEDIR));
	say_number("unlinkat", unlinkat(d, "x", 0));
	say_number("unlinkat bad flags", unlinkat(d, "z", 0x1234));
	say_number("mkfifoat", mkfifoat(d, "p", 0600));
	rename("d", "moved");
	say_number("descriptor follows the directory", fstatat(d, "z", &status, 0));
	say("links %d", (int)status.st_nlink);
	return 0;
}
