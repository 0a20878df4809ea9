/* SPDX-License-Identifier: MIT */
/* Shows: hard and symbolic links: counts, contents, limits of following, readlink into small
 * buffers, links to directories, files that live on without a name. */
#include "tests/suite/programs/say.h"

static int count_of(const char *path)
{
	struct stat status;

	return stat(path, &status) ? -1 : (int)status.st_nlink;
}

static void chain(void)
{
	char from[16], to[16];
	int i;

	make_file("end", "reached");
	if (symlink("end", "s0"))
		return;
	for (i = 1; i < 45; i++) {
		snprintf(from, sizeof(from), "s%d", i - 1);
		snprintf(to, sizeof(to), "s%d", i);
		if (symlink(from, to))
			return;
	}
	say_done("39 links", open("s38", O_RDONLY));
	say_done("40 links", open("s39", O_RDONLY));
	say_done("41 links", open("s40", O_RDONLY));
}

int main(void)
{
	char text[64];
	struct stat status;
	int fd;

	make_file("a", "content");
	say_number("link", link("a", "b"));
	say("counts %d %d", count_of("a"), count_of("b"));
	say_number("link again", link("a", "b"));
	say_number("link of nothing", link("none", "x"));
	mkdir("d", 0755);
	say_number("link of a directory", link("d", "x"));
	say_number("unlink", unlink("a"));
	say("count %d", count_of("b"));
	fd = open("b", O_RDWR);
	say_number("unlink the last", unlink("b"));
	fstat(fd, &status);
	say("links %d, size %ld", (int)status.st_nlink, (long)status.st_size);
	say_number("write without a name", write(fd, "CONTENT+", 8));
	say_number("read back", pread(fd, text, 20, 0));
	say_number("unlink a directory", unlink("d"));
	say_number("rmdir of a file", (make_file("f", "x"), rmdir("f")));
	say_number("unlink nothing", unlink("none"));
	say_number("unlink with a slash", unlink("f/"));
	say_number("symlink", symlink("some/where/else", "s"));
	say_number("symlink again", symlink("x", "s"));
	say_number("empty symlink", symlink("", "empty"));
	say_number("readlink", readlink("s", text, sizeof(text)));
	say("%.15s", text);
	say_number("readlink into four bytes", readlink("s", text, 4));
	say_number("readlink into none", readlink("s", text, 0));
	say_number("readlink of a file", readlink("f", text, sizeof(text)));
	lstat("s", &status);
	say("mode %o, size %ld", status.st_mode, (long)status.st_size);
	say_number("stat through it", stat("s", &status));
	say_number("symlink to the directory", symlink("d", "ds"));
	make_file("ds/inside", "i");
	say_number("seen in the directory", access("d/inside", F_OK));
	say_number("link does not follow", link("ds", "dsl"));
	lstat("dsl", &status);
	say_truth("it is a symlink too", S_ISLNK(status.st_mode));
	say_number("linkat that follows", linkat(AT_FDCWD, "ds", AT_FDCWD, "x", AT_SYMLINK_FOLLOW));
	say_number("rmdir of a link to a directory", rmdir("ds"));
	chain();
	return 0;
}
