/* SPDX-License-Identifier: MIT */
/* Shows: open's flags and errors: O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW,
 * modes and umask, trailing slashes, long names, what a path through a file says. */
#include "tests/suite/programs/say.h"

static void attempt(const char *what, const char *path, int flags)
{
	int fd = open(path, flags, 0666);

	say_done(what, fd);
	if (fd >= 0)
		close(fd);
}

static void mode_of(const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0)
		say("%s: mode %o, size %ld", path, status.st_mode, (long)status.st_size);
}

int main(void)
{
	char longest[300], text[10];
	int fd;

	attempt("missing", "f", O_RDONLY);
	attempt("create", "f", O_WRONLY | O_CREAT);
	mode_of("f");
	attempt("create exclusively", "f", O_WRONLY | O_CREAT | O_EXCL);
	attempt("create exclusively a new one", "g", O_WRONLY | O_CREAT | O_EXCL);
	umask(077);
	attempt("create with umask", "h", O_WRONLY | O_CREAT);
	mode_of("h");
	umask(022);
	make_file("f", "content");
	mode_of("f");
	attempt("truncate", "f", O_WRONLY | O_TRUNC);
	mode_of("f");
	mkdir("d", 0755);
	attempt("directory to read", "d", O_RDONLY);
	attempt("directory to write", "d", O_WRONLY);
	attempt("directory with create", "d", O_RDONLY | O_CREAT);
	attempt("O_DIRECTORY", "d", O_RDONLY | O_DIRECTORY);
	attempt("O_DIRECTORY of a file", "f", O_RDONLY | O_DIRECTORY);
	attempt("trailing slash", "f/", O_RDONLY);
	attempt("trailing slash, create", "new/", O_WRONLY | O_CREAT);
	attempt("through a file", "f/x", O_RDONLY);
	attempt("through nothing", "n/x", O_RDONLY | O_CREAT);
	attempt("empty path", "", O_RDONLY);
	attempt("dot", ".", O_RDONLY);
	attempt("dots", "d/../f", O_RDONLY);
	attempt("many slashes", ".//d///..//f", O_RDONLY);
	memset(longest, 'n', sizeof(longest));
	longest[255] = '\0';
	attempt("longest name", longest, O_WRONLY | O_CREAT);
	longest[255] = 'n';
	longest[256] = '\0';
	attempt("too long a name", longest, O_WRONLY | O_CREAT);
	if (symlink("f", "link") || symlink("nowhere", "dangling") || symlink("loop", "loop"))
		return 1;
	attempt("link", "link", O_RDONLY);
	attempt("link, not followed", "link", O_RDONLY | O_NOFOLLOW);
	attempt("dangling", "dangling", O_RDONLY);
	attempt("dangling, exclusively", "dangling", O_WRONLY | O_CREAT | O_EXCL);
	attempt("loop", "loop", O_RDONLY);
	attempt("through a dangling link creates", "dangling", O_WRONLY | O_CREAT);
	mode_of("nowhere");
	attempt("program that runs", "/bin/busybox", O_RDONLY);
	fd = open("f", O_RDONLY);
	say_number("write to a reader", write(fd, "x", 1));
	close(fd);
	fd = open("f", O_WRONLY);
	say_number("read from a writer", read(fd, text, 1));
	close(fd);
	fd = open("f", O_PATH);
	say_number("read from O_PATH", read(fd, text, 1));
	fd = open("d", O_RDONLY);
	say_number("read a directory", read(fd, text, 1));
	say_number("creat", creat("c", 0600) >= 0);
	mode_of("c");
	return 0;
}
