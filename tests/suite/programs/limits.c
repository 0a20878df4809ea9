/* SPDX-License-Identifier: MIT */
/* Shows: resource limits: get, set, hard and soft, inheritance; EMFILE; SIGXFSZ and EFBIG;
 * RLIMIT_AS; prlimit; errors. */
#include "tests/suite/programs/say.h"
#include <sys/resource.h>

static void show(const char *what, __rlimit_resource_t which)
{
	struct rlimit limit;

	if (getrlimit(which, &limit))
		say_number(what, -1);
	else
		say("%s: %ld %ld", what, (long)limit.rlim_cur, (long)limit.rlim_max);
}

static int set(__rlimit_resource_t which, rlim_t soft, rlim_t hard)
{
	struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

	return setrlimit(which, &limit);
}

static void files(void)
{
	int count = 0, fd, last = -1;

	say_number("RLIMIT_NOFILE 20", set(RLIMIT_NOFILE, 20, 1024));
	while ((fd = open("/dev/null", O_RDONLY)) >= 0) {
		last = fd;
		count++;
	}
	say_number("open beyond", fd);
	say("opened %d, last %d", count, last);
	say_number("dup", dup(0));
	say_number("dup2 to 20", dup2(0, 20));
	say_number("pipe", pipe((int[2]){0}));
	close(10);
	say_number("one free", open("/dev/null", O_RDONLY));
	say_number("again full", open("/dev/null", O_RDONLY));
	say_number("up again", set(RLIMIT_NOFILE, 100, 1024));
	say_number("next", open("/dev/null", O_RDONLY));
}

static volatile int seen;

static void note(int number)
{
	seen = number;
}

static void size(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	char block[3000];

	memset(block, 'x', sizeof(block));
	say_number("RLIMIT_FSIZE 5000", set(RLIMIT_FSIZE, 5000, RLIM_INFINITY));
	handle(SIGXFSZ, note, 0);
	say_number("within", write(fd, block, sizeof(block)));
	say_number("up to", write(fd, block, sizeof(block)));
	say_number("beyond", write(fd, block, sizeof(block)));
	say("signal %d", seen);
	say_number("truncate beyond", ftruncate(fd, 6000));
	signal(SIGXFSZ, SIG_DFL);
	if (write(fd, block, 1))
		say("not reached");
}

static void space(void)
{
	say_number("RLIMIT_AS 64 MiB", set(RLIMIT_AS, 64 << 20, RLIM_INFINITY));
	say_mapped("128 MiB", mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	say_mapped("8 MiB", mmap(NULL, 8 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	say_truth("malloc of 100 MB fails", malloc(HIDE((size_t)100000000)) == NULL);
}

static void child_view(void)
{
	show("in a child", RLIMIT_NOFILE);
}

int main(void)
{
	struct rlimit limit;

	show("NOFILE", RLIMIT_NOFILE);
	show("STACK", RLIMIT_STACK);
	set(RLIMIT_CORE, 0, 0);
	show("CORE", RLIMIT_CORE);
	show("FSIZE", RLIMIT_FSIZE);
	show("AS", RLIMIT_AS);
	show("DATA", RLIMIT_DATA);
	show("CPU", RLIMIT_CPU);
	in_child("files", files);
	in_child("size", size);
	in_child("space", space);
	say_number("soft above hard", set(RLIMIT_NOFILE, 500, 100));
	say_number("lower", set(RLIMIT_NOFILE, 50, 200));
	in_child("child", child_view);
	show("here", RLIMIT_NOFILE);
	say_number("bad resource", set((__rlimit_resource_t)99, 1, 1));
	say_number("prlimit", prlimit(0, RLIMIT_CORE, NULL, &limit));
	say_number("prlimit of nobody", prlimit(999999, RLIMIT_CORE, NULL, &limit));
	return 0;
}
