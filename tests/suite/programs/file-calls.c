/* SPDX-License-Identifier: MIT */
/* Shows: what calls on files say about odd arguments: copy_file_range and sendfile between files,
 * pipes and directories, with offsets that cannot be read or written; sync_file_range, syncfs,
 * posix_fadvise; fallocate; the calls of /dev/urandom. */
#include "tests/suite/programs/say.h"
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

static int from, to, ends[2], folder, path;

static void try_copy(const char *what, int in, off_t *in_at, int out, off_t *out_at, size_t bytes)
{
	say_number(what, copy_file_range(in, in_at, out, out_at, bytes, 0));
}

static void copies(void)
{
	off_t *fixed = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	off_t a = 0, b = 2;

	say_number("sendfile that cannot tell", sendfile(to, from, fixed, 4));
	say_number("at the end neither", sendfile(to, from, fixed, 0));
	try_copy("copy that cannot tell", from, fixed, to, NULL, 4);
	say_number("size", lseek(to, 0, SEEK_END));
	say_number("flags", copy_file_range(from, &a, to, &b, 4, 1));
	try_copy("overlap", from, &a, from, &b, 4);
	b = 4;
	try_copy("side by side", from, &a, from, &b, 4);
	try_copy("from a pipe", ends[0], NULL, to, NULL, 4);
	try_copy("to a pipe", from, NULL, ends[1], NULL, 4);
	try_copy("from a directory", folder, NULL, to, NULL, 4);
	try_copy("to a directory", from, NULL, folder, NULL, 4);
	try_copy("to a reader", from, NULL, open("to", O_RDONLY), NULL, 4);
	try_copy("from a writer", open("from", O_WRONLY), NULL, to, NULL, 4);
	try_copy("appended", from, NULL, open("to", O_WRONLY | O_APPEND), NULL, 4);
	try_copy("a path", path, NULL, to, NULL, 4);
	try_copy("a device", open("/dev/zero", O_RDONLY), NULL, to, NULL, 4);
	try_copy("closed", from, NULL, 99, NULL, 4);
	try_copy("a bad offset", from, HIDE((off_t *)8), to, NULL, 4);
	a = -1;
	try_copy("before the start", from, &a, to, NULL, 4);
	a = 100;
	try_copy("behind the end", from, &a, to, NULL, 4);
	a = 5;
	try_copy("without end", from, &a, to, NULL, (size_t)-1);
	try_copy("as much as there is", from, &a, to, NULL, 1 << 30);
	say("at %ld", (long)a);
}

static void syncs(void)
{
	say_number("sync_file_range", sync_file_range(from, 0, 0, 7));
	say_number("a flag", sync_file_range(from, 0, 0, 8));
	say_number("before the start", sync_file_range(from, -1, 0, 1));
	say_number("less than nothing", sync_file_range(from, 0, -1, 1));
	say_number("a pipe", sync_file_range(ends[0], 0, 0, 1));
	say_number("a directory", sync_file_range(folder, 0, 0, 1));
	say_number("a path", sync_file_range(path, 0, 0, 1));
	say_number("syncfs", syncfs(ends[0]));
	say_number("syncfs of a path", syncfs(path));
	say_number("advice for a path", posix_fadvise(path, 0, 0, 0));
	say_number("advice for a pipe", posix_fadvise(ends[0], 0, 0, 0));
}

static void spaces(void)
{
	say_number("nothing", fallocate(to, 0, 0, 0));
	say_number("before the start", fallocate(to, 0, -1, 5));
	say_number("a hole that grows", fallocate(to, FALLOC_FL_PUNCH_HOLE, 0, 10));
	say_number("unknown", fallocate(to, 0x1000, 0, 10));
	say_number("too large", fallocate(to, 0, INT64_MAX - 10, 100));
	say_number("a reader", fallocate(open("to", O_RDONLY), 0, 0, 10));
	say_number("a pipe", fallocate(ends[1], 0, 0, 10));
	say_number("a device", fallocate(open("/dev/null", O_RDWR), 0, 0, 10));
	say_number("a path", fallocate(path, 0, 0, 10));
	say_number("attributes of a path", fgetxattr(path, "user.a", NULL, 0));
	say_number("to be set", fsetxattr(path, "user.a", "x", 1, 0));
}

static void chance(void)
{
	int fd = open("/dev/urandom", O_RDWR), count = -1;
	struct {
		int bits, bytes;
		char text[8];
	} more = {0, 8, "chance"};

	say_number("how much", ioctl(fd, RNDGETENTCNT, &count));
	say_truth("some", count > 0);
	say_number("nowhere to say it", ioctl(fd, RNDGETENTCNT, NULL));
	say_number("another call", ioctl(fd, TCGETS, &more));
	say_number("write", write(fd, "chance", 6));
	if (setuid(65534))
		say("not root");
	say_number("add", ioctl(fd, RNDADDENTROPY, &more));
	say_number("clear", ioctl(fd, RNDCLEARPOOL, 0));
}

int main(void)
{
	make_file("from", "0123456789");
	make_file("to", "");
	from = open("from", O_RDWR);
	to = open("to", O_RDWR);
	folder = open(".", O_RDONLY);
	path = open("from", O_PATH);
	if (pipe(ends))
		return 1;
	copies();
	syncs();
	spaces();
	chance();
	return 0;
}
