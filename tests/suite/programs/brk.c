/* SPDX-License-Identifier: MIT */
/* Shows: the break grows, shrinks and grows again zeroed; a refused break leaves things as they
 * are. */
#include "tests/suite/programs/say.h"

int main(void)
{
	char *start = (char *)syscall(SYS_brk, 0);
	char *end = (char *)syscall(SYS_brk, start + 100000);
	size_t i, bad = 0;

	say_truth("grown", end == start + 100000);
	for (i = 0; i < 100000; i++)
		bad += start[i] != 0;
	say("bytes not zero: %zu", bad);
	memset(start, 'x', 100000);
	end = (char *)syscall(SYS_brk, start + 5000);
	say_truth("shrunk", end == start + 5000);
	say_truth("what is left is kept", start[4999] == 'x');
	end = (char *)syscall(SYS_brk, start + 100000);
	say_truth("grown again", end == start + 100000);
	for (i = 8192 + 4096, bad = 0; i < 100000; i++)
		bad += start[i] != 0;
	say("bytes not zero after growing again: %zu", bad);
	end = (char *)syscall(SYS_brk, (void *)1);
	say_truth("nonsense refused", end == start + 100000);
	end = (char *)syscall(SYS_brk, (void *)((uintptr_t)1 << 60));
	say_truth("too much refused", end == start + 100000);
	say_truth("sbrk agrees", sbrk(0) != (void *)-1);
	start = malloc(300000);
	memset(start, 1, 300000);
	free(start);
	say("malloc works");
	return 0;
}
