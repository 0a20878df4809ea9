/* SPDX-License-Identifier: MIT */
/* Shows: the library's heap under many threads: blocks of all sizes, freed by others than who asked
 * for them, grown and moved, with their content checked, over several generations of threads. */
#include "tests/suite/programs/threads.h"

#define SLOTS   64
#define ROUNDS  600
#define THREADS 6

struct block {
	size_t bytes;
	unsigned char mark, content[];
};

static struct block *_Atomic slots[SLOTS];
static _Atomic long bad, handled;

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static size_t size_of(uint32_t random)
{
	if (random % 200 == 0)
		return 150000 + random % 100000;
	return random % 10 == 0 ? random % 9000 : random % 300;
}

static struct block *make(uint32_t random)
{
	size_t bytes = size_of(random);
	struct block *block =
	    random % 3 ? malloc(sizeof(*block) + bytes) : calloc(1, sizeof(*block) + bytes);

	block->bytes = bytes;
	block->mark = (unsigned char)random;
	memset(block->content, block->mark, bytes);
	return block;
}

static void check(const struct block *block)
{
	for (size_t i = 0; i < block->bytes; i += block->bytes / 7 + 1)
		bad += block->content[i] != block->mark;
	if (block->bytes)
		bad += block->content[block->bytes - 1] != block->mark;
}

static struct block *grow(struct block *block, uint32_t random)
{
	size_t bytes = block->bytes + random % 500;

	block = realloc(block, sizeof(*block) + bytes);
	check(block);
	memset(block->content + block->bytes, block->mark, bytes - block->bytes);
	block->bytes = bytes;
	return block;
}

static void *exchange(void *argument)
{
	uint32_t state = (uint32_t)(intptr_t)argument * 2654435761u + 12345;

	for (int i = 0; i < ROUNDS; i++) {
		uint32_t random = next_random(&state);
		struct block *block = atomic_exchange(&slots[random % SLOTS], make(random));

		if (!block)
			continue;
		check(block);
		if (random % 5 == 0)
			block = grow(block, random);
		free(block);
		handled++;
	}
	return NULL;
}

static void *aligned(void *argument)
{
	for (size_t shift = 4; shift < 16; shift++) {
		void *block = NULL;

		bad += posix_memalign(&block, (size_t)1 << shift, 100) != 0;
		bad += (uintptr_t)block % ((size_t)1 << shift) != 0;
		free(block);
	}
	return argument;
}

int main(void)
{
	for (int generation = 0; generation < 3; generation++)
		run_threads(THREADS, exchange);
	for (int i = 0; i < SLOTS; i++) {
		struct block *block = slots[i];

		if (block) {
			check(block);
			handled++;
		}
		free(block);
	}
	say("handled %ld, bad %ld", (long)handled, (long)bad);
	run_threads(THREADS, aligned);
	say("aligned, bad %ld", (long)bad);
	return 0;
}
