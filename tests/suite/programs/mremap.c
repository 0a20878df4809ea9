/* SPDX-License-Identifier: MIT */
/* Shows: mremap grows in place, shrinks, moves with the contents, to a fixed place, and its
 * errors. */
#include "tests/suite/programs/say.h"

#define PAGE ((size_t)4096)

static bool holds(const char *area, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++)
		if (area[i * PAGE] != (char)('a' + i))
			return false;
	return true;
}

int main(void)
{
	char *area =
	    mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *place = mmap(NULL, 32 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved;
	size_t i;

	munmap(area + 8 * PAGE, 24 * PAGE);
	for (i = 0; i < 8; i++)
		area[i * PAGE] = (char)('a' + i);
	moved = mremap(area, 8 * PAGE, 12 * PAGE, 0);
	say_truth("grown in place", moved == area && holds(area, 8) && area[11 * PAGE] == 0);
	moved = mremap(area, 12 * PAGE, 4 * PAGE, 0);
	say_truth("shrunk in place", moved == area && holds(area, 4));
	say_mapped("tail was given back",
	           mmap(area + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	say_mapped("no room to grow", mremap(area, 4 * PAGE, 8 * PAGE, 0));
	moved = mremap(area, 4 * PAGE, 16 * PAGE, MREMAP_MAYMOVE);
	say_truth("moved with its contents",
	          (void *)moved != MAP_FAILED && moved != area && holds(moved, 4));
	say_truth("new part is zero", moved[5 * PAGE] == 0 && moved[15 * PAGE] == 0);
	area = mremap(moved, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
	say_truth("moved to a fixed place", area == place && holds(place, 4));
	say_mapped(
	    "old place is free",
	    mmap(moved, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	say_mapped("odd address", mremap(place + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	say_mapped("new length 0", mremap(place, PAGE, 0, MREMAP_MAYMOVE));
	say_mapped("nothing there",
	           mremap((void *)HIDE((uintptr_t)0x10000), PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	say_mapped("fixed without may move", mremap(place, PAGE, PAGE, MREMAP_FIXED, area));
	return 0;
}
