/* SPDX-License-Identifier: MIT */
/* Shows: MAP_FIXED replaces what is there, in the middle, at the ends and across several mappings;
 * MAP_FIXED_NOREPLACE refuses. */
#include "tests/suite/programs/say.h"

#define PAGE  ((size_t)4096)
#define PAGES 8

static char *area;

static void show(const char *what)
{
	char line[PAGES + 1];
	int i;

	for (i = 0; i < PAGES; i++) {
		char value = area[(size_t)i * PAGE];

		line[i] = value ? value : '.';
	}
	line[PAGES] = '\0';
	say("%s: %s", what, line);
}

static void fill(void)
{
	int i;

	for (i = 0; i < PAGES; i++)
		area[(size_t)i * PAGE] = (char)('a' + i);
}

static void put(int first, int count)
{
	void *got = mmap(area + (size_t)first * PAGE, (size_t)count * PAGE, PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	say_truth("at the address", got == area + (size_t)first * PAGE);
}

int main(void)
{
	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fill();
	show("full");
	put(3, 2);
	show("middle replaced");
	put(0, 1);
	show("first replaced");
	put(7, 1);
	show("last replaced");
	fill();
	put(2, 5);
	show("across pieces");
	say_mapped("no replace over a mapping",
	           mmap(area + PAGE, PAGE, PROT_READ,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	munmap(area + PAGE, PAGE);
	say_mapped("no replace into a hole",
	           mmap(area + PAGE, PAGE, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	show("at the end");
	say_mapped("fixed over the top of user space",
	           mmap((void *)HIDE((uintptr_t)0x7ffffffff000), 2 * PAGE, PROT_READ,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	return 0;
}
