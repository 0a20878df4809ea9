/* SPDX-License-Identifier: MIT */
/* Shows: one address space changed by many threads at once: mappings that come, go, move and change
 * their rights while others use theirs; what is unmapped or read-only faults in every thread. */
#include "tests/suite/programs/threads.h"
#include <setjmp.h>

#define PAGE    4096ul
#define THREADS 6
#define ROUNDS  60

static __thread sigjmp_buf back;
static __thread volatile int faults;
static _Atomic int wrong;
static char *_Atomic shared_page;

static void caught(int number)
{
	(void)number;
	faults++;
	siglongjmp(back, 1);
}

/* Whether a store there faults. */
static bool store_faults(volatile char *at)
{
	if (sigsetjmp(back, 1))
		return true;
	*at = 5;
	return false;
}

static bool load_faults(volatile char *at)
{
	if (sigsetjmp(back, 1))
		return true;
	HIDE(*at);
	return false;
}

static char *map_pages(unsigned int count)
{
	char *memory =
	    mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(91);
	return memory;
}

/* A mapping's whole life, checked at each step. */
static void live_once(unsigned int seed)
{
	unsigned int count = seed % 13 + 5;
	char *memory = map_pages(count), *moved;

	for (unsigned int i = 0; i < count; i++) {
		wrong += memory[i * PAGE] != 0;
		memory[i * PAGE + seed % PAGE] = (char)(seed + i);
	}
	wrong += mprotect(memory + PAGE, PAGE, PROT_READ) != 0;
	wrong += !store_faults(memory + PAGE) || load_faults(memory + PAGE);
	wrong += mprotect(memory, PAGE, PROT_NONE) != 0;
	wrong += !load_faults(memory);
	wrong += munmap(memory + 2 * PAGE, PAGE) != 0;
	wrong += mprotect(memory, 2 * PAGE, PROT_READ | PROT_WRITE) != 0;
	wrong += store_faults(memory + PAGE);
	moved = mremap(memory + 3 * PAGE, PAGE, 9 * PAGE, MREMAP_MAYMOVE);
	wrong += moved == MAP_FAILED;
	for (unsigned int i = 0; i < count; i++) {
		char *at = (i == 3 ? moved : memory + i * PAGE) + seed % PAGE;

		if (i != 2 && seed % PAGE != 0)
			wrong += *at != (char)(seed + i);
	}
	wrong += madvise(memory, PAGE, MADV_DONTNEED) != 0;
	wrong += memory[seed % PAGE] != 0;
	wrong += munmap(moved, 9 * PAGE) != 0;
	wrong += munmap(memory, 2 * PAGE) != 0;
	wrong += munmap(memory + 4 * PAGE, (count - 4) * PAGE) != 0;
}

static void *live(void *argument)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		live_once((unsigned int)(intptr_t)argument * 977 + i * 31 + 1);
	return (void *)(intptr_t)faults;
}

/* All look at a page whose rights one changes; after the change nobody gets through. */
static pthread_barrier_t barrier;
static _Atomic int passed, refused;

static void *look(void *argument)
{
	(void)argument;
	for (int i = 0; i < 40; i++) {
		pthread_barrier_wait(&barrier);
		/* In every thread's translations by now. */
		HIDE(*(volatile char *)shared_page);
		pthread_barrier_wait(&barrier);
		/* The other changes it here. */
		pthread_barrier_wait(&barrier);
		if (i % 3 == 0 ? store_faults(shared_page) : load_faults(shared_page))
			refused++;
		else
			passed++;
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void rights(void)
{
	pthread_t threads[4];

	pthread_barrier_init(&barrier, NULL, 5);
	for (int i = 0; i < 4; i++)
		threads[i] = start(look, NULL);
	for (int i = 0; i < 40; i++) {
		shared_page = map_pages(1);
		*shared_page = 1;
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		if (i % 3 == 0)
			mprotect(shared_page, PAGE, PROT_READ);
		else if (i % 3 == 1)
			mprotect(shared_page, PAGE, PROT_NONE);
		else
			munmap(shared_page, PAGE);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		if (i % 3 != 2)
			munmap(shared_page, PAGE);
	}
	for (int i = 0; i < 4; i++)
		join(threads[i]);
	say("passed %d, refused %d", passed, refused);
}

/* First touches of the same fresh pages by all: one page each, nothing lost. */
static _Atomic int *fresh;

static void *touch(void *argument)
{
	for (int i = 0; i < 64; i++)
		fresh[(size_t)i * 1024 + (size_t)(intptr_t)argument]++;
	return NULL;
}

static void first_touches(void)
{
	int sum = 0;

	for (int turn = 0; turn < 10; turn++) {
		fresh = (void *)map_pages(64);
		run_threads(8, touch);
		for (size_t i = 0; i < 64 * 1024; i++)
			sum += fresh[i];
		munmap((void *)(uintptr_t)fresh, 64 * PAGE);
	}
	say("touched %d", sum);
}

/* A store to what fork shares, while others do the same: each sees its own. */
static int *copied;

static void *write_copied(void *argument)
{
	size_t own = (size_t)(intptr_t)argument;
	int bad = 0;

	for (int i = 0; i < 64; i++) {
		copied[(size_t)i * 1024 + own] += 1;
		bad += copied[(size_t)i * 1024 + own] != 2;
	}
	return (void *)(intptr_t)bad;
}

static void copies(void)
{
	copied = (void *)map_pages(64);
	for (size_t i = 0; i < 64 * 1024; i++)
		copied[i] = 1;
	for (int turn = 0; turn < 4; turn++) {
		pid_t child = fork();

		if (child == 0)
			_exit((int)run_threads(4, write_copied));
		say_end("copies", child);
	}
	say("bad in the parent: %ld", run_threads(4, write_copied));
}

int main(void)
{
	handle(SIGSEGV, caught, 0);
	say("faults %ld, wrong %d", run_threads(THREADS, live), wrong);
	rights();
	first_touches();
	copies();
	return 0;
}
