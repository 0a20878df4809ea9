/* SPDX-License-Identifier: MIT */
/* Shows: read, write, lseek, pread, pwrite, readv, writev, append, holes, truncation, large
 * offsets. */
#include "tests/suite/programs/say.h"
#include <sys/uio.h>

static void show(int fd, const char *what)
{
	char text[64];
	ssize_t count = pread(fd, text, sizeof(text), 0), i;

	for (i = 0; i < count; i++)
		if (text[i] == '\0')
			text[i] = '_';
	say("%s: %zd \"%.*s\"", what, count, (int)count, text);
}

static void vectors(int fd)
{
	char one[3], two[4];
	struct iovec out[3] = {{.iov_base = "abc", .iov_len = 3},
	                       {.iov_base = NULL, .iov_len = 0},
	                       {.iov_base = "defg", .iov_len = 4}};
	struct iovec in[2] = {{.iov_base = one, .iov_len = 3}, {.iov_base = two, .iov_len = 4}};

	lseek(fd, 0, SEEK_SET);
	say_number("writev", writev(fd, out, 3));
	lseek(fd, 1, SEEK_SET);
	say_number("readv", readv(fd, in, 2));
	say("got %.3s and %.3s", one, two);
	say_number("readv of none", readv(fd, in, 0));
	say_number("readv of too many", readv(fd, in, HIDE(2000)));
	say_number("preadv", preadv(fd, in, 2, 2));
	say_number("pwritev", pwritev(fd, out, 3, 1));
	in[0].iov_len = (size_t)-1;
	say_number("readv with a bad length", readv(fd, in, 2));
	show(fd, "after vectors");
}

static void seeks(int fd)
{
	say_number("SEEK_SET", lseek(fd, 3, SEEK_SET));
	say_number("SEEK_CUR", lseek(fd, 2, SEEK_CUR));
	say_number("SEEK_END", lseek(fd, -2, SEEK_END));
	say_number("before the start", lseek(fd, -100, SEEK_SET));
	say_number("back before the start", lseek(fd, -100, SEEK_CUR));
	say_number("far beyond", lseek(fd, 1L << 40, SEEK_SET));
	say_number("bad origin", lseek(fd, 0, 99));
	say_number("beyond the end reads nothing", read(fd, &(char){0}, 1));
}

int main(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600), appender;
	char text[10] = "";

	say_number("write", write(fd, "0123456789", 10));
	seeks(fd);
	say_number("pread", pread(fd, text, 3, 4));
	say("got %.3s", text);
	say_number("pread beyond", pread(fd, text, 3, 100));
	say_number("pread across the end", pread(fd, text, 5, 8));
	say_number("pread before the start", pread(fd, text, 5, -1));
	say_number("pwrite", pwrite(fd, "XY", 2, 2));
	show(fd, "after pwrite");
	say_number("hole", pwrite(fd, "end", 3, 20));
	show(fd, "with a hole");
	say_number("cut", ftruncate(fd, 5));
	show(fd, "cut");
	say_number("longer", ftruncate(fd, 8));
	show(fd, "longer");
	say_number("negative", ftruncate(fd, -1));
	say_number("by name", truncate("f", 3));
	say_number("missing", truncate("missing", 3));
	say_number("a directory", truncate(".", 3));
	appender = open("f", O_WRONLY | O_APPEND);
	say_number("append", write(appender, "A", 1));
	say_number("elsewhere", pwrite(fd, "BB", 2, 4));
	lseek(appender, 0, SEEK_SET);
	say_number("append again", write(appender, "C", 1));
	show(fd, "appended");
	say_number("offset of the appender", lseek(appender, 0, SEEK_CUR));
	say_number("pwrite appends too", pwrite(appender, "D", 1, 0));
	show(fd, "appended by pwrite");
	say_number("nothing", write(fd, "", 0));
	vectors(fd);
	return 0;
}
