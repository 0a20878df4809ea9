/* SPDX-License-Identifier: MIT */
/* Shows: large ranges that lose the right to write, and get it back whole or in parts, between
 * forks, unmaps, moves, a page of a file among them, and the kernel's own writes: every page holds
 * what was written last, and no write succeeds that is forbidden, not even of a thread that writes
 * all the time. */
#include "tests/suite/programs/threads.h"

#include <setjmp.h>

#define PAGE     ((size_t)4096)
#define BLOCK    ((size_t)512) /* pages of a leaf table */
#define PAGES    (4 * BLOCK)
#define STEPS    60u
#define CHILDREN 5u

static char *memory, *aside;
static int zeros;

/* What a process knows of its pages. */
static struct {
	bool mapped, writable;
	uint32_t value;
} known[PAGES];

static uint64_t seed = 1;
static uint32_t writes;

static size_t any(size_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % below;
}

static void fail(const char *what, size_t page)
{
	say("page %zu: %s", page, what);
	_exit(1);
}

static volatile uint32_t *word(size_t page)
{
	return (volatile uint32_t *)(void *)(memory + page * PAGE);
}

static sigjmp_buf after_fault;

static void on_fault(int number)
{
	(void)number;
	siglongjmp(after_fault, 1);
}

/* By user mode, or by the kernel on its behalf; the page then holds the value or zero. */
static bool try_write(size_t page, uint32_t value, bool by_kernel)
{
	if (by_kernel)
		return pread(zeros, (void *)(uintptr_t)word(page), sizeof(value), 0) ==
		       sizeof(value);
	if (sigsetjmp(after_fault, 1))
		return false;
	*word(page) = value;
	return true;
}

static void write_page(size_t page)
{
	bool by_kernel = any(4) == 0;
	uint32_t value = by_kernel ? 0 : ++writes * 10 + 1;
	bool may = known[page].mapped && known[page].writable;

	if (try_write(page, value, by_kernel) != may)
		fail(may ? "cannot be written" : "can be written", page);
	if (may)
		known[page].value = value;
}

static void check_pages(void)
{
	for (size_t i = 0; i < PAGES; i++)
		if (known[i].mapped && *word(i) != known[i].value)
			fail("does not hold what was written", i);
	for (size_t n = 0; n < 40; n++)
		write_page(any(PAGES));
}

static void map(size_t first, size_t end, int fd)
{
	if (mmap(memory + first * PAGE, (end - first) * PAGE, PROT_READ | PROT_WRITE,
	         MAP_PRIVATE | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0) == MAP_FAILED)
		fail("cannot be mapped", first);
	for (size_t i = first; i < end; i++) {
		known[i].mapped = known[i].writable = true;
		known[i].value = 0;
	}
}

static void unmap(size_t first, size_t end)
{
	munmap(memory + first * PAGE, (end - first) * PAGE);
	for (size_t i = first; i < end; i++)
		known[i].mapped = false;
}

static void protect(size_t first, size_t end, bool writable)
{
	for (size_t i = first; i < end; i++)
		if (!known[i].mapped)
			map(i, i + 1, -1);
	if (mprotect(memory + first * PAGE, (end - first) * PAGE,
	             writable ? PROT_READ | PROT_WRITE : PROT_READ) != 0)
		fail("cannot be protected", first);
	for (size_t i = first; i < end; i++)
		known[i].writable = writable;
}

/* Away and back; the pages must be of one mapping. */
static void move(size_t first, size_t end)
{
	char *at = memory + first * PAGE;
	size_t bytes = (end - first) * PAGE;

	if (mremap(at, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, aside + first * PAGE) ==
	    MAP_FAILED)
		return;
	if (mremap(aside + first * PAGE, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, at) != at)
		fail("cannot be moved back", first);
}

/* Mostly whole blocks, or all but a few pages of them. */
static void range(size_t *first, size_t *end)
{
	*first = any(PAGES / BLOCK) * BLOCK;
	*end = *first + (1 + any((PAGES - *first) / BLOCK)) * BLOCK;
	if (any(3) == 0)
		*first += any(20);
	if (any(3) == 0)
		*end -= any(20);
	if (any(6) == 0)
		*end = *first + 1 + any(20);
}

static void step(void)
{
	size_t first, end;

	range(&first, &end);
	switch (any(12)) {
	case 0:
		unmap(first, end);
		break;
	case 1:
		map(first, end, -1);
		break;
	case 2:
		move(first, end);
		break;
	case 3:
		map(first, first + 1, zeros);
		break;
	case 4:
	case 5:
	case 6:
		protect(first, end, true);
		break;
	case 7:
		madvise(memory + first * PAGE, (end - first) * PAGE, MADV_DONTNEED);
		for (size_t i = first; i < end; i++)
			known[i].value = 0;
		break;
	case 8:
		for (size_t i = first; i < end; i++)
			if (known[i].mapped && known[i].writable)
				write_page(i);
		break;
	default:
		protect(first, end, false);
		break;
	}
	check_pages();
}

static void steps(unsigned int count)
{
	while (count-- > 0)
		step();
}

static void random_lives(void)
{
	pid_t children[CHILDREN];

	map(0, PAGES, -1);
	for (size_t i = 0; i < PAGES; i++)
		write_page(i);
	for (unsigned int n = 0; n < CHILDREN; n++) {
		steps(STEPS / CHILDREN);
		protect(0, PAGES, n % 2);
		children[n] = fork();
		if (children[n] == 0) {
			seed += n + 1;
			steps(STEPS / CHILDREN);
			_exit(0);
		}
		protect(0, PAGES, true);
	}
	steps(STEPS / CHILDREN);
	for (unsigned int n = 0; n < CHILDREN; n++)
		say_end("child", children[n]);
	unmap(0, PAGES);
}

/* --- A thread writes all the time; where it is not permitted it waits until it is. --- */

static atomic_bool permitted, over;

static void wait_until_permitted(int number)
{
	(void)number;
	while (!permitted)
		sched_yield();
}

static void *write_always(void *argument)
{
	volatile uint32_t *at = argument;

	while (!over)
		++*at;
	return NULL;
}

static void child_changes(void)
{
	mprotect(memory, BLOCK * PAGE, PROT_READ | PROT_WRITE);
	memset(memory, 2, 3 * PAGE);
}

/* What else becomes of the table meanwhile. */
static void meanwhile(unsigned int round)
{
	pid_t child;

	if (round % 4 == 1)
		mprotect(memory + (BLOCK - 9) * PAGE, PAGE, PROT_READ | PROT_WRITE);
	if (round % 4 == 2)
		madvise(memory + (BLOCK - 8) * PAGE, PAGE, MADV_DONTNEED);
	if (round % 4 != 3)
		return;
	child = fork();
	if (child == 0) {
		permitted = true;
		child_changes();
		_exit(0);
	}
	if (waitpid(child, NULL, 0) != child)
		fail("no child", 0);
}

static void written_always(void)
{
	pthread_t writer;
	unsigned int changed = 0, stuck = 0;

	map(0, BLOCK, -1);
	memset(memory, 0, BLOCK * PAGE);
	handle(SIGSEGV, wait_until_permitted, 0);
	permitted = true;
	writer = start(write_always, (void *)(uintptr_t)word(5));
	for (unsigned int round = 0; round < 16; round++) {
		permitted = false;
		mprotect(memory, BLOCK * PAGE, PROT_READ);
		uint32_t before = *word(5);

		sched_yield();
		meanwhile(round);
		changed += *word(5) != before;
		mprotect(memory, BLOCK * PAGE, PROT_READ | PROT_WRITE);
		permitted = true;
		for (unsigned int n = 0; *word(5) == before; n++) {
			if (n == 1000) {
				stuck++;
				break;
			}
			sleep_ms(1);
		}
	}
	over = true;
	join(writer);
	say("written against its right %u times, stuck %u times", changed, stuck);
}

int main(void)
{
	size_t bytes = (PAGES + BLOCK) * PAGE;
	char *at = mmap(NULL, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char content[PAGE];

	memory = (char *)(((uintptr_t)at + BLOCK * PAGE - 1) & ~(BLOCK * PAGE - 1));
	aside = memory + PAGES * PAGE;
	munmap(at, 2 * bytes);
	zeros = open("zeros", O_RDWR | O_CREAT, 0644);
	memset(content, 0, sizeof(content));
	for (unsigned int i = 0; i < 8; i++)
		if (write(zeros, content, PAGE) != (ssize_t)PAGE)
			return 1;
	unlink("zeros");
	handle(SIGSEGV, on_fault, 0);
	random_lives();
	say("random lives: good");
	written_always();
	return 0;
}
