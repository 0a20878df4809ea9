/* SPDX-License-Identifier: MIT */
/* Shows: a file of 64 MiB that is nearly all hole: its zeros, blocks written far apart, a tail
 * beyond two GiB, and that removing it gives everything back. */
#include "tests/suite/programs/say.h"

int main(void)
{
	static const off_t places[] = {0, 5000, 1 << 20, (64 << 20) - 4};
	unsigned char block[4096];
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	struct stat status;
	size_t i, j, bad = 0;

	say_number("ftruncate", ftruncate(fd, 64 << 20));
	for (i = 0; i < 4; i++)
		if (pwrite(fd, "MARK", 4, places[i]) != 4)
			return 1;
	for (i = 0; i < 4; i++) {
		memset(block, 'x', sizeof(block));
		say_number("read", pread(fd, block, 10, places[i]));
		say("%.4s, then %d", (char *)block, block[4]);
	}
	for (i = 0; i < 20; i++) {
		if (pread(fd, block, sizeof(block), (off_t)(2 << 20) + (off_t)i * 2900003) !=
		    sizeof(block))
			return 1;
		for (j = 0; j < sizeof(block); j++)
			bad += block[j] != 0;
	}
	say("bytes not zero in the hole: %zu", bad);
	fstat(fd, &status);
	say("size %ld, sparse %d", (long)status.st_size, status.st_blocks < 1000);
	say_number("beyond two GiB", pwrite(fd, "far", 3, 3L << 30));
	fstat(fd, &status);
	say("size %ld, sparse %d", (long)status.st_size, status.st_blocks < 1000);
	say_number("read there", pread(fd, block, 10, 3L << 30));
	say_number("cut", ftruncate(fd, 6000));
	say_number("unlink", unlink("f"));
	say_number("still readable", pread(fd, block, 4, 5000));
	say("%.4s", (char *)block);
	return 0;
}
