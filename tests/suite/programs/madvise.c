/* SPDX-License-Identifier: MIT */
/* Shows: MADV_DONTNEED empties private memory and re-reads file mappings; mincore, mlock and the
 * advice that changes nothing; errors. */
#include "tests/suite/programs/say.h"

#define PAGE ((size_t)4096)

int main(void)
{
	char *area =
	    mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *file;
	int fd;

	memset(area, 'x', 4 * PAGE);
	say_number("dontneed", madvise(area + PAGE, PAGE, MADV_DONTNEED));
	say("before %d, emptied %d, after %d", area[0], area[PAGE], area[2 * PAGE]);
	area[PAGE] = 'y';
	say("written again %d", area[PAGE]);
	make_file("f", "content");
	fd = open("f", O_RDWR);
	file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	file[0] = 'X';
	say("private change %.7s", file);
	say_number("dontneed on a file", madvise(file, PAGE, MADV_DONTNEED));
	say("from the file again %.7s", file);
	say_number("normal", madvise(area, 4 * PAGE, MADV_NORMAL));
	say_number("sequential", madvise(area, 4 * PAGE, MADV_SEQUENTIAL));
	say_number("willneed", madvise(area, 4 * PAGE, MADV_WILLNEED));
	say("kept %d", area[3 * PAGE]);
	say_number("odd address", madvise(area + 1, PAGE, MADV_DONTNEED));
	say_number("bad advice", madvise(area, PAGE, 9999));
	munmap(area + PAGE, PAGE);
	say_number("over a hole", madvise(area, 4 * PAGE, MADV_DONTNEED));
	say("first page %d, last page %d", area[0], area[3 * PAGE]);
	say_number("length 0", madvise(area, 0, MADV_DONTNEED));
	return 0;
}
