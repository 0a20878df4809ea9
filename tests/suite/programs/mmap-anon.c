/* SPDX-License-Identifier: MIT */
/* Shows: anonymous private mappings: zero-filled, page by page, large and sparse, hints, lengths
 * that are no multiple of a page, and the errors of mmap. */
#include "tests/suite/programs/say.h"

static bool all_zero(const unsigned char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (bytes[i])
			return false;
	return true;
}

static void *map(size_t length, int protection, int flags)
{
	return mmap(NULL, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void errors(void)
{
	say_mapped("length 0", map(0, PROT_READ, 0));
	say_mapped("neither shared nor private", mmap(NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0));
	say_mapped("too large", map((size_t)1 << 47, PROT_READ, 0));
	say_mapped("file mapping of no file", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0));
	say_mapped("odd offset", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 123));
	say_mapped("fixed at an odd address",
	           mmap((void *)HIDE((uintptr_t)0x10001), 4096, PROT_READ,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

int main(void)
{
	unsigned char *small = map(100, PROT_READ | PROT_WRITE, 0);
	unsigned char *page = map(10 * 4096, PROT_READ | PROT_WRITE, 0);
	unsigned char *huge = map((size_t)1 << 30, PROT_READ | PROT_WRITE, MAP_NORESERVE);
	size_t i;

	say_truth("small is zero up to the page's end", all_zero(small, 4096));
	say_truth("pages are zero", all_zero(page, (size_t)10 * 4096));
	say_truth("page-aligned", ((uintptr_t)small | (uintptr_t)page) % 4096 == 0);
	for (i = 0; i < 10; i++)
		page[i * 4096 + i] = (unsigned char)(i + 1);
	for (i = 0; i < 10; i++)
		if (page[i * 4096 + i] != i + 1)
			say("page %zu lost its value", i);
	say_truth("one GiB without reserve", (void *)huge != MAP_FAILED);
	for (i = 0; i < 64; i++)
		huge[i << 24] = (unsigned char)(i + 1);
	for (i = 0; i < 64; i++)
		if (huge[i << 24] != i + 1 || huge[(i << 24) + 4096])
			say("sparse page %zu is wrong", i);
	say_number("munmap one GiB", munmap(huge, (size_t)1 << 30));
	say_number("munmap small", munmap(small, 100));
	say_number("munmap pages", munmap(page, (size_t)10 * 4096));
	page = map(4096, PROT_READ | PROT_WRITE, 0);
	say_truth("memory given back comes zeroed", all_zero(page, 4096));
	small = mmap((void *)HIDE((uintptr_t)0x200000000), 8192, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say_truth("free hint is taken", (uintptr_t)small == 0x200000000);
	page = mmap(small, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say_truth("taken hint goes elsewhere", page != small && (void *)page != MAP_FAILED);
	errors();
	return 0;
}
