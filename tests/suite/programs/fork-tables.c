/* SPDX-License-Identifier: MIT */
/* Shows: processes that fork with much memory go their own ways: each finds in every page what it,
 * or before the fork its parent, wrote last, whatever the others write, unmap, move, protect or
 * forget; what is shared stays shared, what is forbidden is forbidden; other threads may write
 * meanwhile. */
#include "tests/suite/programs/threads.h"

#include <setjmp.h>

#define PAGE  ((size_t)4096)
#define PAGES ((size_t)1100) /* some two leaf tables */
#define STEPS 40u

static char *memory;

/* What a process knows of its pages. */
static struct {
	uint32_t value;
	int prot;
} known[PAGES];

static uint64_t seed;
static uint32_t writes;

static uint32_t any(uint32_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % below;
}

static uint32_t *word(size_t page)
{
	return (uint32_t *)(void *)(memory + page * PAGE);
}

static void map(size_t first, size_t count)
{
	if (mmap(memory + first * PAGE, count * PAGE, PROT_READ | PROT_WRITE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(90);
	for (size_t i = first; i < first + count; i++) {
		known[i].value = 0;
		known[i].prot = PROT_READ | PROT_WRITE;
	}
}

static void write_pages(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		if (known[i].prot & PROT_WRITE)
			*word(i) = known[i].value = ++writes * 1000 + (uint32_t)getpid() % 1000;
}

static void check_pages(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		if ((known[i].prot & PROT_READ) && *word(i) != known[i].value)
			_exit(91);
}

static void protect(size_t first, size_t count)
{
	static const int prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
	int prot = prots[any(3)];

	if (mprotect(memory + first * PAGE, count * PAGE, prot))
		_exit(92);
	for (size_t i = first; i < first + count; i++)
		known[i].prot = prot;
}

static void forget(size_t first, size_t count)
{
	if (madvise(memory + first * PAGE, count * PAGE, MADV_DONTNEED))
		_exit(93);
	for (size_t i = first; i < first + count; i++)
		known[i].value = 0;
}

static void move(size_t first, size_t count)
{
	size_t to = any((uint32_t)(PAGES - count + 1));

	if (to < first + count && first < to + count)
		return;
	map(to, count);
	/* One area, whatever it was made of. */
	if (mprotect(memory + first * PAGE, count * PAGE, PROT_READ | PROT_WRITE))
		_exit(94);
	for (size_t i = first; i < first + count; i++)
		known[i].prot = PROT_READ | PROT_WRITE;
	for (size_t i = 0; i < count; i++) {
		/* Page by page in the end: areas that moved before do not join with others. */
		if (mremap(memory + (first + i) * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		           memory + (to + i) * PAGE) == MAP_FAILED)
			_exit(95);
		known[to + i] = known[first + i];
	}
	map(first, count);
}

static bool live(unsigned int generation);

/* The child lives as its parent does, and ends before or after it. */
static pid_t have_child(unsigned int generation)
{
	pid_t child = fork();

	if (child < 0)
		_exit(96);
	if (child == 0) {
		seed += (uint64_t)generation * 77 + writes;
		_exit(live(generation + 1) ? 0 : 1);
	}
	return child;
}

static bool live(unsigned int generation)
{
	pid_t children[STEPS];
	unsigned int count = 0;
	bool good = true;

	for (unsigned int n = 0; n < STEPS >> generation; n++) {
		size_t first = any(PAGES), length = 1 + any(any(4) ? 20 : PAGES);

		length = length < PAGES - first ? length : PAGES - first;
		switch (any(12)) {
		case 0:
			protect(first, length);
			break;
		case 1:
			forget(first, length);
			break;
		case 2:
			map(first, length);
			break;
		case 3:
			move(first, length < 30 ? length : 30);
			break;
		case 4:
			if (generation < 3 && count < 4)
				children[count++] = have_child(generation);
			break;
		case 5:
			map(0, PAGES);
			write_pages(0, PAGES);
			break;
		default:
			write_pages(first, length);
			check_pages(any(PAGES / 2), PAGES / 2);
		}
	}
	check_pages(0, PAGES);
	while (count > 0) {
		int status;

		good = waitpid(children[--count], &status, 0) > 0 && status == 0 && good;
	}
	return good;
}

static void random_lives(void)
{
	for (unsigned int i = 1; i <= 2; i++) {
		pid_t child;
		int status = -1;

		seed = i;
		child = fork();
		if (child == 0) {
			map(0, PAGES);
			write_pages(0, PAGES);
			_exit(live(0) ? 0 : 1);
		}
		waitpid(child, &status, 0);
		say("lives %u: %d", i, status);
	}
}

/* Shared pages in the midst of private ones. */
static void shared_beside_private(void)
{
	int status;

	map(0, PAGES);
	write_pages(0, PAGES);
	mmap(memory + 700 * PAGE, 50 * PAGE, PROT_READ | PROT_WRITE,
	     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	*word(720) = 1;
	if (fork() == 0) {
		*word(720) += 10;
		*word(740) = 5;
		*word(600) = 6;
		_exit(0);
	}
	wait(&status);
	say("shared %u %u, private kept %d", *word(720), *word(740),
	    *word(600) == known[600].value);
	map(0, PAGES);
}

static sigjmp_buf out;

static void on_fault(int signal)
{
	siglongjmp(out, signal);
}

static int try_write(size_t page)
{
	int signal = sigsetjmp(out, 1);

	if (signal == 0)
		*word(page) = 77;
	return signal == SIGSEGV;
}

/* Rights that one of the two takes away hold for it alone. */
static void forbidden(void)
{
	struct sigaction action = {.sa_handler = on_fault};
	pid_t child;
	int status;

	sigaction(SIGSEGV, &action, NULL);
	map(0, PAGES);
	write_pages(0, PAGES);
	mprotect(memory + 100 * PAGE, 50 * PAGE, PROT_READ);
	child = fork();
	if (child == 0) {
		int before = try_write(120), after;

		mprotect(memory + 100 * PAGE, 10 * PAGE, PROT_READ | PROT_WRITE);
		after = try_write(105);
		munmap(memory + 300 * PAGE, 50 * PAGE);
		say("child: read-only faults %d, writable then %d, unmapped faults %d", before,
		    after, try_write(310));
		_exit(0);
	}
	waitpid(child, &status, 0);
	say("parent: read-only faults %d %d, mapped still %d", try_write(105), try_write(120),
	    try_write(310));
	map(0, PAGES);
}

static _Atomic int stop;

static void *writer(void *argument)
{
	for (uint32_t n = 1; !stop; n++)
		for (size_t i = 0; i < PAGES; i += 100)
			*(volatile uint32_t *)word(i) = n;
	return argument;
}

/* While other threads write, a child's memory stays what it was. */
static void fork_beside_threads(void)
{
	pthread_t threads[2];
	int bad = 0;

	map(0, PAGES);
	write_pages(0, PAGES);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, writer, NULL);
	for (int n = 0; n < 20; n++) {
		int status;

		if (fork() == 0) {
			uint32_t before[PAGES / 100];

			for (size_t i = 0; i < PAGES; i += 100)
				before[i / 100] = *word(i);
			usleep(500);
			for (size_t i = 0; i < PAGES; i += 100)
				if (before[i / 100] != *word(i))
					_exit(1);
			_exit(0);
		}
		wait(&status);
		bad += status != 0;
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	say("beside threads: %d bad", bad);
}

int main(void)
{
	memory =
	    mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	random_lives();
	shared_beside_private();
	forbidden();
	fork_beside_threads();
	return 0;
}
