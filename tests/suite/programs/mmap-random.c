/* SPDX-License-Identifier: MIT */
/*
 * Shows: 2000 random operations on 256 pages (anonymous and of a file, private and shared; mapped,
 * unmapped, protected, moved, dropped, forked) leave every page with the contents, and every access
 * with the signal, that it must have.
 */
#include "tests/suite/programs/say.h"

#include <setjmp.h>

#define PAGE       4096ul
#define PAGES      256u
#define FILE_PAGES 64u
#define ROUNDS     2000u

enum kind { HOLE, ANONYMOUS, FILE_PRIVATE, FILE_SHARED };

struct expected {
	enum kind kind;
	int prot;
	unsigned int file_page;
	bool own;
	unsigned long value;
};

static struct expected pages[PAGES];
static unsigned long file_values[FILE_PAGES];
static unsigned long next_value = 1, digest;
static char *base;
static int file;
static sigjmp_buf after_fault;
static volatile sig_atomic_t fault_code;

static unsigned int random_below(unsigned int limit)
{
	static unsigned long state = 88172645463325252ul;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 33) % limit;
}

static void note(unsigned long value)
{
	digest = (digest ^ value) * 1099511628211ul;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	fault_code = number * 100 + info->si_code;
	siglongjmp(after_fault, 1);
}

static volatile unsigned long *word(unsigned int page)
{
	return (volatile unsigned long *)(void *)(base + page * PAGE);
}

static unsigned long *holds(struct expected *page)
{
	bool of_file = page->kind == FILE_SHARED || (page->kind == FILE_PRIVATE && !page->own);

	return of_file ? &file_values[page->file_page] : &page->value;
}

static void wrong(const char *what, unsigned int page, unsigned long have, unsigned long want)
{
	say("page %u: %s is %lu, not %lu", page, what, have, want);
	_exit(1);
}

static void touch(unsigned int number, bool write)
{
	struct expected *page = &pages[number];
	volatile unsigned long value = next_value++;
	volatile int fault = 0;

	if (page->kind == HOLE)
		fault = SIGSEGV * 100 + SEGV_MAPERR;
	else if (write ? !(page->prot & PROT_WRITE) : page->prot == PROT_NONE)
		fault = SIGSEGV * 100 + SEGV_ACCERR;
	fault_code = 0;
	if (sigsetjmp(after_fault, 1) == 0) {
		if (write)
			*word(number) = value;
		else
			value = *word(number);
	}
	note((unsigned long)fault_code);
	if (fault_code != fault)
		wrong("the fault", number, (unsigned long)fault_code, (unsigned long)fault);
	if (fault != 0)
		return;
	if (write) {
		page->own = true;
		*holds(page) = value;
	} else if (value != *holds(page)) {
		wrong("the word", number, value, *holds(page));
	}
	note(value);
}

static void choose(unsigned int *first, unsigned int *count)
{
	*first = random_below(PAGES);
	*count = 1 + random_below(24);
	if (*count > PAGES - *first)
		*count = PAGES - *first;
}

static void do_map(void)
{
	static const int prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
	                            PROT_READ | PROT_WRITE};
	struct expected model = {.kind = ANONYMOUS + random_below(3),
	                         .prot = prots[random_below(4)]};
	int flags = MAP_FIXED | (model.kind == FILE_SHARED ? MAP_SHARED : MAP_PRIVATE);
	unsigned int first, count;
	void *got;

	choose(&first, &count);
	/* That would copy the pages of a private mapping at once. */
	if (model.kind != FILE_PRIVATE && random_below(4) == 0)
		flags |= MAP_POPULATE;
	if (model.kind == ANONYMOUS) {
		flags |= MAP_ANONYMOUS;
	} else {
		model.file_page = random_below(FILE_PAGES);
		if (count > FILE_PAGES - model.file_page)
			count = FILE_PAGES - model.file_page;
	}
	got = mmap(base + first * PAGE, count * PAGE, model.prot, flags,
	           model.kind == ANONYMOUS ? -1 : file, (off_t)(model.file_page * PAGE));
	if (got != base + first * PAGE)
		wrong("mmap", first, (unsigned long)errno, 0);
	for (unsigned int i = 0; i < count; i++, model.file_page++)
		pages[first + i] = model;
}

static void do_unmap(void)
{
	unsigned int first, count;

	choose(&first, &count);
	note((unsigned long)munmap(base + first * PAGE, count * PAGE));
	memset(&pages[first], 0, count * sizeof(pages[0]));
}

static void do_protect(void)
{
	int prot = (int)random_below(4), want = 0, got;
	unsigned int first, count;

	if (prot == PROT_WRITE)
		prot = PROT_READ;
	choose(&first, &count);
	got = mprotect(base + first * PAGE, count * PAGE, prot);
	for (unsigned int i = first; i < first + count && want == 0; i++) {
		if (pages[i].kind == HOLE)
			want = -1;
		else
			pages[i].prot = prot;
	}
	if (got != want)
		wrong("mprotect", first, (unsigned long)got, (unsigned long)want);
}

static void do_drop(void)
{
	unsigned int first, count;

	choose(&first, &count);
	note((unsigned long)madvise(base + first * PAGE, count * PAGE, MADV_DONTNEED));
	for (unsigned int i = first; i < first + count; i++) {
		pages[i].own = false;
		pages[i].value = 0;
	}
}

/* Pages just mapped, so that they are one mapping on any kernel, and written to. */
static void do_move(void)
{
	unsigned int first, count, to;
	void *got;

	choose(&first, &count);
	to = random_below(PAGES - count + 1);
	if (to < first + count && first < to + count)
		return;
	got = mmap(base + first * PAGE, count * PAGE, PROT_READ | PROT_WRITE,
	           MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (got != base + first * PAGE)
		wrong("mmap", first, (unsigned long)errno, 0);
	for (unsigned int i = first; i < first + count; i++) {
		pages[i] = (struct expected){.kind = ANONYMOUS, .prot = PROT_READ | PROT_WRITE};
		touch(i, i % 3);
	}
	got = mremap(base + first * PAGE, count * PAGE, count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	             base + to * PAGE);
	if (got != base + to * PAGE)
		wrong("mremap", first, (unsigned long)errno, 0);
	memcpy(&pages[to], &pages[first], count * sizeof(pages[0]));
	memset(&pages[first], 0, count * sizeof(pages[0]));
}

/* The child sees what the parent saw, and what it writes to private pages stays its own. */
static void do_fork(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		for (unsigned int i = 0; i < PAGES; i++)
			touch(i, pages[i].kind != FILE_SHARED && i % 3 == 0);
		for (unsigned int i = 0; i < PAGES; i++)
			touch(i, false);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		wrong("the child's status", 0, (unsigned long)status, 0);
}

static void one_step(void)
{
	switch (random_below(24)) {
	case 0:
	case 1:
		do_map();
		break;
	case 2:
		do_unmap();
		break;
	case 3:
		do_protect();
		break;
	case 4:
		do_drop();
		break;
	case 5:
		do_move();
		break;
	case 6:
		if (random_below(4) == 0)
			do_fork();
		break;
	default:
		for (unsigned int i = 0; i < 8; i++)
			touch(random_below(PAGES), i % 2);
		break;
	}
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	file = open("random-data", O_RDWR | O_CREAT | O_EXCL, 0600);
	if (file < 0 || unlink("random-data") != 0 ||
	    ftruncate(file, (off_t)(FILE_PAGES * PAGE)) != 0)
		return 1;
	base = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED || munmap(base, PAGES * PAGE) != 0)
		return 1;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		one_step();
		if (round % 500 == 499)
			say("after %u operations: %016lx", round + 1, digest);
	}
	for (unsigned int i = 0; i < PAGES; i++)
		touch(i, false);
	say("at the end: %016lx", digest);
	return 0;
}
