/* SPDX-License-Identifier: MIT */
/* Shows: large ranges move whole, in parts, beside others, to and fro, shared, hidden and while a
 * child has them too; what was there is there, what was not is zero, and the old place is free. */
#include "tests/suite/programs/say.h"

#define PAGE  ((size_t)4096)
#define BLOCK ((size_t)2 << 20)

static char *base; /* a free range of many blocks that begins where a block does */

static void reserve(void)
{
	size_t bytes = 65 * BLOCK;
	char *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	base = (char *)(((uintptr_t)at + BLOCK - 1) & ~(BLOCK - 1));
	munmap(at, bytes);
}

static char *map_at(size_t offset, size_t bytes, int flags)
{
	char *at = mmap(base + offset, bytes, PROT_READ | PROT_WRITE,
	                flags | MAP_FIXED | MAP_ANONYMOUS, -1, 0);

	if (at != base + offset)
		_exit(1);
	return at;
}

/* Some pages, of some numbers. */
static void fill(char *at, size_t bytes)
{
	for (size_t i = 0; i < bytes / PAGE; i += 1 + i % 5)
		at[i * PAGE] = (char)(1 + i % 120);
}

static bool filled(const char *at, size_t bytes)
{
	bool good = true;
	size_t next = 0;

	for (size_t i = 0; i < bytes / PAGE; i++) {
		bool mine = i == next;

		good = good && at[i * PAGE] == (mine ? (char)(1 + i % 120) : 0);
		if (mine)
			next += 1 + i % 5;
	}
	return good;
}

static bool unmapped(const char *at, size_t bytes)
{
	unsigned char there;

	for (size_t i = 0; i < bytes / PAGE; i++)
		if (mincore((void *)(uintptr_t)(at + i * PAGE), PAGE, &there) != -1 ||
		    errno != ENOMEM)
			return false;
	return true;
}

static void move(const char *what, size_t from, size_t to, size_t bytes, int flags)
{
	char *old = map_at(from, bytes, flags);
	char *moved;

	fill(old, bytes);
	moved = mremap(old, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, base + to);
	say("%s: moved %d, filled %d, left %d", what, moved == base + to, filled(moved, bytes),
	    unmapped(old, bytes));
	moved[bytes - 1] = 7;
	moved = mremap(moved, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, old);
	say("%s, back: %d, filled %d, left %d", what, moved == old, filled(moved, bytes),
	    unmapped(base + to, bytes));
	munmap(old, bytes);
}

/* Others in the tables that the ends of the range lie in. */
static void move_beside_others(size_t from, size_t to, size_t bytes)
{
	char *below = map_at(from - PAGE, PAGE, MAP_PRIVATE);
	char *above = map_at(to + bytes, PAGE, MAP_PRIVATE);

	*below = 55;
	*above = 66;
	move("beside others", from, to, bytes, MAP_PRIVATE);
	say("others: %d, %d", *below, *above);
	munmap(below, PAGE);
	munmap(above, PAGE);
}

static void move_after_fork(void)
{
	char *old = map_at(0, 3 * BLOCK, MAP_PRIVATE);
	char *moved;
	pid_t child;

	fill(old, 3 * BLOCK);
	child = fork();
	moved = mremap(old, 3 * BLOCK, 3 * BLOCK, MREMAP_MAYMOVE | MREMAP_FIXED, base + 8 * BLOCK);
	if (child == 0) {
		moved[PAGE] = moved[2 * PAGE] = 99;
		_exit(moved == base + 8 * BLOCK && moved[0] == 1 ? 3 : 4);
	}
	say_end("child", child);
	say_truth("parent's own", filled(moved, 3 * BLOCK));
	munmap(moved, 3 * BLOCK);
}

static void move_hidden(void)
{
	char *old = map_at(0, BLOCK, MAP_PRIVATE);
	char *moved;

	fill(old, BLOCK);
	mprotect(old, BLOCK, PROT_NONE);
	moved = mremap(old, BLOCK, BLOCK, MREMAP_MAYMOVE | MREMAP_FIXED, base + 4 * BLOCK);
	mprotect(moved, BLOCK, PROT_READ);
	say_truth("hidden and shown", filled(moved, BLOCK));
	munmap(moved, BLOCK);
}

static void grow_by_moving(void)
{
	char *old = map_at(0, BLOCK, MAP_PRIVATE);
	char *wall = map_at(BLOCK, PAGE, MAP_PRIVATE);
	char *moved;

	fill(old, BLOCK);
	moved = mremap(old, BLOCK, 3 * BLOCK, MREMAP_MAYMOVE);
	say("grown: %d, filled %d, zero behind %d, left %d", moved != MAP_FAILED,
	    filled(moved, BLOCK), moved[2 * BLOCK], unmapped(old, BLOCK));
	munmap(moved, 3 * BLOCK);
	munmap(wall, PAGE);
}

int main(void)
{
	reserve();
	move("a block", 0, 4 * BLOCK, BLOCK, MAP_PRIVATE);
	move("to the next", 0, BLOCK, BLOCK, MAP_PRIVATE);
	move("down", 9 * BLOCK, 2 * BLOCK, 2 * BLOCK, MAP_PRIVATE);
	move("shared", 0, 4 * BLOCK, 2 * BLOCK, MAP_SHARED);
	move("part of a block", 10 * PAGE, 6 * BLOCK + 10 * PAGE, 300 * PAGE, MAP_PRIVATE);
	move("blocks and parts", 10 * PAGE, 8 * BLOCK + 10 * PAGE, 3 * BLOCK, MAP_PRIVATE);
	move("neighbouring parts", BLOCK - 20 * PAGE, 2 * BLOCK - 20 * PAGE, 40 * PAGE,
	     MAP_PRIVATE);
	move("at another offset", 0, 4 * BLOCK + 3 * PAGE, 2 * BLOCK, MAP_PRIVATE);
	move("far", 0, 60 * BLOCK, 4 * BLOCK, MAP_PRIVATE);
	move_beside_others(10 * PAGE, 8 * BLOCK + 10 * PAGE, 3 * BLOCK);
	move_after_fork();
	move_hidden();
	grow_by_moving();
	return 0;
}
