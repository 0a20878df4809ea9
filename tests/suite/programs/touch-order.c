/* SPDX-License-Identifier: MIT */
/* Shows: memory is taken for what is touched, and in whatever order that happens every page holds
 * its own and zeros; touches in order may take as much again, and not where the
 * program has forbidden it. */
#include "tests/suite/programs/say.h"

#define PAGE  ((size_t)4096)
#define COUNT ((size_t)300)

static size_t order[COUNT];

static void order_fill(size_t step)
{
	for (size_t i = 0; i < COUNT; i++)
		order[i] = i * step % COUNT;
}

static size_t resident(void *start)
{
	unsigned char pages[COUNT];
	size_t count = 0;

	if (mincore(start, COUNT * PAGE, pages))
		_exit(1);
	for (size_t i = 0; i < COUNT; i++)
		count += pages[i] & 1;
	return count;
}

/* Touch `touched` pages by `order`; `most`: so many more may be there. */
static void touch(const char *what, int advice, int flags, size_t touched, size_t most)
{
	char *start = mmap(NULL, COUNT * PAGE, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	bool zero = true, kept = true, bounded = true;

	/* Not in large pages, wherever this runs. */
	madvise(start, COUNT * PAGE, MADV_NOHUGEPAGE);
	madvise(start, COUNT * PAGE, advice);
	for (size_t i = 0; i < touched; i++) {
		char *page = start + order[i] * PAGE;

		page[0] = (char)(1 + order[i] % 100);
		size_t there = resident(start);

		bounded = bounded && there >= i + 1 &&
		          there <= (i + 1 < most ? 2 * (i + 1) : i + 1 + most);
	}
	for (size_t i = 0; i < touched; i++) {
		const char *page = start + order[i] * PAGE;

		kept = kept && page[0] == (char)(1 + order[i] % 100);
		zero = zero && page[1] == 0 && memcmp(page + 1, page + 2, PAGE - 2) == 0;
	}
	say("%s: zero %d, kept %d, memory bounded %d", what, zero, kept, bounded);
	munmap(start, COUNT * PAGE);
}

/* Half of it has another protection: what is ahead of a touch does not reach into it. */
static void touch_to_a_bound(void)
{
	char *start =
	    mmap(NULL, COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char pages[COUNT];
	size_t beyond = 0;

	mprotect(start + COUNT / 2 * PAGE, COUNT / 2 * PAGE, PROT_READ);
	for (size_t i = 0; i < COUNT / 2; i++)
		start[i * PAGE] = 1;
	if (mincore(start, COUNT * PAGE, pages))
		_exit(1);
	for (size_t i = COUNT / 2; i < COUNT; i++)
		beyond += pages[i] & 1;
	say("beyond the bound: %zu", beyond);
}

/* A buffer that the kernel writes to in order. */
static void read_in_order(void)
{
	char *start =
	    mmap(NULL, COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/zero", O_RDONLY);
	size_t sum = 0;

	memset(start + 10 * PAGE, 1, PAGE);
	say_number("read", read(fd, start, 9 * PAGE + 5));
	close(fd);
	for (size_t i = 0; i < COUNT * PAGE; i++)
		sum += (size_t)start[i];
	say("sum %zu", sum);
}

int main(void)
{
	order_fill(1);
	touch("in order", MADV_NORMAL, 0, COUNT, 8);
	touch("some in order", MADV_NORMAL, 0, 13, 8);
	touch("in order, said to be random", MADV_RANDOM, 0, COUNT, 0);
	touch("in order, without reservation", MADV_NORMAL, MAP_NORESERVE, COUNT, 0);
	order_fill(7);
	touch("by sevens", MADV_NORMAL, 0, COUNT / 7, 0);
	touch("all by sevens", MADV_NORMAL, 0, COUNT, 8);
	order_fill(COUNT - 1);
	touch("backwards", MADV_NORMAL, 0, COUNT, 0);
	touch_to_a_bound();
	read_in_order();
	return 0;
}
