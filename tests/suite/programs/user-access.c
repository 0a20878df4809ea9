/* SPDX-License-Identifier: MIT */
/*
 * Shows: what the kernel reads and writes for a program is the program's memory as it is at that
 * moment: over page ends, after fork, unmapping, moving and protecting, where nothing was touched
 * yet, in copies of a file, on a stack that must grow; and that a signal's frame may lie anywhere.
 */
#include "tests/suite/programs/say.h"

#include <linux/futex.h>
#include <pthread.h>

#define PAGE 4096ul
#define RW   (PROT_READ | PROT_WRITE)
#define PA   (MAP_PRIVATE | MAP_ANONYMOUS)

static int file; /* bytes 0, 1, 2 … 250, 0 … */

static void new_file(void)
{
	file = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (size_t i = 0; i < 3 * PAGE; i++) {
		unsigned char byte = (unsigned char)(i % 251);

		if (write(file, &byte, 1) != 1)
			_exit(98);
	}
}

static char *pages(size_t count)
{
	char *at = mmap(NULL, count * PAGE, RW, PA, -1, 0);

	if (at == MAP_FAILED)
		_exit(97);
	return at;
}

static char *pages_at(char *where, int prot, int flags, int fd)
{
	return mmap(where, PAGE, prot, flags | MAP_FIXED, fd, 0);
}

/* How many bytes from `at` on are those of the file from `from` on. */
static size_t same(const char *at, size_t from, size_t bytes)
{
	size_t i = 0;

	while (i < bytes && (unsigned char)at[i] == (unsigned char)((from + i) % 251))
		i++;
	return i;
}

static void over_page_ends(void)
{
	static const int prots[] = {RW, PROT_READ, PROT_NONE, PROT_WRITE};
	struct stat *place;

	for (size_t i = 0; i < sizeof(prots) / sizeof(prots[0]); i++) {
		char *at = pages(3), *buffer = at + PAGE - 100;

		mprotect(at + PAGE, PAGE, prots[i]);
		say("second page with protection %d", prots[i]);
		say_number("  pread", pread(file, buffer, 1000, 7));
		say("  as in the file: %zu", same(buffer, 7, 100));
		say_number("  pwrite", pwrite(file, buffer, 1000, 7));
		place = (struct stat *)(at + PAGE - 64);
		say_number("  stat", stat(".", place));
		say_number("  into the second", pread(file, at + PAGE, 10, 0));
		say_number("  from the second", pwrite(file, at + PAGE, 10, 0));
		munmap(at + PAGE, PAGE);
		say_number("  without it", pread(file, buffer, 1000, 7));
		munmap(at, 3 * PAGE);
		new_file();
	}
}

static void strings_at_page_ends(void)
{
	char *at = pages(2), *name = at + PAGE - 5;

	munmap(at + PAGE, PAGE);
	memcpy(name, "data", 5);
	say_number("a name that ends with the page", access(name, F_OK));
	memcpy(name, "dataX", 5);
	say_number("one that does not", access(name, F_OK));
	name = at + PAGE - 200;
	memset(name, '/', 200);
	name[199] = 0;
	say_number("a long one", access(name, F_OK));
}

/* The first touch is the kernel's. */
static void first_touches(void)
{
	char *at = pages(4), *copy;

	say("zeros: %d", at[0] + at[PAGE]);
	say_number("over the page of zeros", pread(file, at, 50, 0));
	say("the page: %zu, its neighbour %d", same(at, 0, 50), at[PAGE]);
	say_number("into what was never touched", pread(file, at + 2 * PAGE - 20, 50, 3));
	say("there: %zu", same(at + 2 * PAGE - 20, 3, 50));
	say_number("from what was never touched", pwrite(file, at + 3 * PAGE, 10, 2 * PAGE));

	copy = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, file, 0);
	say_number("into a copy of the file", pread(file, copy, 20, 100));
	say("the copy: %zu, behind it %d, the file %d", same(copy, 100, 20), copy[20],
	    pread(file, at, 20, 0) == 20 && same(at, 0, 20) == 20);
	munmap(copy, 2 * PAGE);
	copy = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, file, 0);
	say_number("into the file itself", pread(file, copy + 8, 4, 100));
	say("the file: %d", pread(file, at, 4, 8) == 4 && same(at, 100, 4) == 4);
	say_number("behind its end", pread(file, copy + 3 * PAGE, 4, 0));
	munmap(copy, 4 * PAGE);
	new_file();
}

static void stack_grows(void)
{
	char *here = __builtin_frame_address(0);

	say_number("far below on the stack", pread(file, HIDE(here - 300 * 1024), 100, 0));
	say("there: %zu", same(HIDE(here - 300 * 1024), 0, 100));
}

/* What was found of a page once is not believed when it has changed. */
static void changes_between(void)
{
	char *at = pages(2), *moved;
	int status = 0;

	pread(file, at, 10, 0);
	pid_t child = fork();

	if (child == 0) {
		pread(file, at, 10, 40);
		_exit(same(at, 40, 10) == 10 ? 7 : 8);
	}
	waitpid(child, &status, 0);
	say("the child's copy: %d, the parent's: %zu", WEXITSTATUS(status), same(at, 0, 10));
	pread(file, at, 10, 50);
	child = fork();
	pread(file, at, 10, child == 0 ? 60 : 70);
	if (child == 0)
		_exit(same(at, 60, 10) == 10 ? 7 : 8);
	waitpid(child, &status, 0);
	say("both write: %d, %zu", WEXITSTATUS(status), same(at, 70, 10));

	munmap(at, PAGE);
	say_number("unmapped", pread(file, at, 10, 0));
	pages_at(at, RW, MAP_SHARED, file);
	say_number("the file in its place", pread(file, at, 10, 30));
	char check[10];

	say("in the file: %d", pread(file, check, 10, 0) == 10 && same(check, 30, 10) == 10);
	pages_at(at, RW, PA, -1);
	say_number("memory in its place", pread(file, at, 10, 100));
	moved = mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, pages(1));
	say_number("moved away", pread(file, at, 10, 0));
	pages_at(at, RW, PA, -1);
	say_number("new in its place", pread(file, at, 10, 110));
	say("moved: %zu, new: %zu", same(moved, 100, 10), same(at, 110, 10));
	mprotect(moved, PAGE, PROT_READ);
	say_number("read-only", pread(file, moved, 10, 0));
	say_number("to read from", pwrite(file, moved, 10, 100));
	mprotect(moved, PAGE, PROT_NONE);
	say_number("neither", pwrite(file, moved, 10, 100));
	mprotect(moved, PAGE, RW);
	say("as it was: %zu", same(moved, 100, 10));
	say_number("again", pread(file, moved, 10, 5));
	madvise(moved, PAGE, MADV_DONTNEED);
	say("dropped: %d", moved[0]);
	say_number("and again", pread(file, moved, 10, 200));
	say("there: %zu", same(moved, 200, 10));
	new_file();
}

static void words_after_fork(void)
{
	uint32_t *word = (uint32_t *)(void *)pages(1);
	int status = 0;

	word[0] = 5;
	pid_t child = fork();

	if (child == 0) {
		long woken = syscall(SYS_futex, &word[1], FUTEX_WAKE_OP_PRIVATE, 1, 1UL, &word[0],
		                     FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5));

		_exit(woken == 0 && word[0] == 8 ? 1 : 2);
	}
	waitpid(child, &status, 0);
	say("a word changed in the child: %d, in the parent %u", WEXITSTATUS(status), word[0]);
	mprotect(word, PAGE, PROT_READ);
	say_number("a word that is read-only",
	           syscall(SYS_futex, &word[1], FUTEX_WAKE_OP_PRIVATE, 1, 1UL, &word[0],
	                   FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
	say_number("to wait on", syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 4, NULL));
}

static volatile double in_handler;
static volatile int handled;

static void on_signal(int number)
{
	handled += number == SIGUSR1;
	in_handler = in_handler * 3 + 1;
}

/* The frame at every place that it can have against the end of a page. */
static void frames_anywhere(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	char *stack = pages(8);
	unsigned int right = 0;

	sigaction(SIGUSR1, &action, NULL);
	for (size_t i = 0; i < 2 * PAGE / 64; i++) {
		stack_t alt = {.ss_sp = stack, .ss_size = 8 * PAGE - i * 64};
		double before = HIDE(1.5 + (double)i), after;

		sigaltstack(&alt, NULL);
		after = before * 2;
		raise(SIGUSR1);
		right += HIDE(after) == 3 + 2 * (double)i && before == 1.5 + (double)i;
	}
	say("%d signals, %u with all as it was", handled, right);
	sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
}

static char *bad_stack;
static int bad_prot;

static void signal_on_bad_stack(void)
{
	stack_t alt = {.ss_sp = bad_stack, .ss_size = 4 * PAGE};

	sigaltstack(&alt, NULL);
	if (bad_prot < 0)
		munmap(bad_stack, 4 * PAGE);
	else
		mprotect(bad_stack + 3 * PAGE, PAGE, bad_prot);
	raise(SIGUSR1);
	_exit(3);
}

static void frames_nowhere(void)
{
	static const int prots[] = {-1, PROT_NONE, PROT_READ, RW};

	for (size_t i = 0; i < sizeof(prots) / sizeof(prots[0]); i++) {
		bad_stack = pages(4);
		bad_prot = prots[i];
		in_child("a signal on such a stack", signal_on_bad_stack);
		munmap(bad_stack, 4 * PAGE);
	}
}

static char *shaky;
static volatile bool over;
static volatile unsigned int other_results;

static void *keep_reading(void *arg)
{
	(void)arg;
	while (!over) {
		ssize_t got = pread(file, shaky + PAGE - 50, 100, 0);

		/* A page may go in the middle of a copy. */
		if (got == 0 || got > 100 || (got == -1 && errno != EFAULT))
			other_results++;
		if (pwrite(file, shaky, 4, 2 * PAGE) == -1 && errno != EFAULT)
			other_results++;
	}
	return NULL;
}

/* Another thread takes the pages away and brings them back. */
static void pages_that_come_and_go(void)
{
	pthread_t readers[2];

	shaky = pages(2);
	for (unsigned int i = 0; i < 2; i++)
		pthread_create(&readers[i], NULL, keep_reading, NULL);
	for (unsigned int i = 0; i < 300; i++) {
		char *page = shaky + i % 2 * PAGE;

		if (i % 3 == 0)
			mprotect(page, PAGE, PROT_NONE);
		else if (i % 3 == 1)
			munmap(page, PAGE);
		else
			madvise(page, PAGE, MADV_DONTNEED);
		sched_yield();
		pages_at(page, RW, PA, -1);
		if (page[0] != 0 && i % 2 == 0)
			other_results++;
	}
	over = true;
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	say("other results: %u", other_results);
}

int main(void)
{
	new_file();
	over_page_ends();
	strings_at_page_ends();
	first_touches();
	stack_grows();
	changes_between();
	words_after_fork();
	frames_anywhere();
	frames_nowhere();
	pages_that_come_and_go();
	unlink("data");
	return 0;
}
