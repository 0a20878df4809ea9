/* SPDX-License-Identifier: MIT */
/* Shows: files mapped private and shared: contents, the tail of the last page, what writes reach,
 * two mappings of one file, a mapping that outlives its descriptor and its name, and the errors. */
#include "tests/suite/programs/say.h"

static void contents(int fd, const char *what)
{
	char text[40] = "";
	ssize_t count = pread(fd, text, sizeof(text) - 1, 0);

	say("%s: %zd bytes \"%.20s\"", what, count, text);
}

static void errors(void)
{
	int reader, writer, directory;

	make_file("other", "content");
	reader = open("other", O_RDONLY);
	writer = open("other", O_WRONLY);
	directory = open(".", O_RDONLY);
	say_mapped("shared writable of a read-only descriptor",
	           mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0));
	say_mapped("private writable of a read-only descriptor",
	           mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, reader, 0));
	say_mapped("write-only descriptor", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, writer, 0));
	say_mapped("directory", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, directory, 0));
	say_mapped("closed descriptor", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0));
	say_mapped("offset not of a page", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, reader, 100));
}

static void offsets(void)
{
	char page[4096];
	int fd = open("big", O_RDWR | O_CREAT, 0644);
	char *second;
	int i;

	for (i = 0; i < 3; i++) {
		memset(page, 'A' + i, sizeof(page));
		if (write(fd, page, sizeof(page)) != (ssize_t)sizeof(page))
			_exit(1);
	}
	second = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 4096);
	say("from the second page: %c %c", second[0], second[4096]);
	if (pwrite(fd, "z", 1, 4096) != 1)
		_exit(1);
	say("untouched private page sees a later write: %c", second[0]);
}

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	char *shared, *again, *own;

	if (write(fd, "hello", 5) != 5)
		return 1;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	again = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	say("mapped: %.5s, tail %d", shared, shared[100]);
	own[0] = 'J';
	contents(fd, "after a private write");
	say("private %.5s, shared %.5s", own, shared);
	shared[1] = 'a';
	contents(fd, "after a shared write");
	say("second mapping %.5s", again);
	if (pwrite(fd, "p", 1, 2) != 1)
		return 1;
	say("after write(2): shared %.5s, private %.5s", shared, own);
	shared[5] = '!';
	contents(fd, "bytes past the end are not the file's");
	shared[5] = 0; /* what a longer file would show of it is up to the file system */
	say_number("msync", msync(shared, 4096, MS_SYNC));
	say_number("ftruncate longer", ftruncate(fd, 6));
	contents(fd, "longer by one");
	close(fd);
	unlink("file");
	say("still there: %.5s", shared);
	say_number("munmap", munmap(shared, 4096));
	say("other mapping: %.5s", again);
	offsets();
	errors();
	return 0;
}
