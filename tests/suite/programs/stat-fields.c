/* SPDX-License-Identifier: MIT */
/* Shows: what stat says of files, directories, links, devices, pipes; changes of its times by
 * reading, writing, linking and chmod; statx; fstat of standard descriptors. */
#include "tests/suite/programs/say.h"
#include <sys/sysmacros.h>

static void show(const char *path)
{
	struct stat status;

	if (lstat(path, &status)) {
		say_number(path, -1);
		return;
	}
	if (S_ISCHR(status.st_mode)) /* whose it is depends on who runs the reference */
		say("%s: mode %o, device %u:%u", path, status.st_mode, major(status.st_rdev),
		    minor(status.st_rdev));
	else if (S_ISDIR(status.st_mode)) /* sizes of directories are each file system's own */
		say("%s: mode %o, uid %d, gid %d", path, status.st_mode, (int)status.st_uid,
		    (int)status.st_gid);
	else
		say("%s: mode %o, uid %d, gid %d, size %ld, links %d", path, status.st_mode,
		    (int)status.st_uid, (int)status.st_gid, (long)status.st_size,
		    (int)status.st_nlink);
	say_truth("  block size", status.st_blksize >= 512);
}

static bool later(struct timespec one, struct timespec two)
{
	return one.tv_sec > two.tv_sec || (one.tv_sec == two.tv_sec && one.tv_nsec > two.tv_nsec);
}

static void times(void)
{
	struct stat before, after;
	int fd = open("t", O_RDWR | O_CREAT, 0644);

	fstat(fd, &before);
	sleep_ms(20);
	if (write(fd, "x", 1) != 1)
		return;
	fstat(fd, &after);
	say("write: mtime %d, ctime %d, atime %d", later(after.st_mtim, before.st_mtim),
	    later(after.st_ctim, before.st_ctim), later(after.st_atim, before.st_atim));
	before = after;
	sleep_ms(20);
	fchmod(fd, 0600);
	fstat(fd, &after);
	say("chmod: mtime %d, ctime %d", later(after.st_mtim, before.st_mtim),
	    later(after.st_ctim, before.st_ctim));
	before = after;
	sleep_ms(20);
	if (link("t", "t2"))
		return;
	fstat(fd, &after);
	say("link: mtime %d, ctime %d", later(after.st_mtim, before.st_mtim),
	    later(after.st_ctim, before.st_ctim));
	mkdir("td", 0755);
	stat("td", &before);
	sleep_ms(20);
	make_file("td/x", "");
	stat("td", &after);
	say("new entry: directory's mtime %d", later(after.st_mtim, before.st_mtim));
	before = after;
	sleep_ms(20);
	unlink("td/x");
	stat("td", &after);
	say("gone entry: directory's mtime %d", later(after.st_mtim, before.st_mtim));
}

int main(void)
{
	struct stat one, two;
	struct statx extended;

	make_file("f", "12345");
	mkdir("d", 01755);
	chmod("d", 01755);
	if (symlink("target", "l") || mkfifo("p", 0600))
		return 1;
	show("f");
	show("d");
	show("l");
	show("p");
	show("/dev/null");
	show("/dev/zero");
	show("none");
	stat("f", &one);
	if (link("f", "g"))
		return 1;
	stat("g", &two);
	say_truth("same file by both names", one.st_ino == two.st_ino && one.st_dev == two.st_dev);
	stat("d", &two);
	say_truth("another inode", one.st_ino != two.st_ino);
	say_truth("same device", one.st_dev == two.st_dev);
	fstat(1, &one);
	say_truth("standard output is a pipe", S_ISFIFO(one.st_mode));
	fstat(0, &one);
	say_truth("standard input is a device", S_ISCHR(one.st_mode));
	say_number("statx", statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &extended));
	say("mode %o, size %ld, links %u", extended.stx_mode, (long)extended.stx_size,
	    extended.stx_nlink);
	say_number("statx of nothing", statx(AT_FDCWD, "none", 0, STATX_BASIC_STATS, &extended));
	say_number("fstat of a closed one", fstat(99, &one));
	times();
	return 0;
}
