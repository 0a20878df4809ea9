/* SPDX-License-Identifier: MIT */
/* Shows: O_TMPFILE: a file without a name in a directory, which O_EXCL keeps so and which otherwise
 * may get one through /proc/self/fd; what must be right about the call. */
#include "tests/suite/programs/say.h"

static void tell(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		say_number("fstat", -1);
	else
		say("mode %o, links %d, size %ld", status.st_mode, (int)status.st_nlink,
		    (long)status.st_size);
}

static int link_by_proc(int fd, const char *name, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, AT_FDCWD, name, flags);
}

static void named_later(void)
{
	char text[300], path[40], *last;
	int fd = (int)say_done("without a name", open(".", O_TMPFILE | O_RDWR, 0646)), i;
	ssize_t len;

	tell(fd);
	say_number("write", write(fd, "hidden", 6));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = 0;
	last = strrchr(text, '/');
	say("it is called%s %s", last && last[1] == '#' ? " #..." : "",
	    last && strchr(last, ' ') ? strchr(last, ' ') : "?");
	say_number("not the link itself", link_by_proc(fd, "a", 0));
	say_number("named", link_by_proc(fd, "a", AT_SYMLINK_FOLLOW));
	tell(fd);
	say_number("named again", link_by_proc(fd, "b", AT_SYMLINK_FOLLOW));
	say_number("that is taken", link_by_proc(fd, "a", AT_SYMLINK_FOLLOW));
	i = open("a", O_RDONLY);
	say_number("by its name", read(i, text, 10));
	unlink("a");
	unlink("b");
	say_number("never again", link_by_proc(fd, "a", AT_SYMLINK_FOLLOW));
	tell(fd);
}

static void never_named(void)
{
	int fd = (int)say_done("exclusive", open(".", O_TMPFILE | O_WRONLY | O_EXCL, 0600));

	say_number("named", link_by_proc(fd, "a", AT_SYMLINK_FOLLOW));
	say_truth("flag kept", (fcntl(fd, F_GETFL) & O_TMPFILE) == O_TMPFILE);
}

static void many(void)
{
	int i, fd[20];

	mkdir("d", 0700);
	for (i = 0; i < 20; i++) {
		fd[i] = open("d", O_TMPFILE | O_RDWR, 0600);
		if (write(fd[i], "x", 1) != 1)
			say_number("write", -1);
	}
	for (i = 0; i < 10; i++)
		close(fd[i]);
	say_number("its directory goes", rmdir("d"));
	say_number("there is nowhere", open("d", O_TMPFILE | O_RDWR, 0600));
	say_number("still there", pread(fd[19], &i, 1, 0));
}

int main(void)
{
	make_file("f", "");
	if (symlink(".", "l"))
		return 1;
	named_later();
	never_named();
	many();
	say_number("to read", open(".", O_TMPFILE | O_RDONLY, 0600));
	say_number("to be made", open(".", O_TMPFILE | O_RDWR | O_CREAT, 0600));
	say_number("half the flag", open(".", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, 0600));
	say_number("a file", open("f", O_TMPFILE | O_RDWR, 0600));
	say_number("nothing", open("n", O_TMPFILE | O_RDWR, 0600));
	say_number("a link", open("l", O_TMPFILE | O_RDWR | O_NOFOLLOW, 0600));
	say_done("through a link", open("l", O_TMPFILE | O_RDWR, 0600));
	say_number("no place for it", open("/proc", O_TMPFILE | O_RDWR, 0600));
	say_done("a path", open(".", O_TMPFILE | O_PATH, 0600));
	return 0;
}
