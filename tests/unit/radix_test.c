/* SPDX-License-Identifier: MIT */
/* sources: kernel/fs/radix.c */
/*
 * The radix tree against a plain array of pairs: random indices of every size are set, removed and
 * looked for, and running out of memory leaves everything as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kernel/fs/radix.h"
#include "kernel/mm/page.h"

#define PAIRS 200

static struct {
	uint64_t index;
	void *value;
} pairs[PAIRS];
static size_t pair_count;
static long nodes_used, nodes_left; /* how many more allocations succeed; -1: all */
static uint64_t random_state = 1;

void *kzalloc(size_t bytes)
{
	if (nodes_left == 0)
		return NULL;
	nodes_left -= nodes_left > 0;
	nodes_used++;
	return calloc(1, bytes);
}

void kfree(void *ptr)
{
	nodes_used -= ptr != NULL;
	free(ptr);
}

static uint64_t rnd(void)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return random_state >> 11 ^ random_state << 40;
}

/* Small, middle and huge ones, the ends of the range among them. */
static uint64_t pick_index(void)
{
	static const uint64_t special[] = {0, 63, 64, 4095, 4096, UINT64_MAX - 1, 1ull << 60};
	uint64_t kind = rnd() % 8;

	if (pair_count > 0 && kind < 3)
		return pairs[rnd() % pair_count].index + rnd() % 2;
	if (kind == 3)
		return special[rnd() % (sizeof(special) / sizeof(special[0]))];
	return (rnd() >> (rnd() % 64)) & ~(1ull << 63);
}

static long pair_find(uint64_t index)
{
	for (size_t i = 0; i < pair_count; i++) {
		if (pairs[i].index == index)
			return (long)i;
	}
	return -1;
}

static void *naive_next(uint64_t *index)
{
	long best = -1;

	for (size_t i = 0; i < pair_count; i++) {
		if (pairs[i].index >= *index && (best < 0 || pairs[i].index < pairs[best].index))
			best = (long)i;
	}
	if (best < 0)
		return NULL;
	*index = pairs[best].index;
	return pairs[best].value;
}

static void check_run(const struct radix *tree, uint64_t index)
{
	void *values[100];
	unsigned int count = (unsigned int)(rnd() % 101), found;
	long at;

	found = radix_run(tree, index, values, count);
	assert_true(found <= count);
	for (unsigned int i = 0; i < found; i++) {
		at = pair_find(index + i);
		assert_true(at >= 0);
		assert_ptr_equal(values[i], pairs[at].value);
	}
	assert_true(found == count || pair_find(index + found) < 0);
}

static void step_set(struct radix *tree)
{
	uint64_t index = pick_index();
	long at = pair_find(index);
	void *value = (void *)(uintptr_t)(1 + rnd() % 100000);
	int result;

	if (at < 0 && pair_count == PAIRS)
		return;
	nodes_left = rnd() % 8 == 0 ? (long)(rnd() % 4) : -1;
	result = radix_set(tree, index, value);
	if (nodes_left < 0)
		assert_int_equal(result, 0);
	nodes_left = -1;
	if (result != 0) {
		assert_int_equal(result, -ENOMEM);
		return;
	}
	if (at < 0)
		at = (long)pair_count++;
	pairs[at].index = index;
	pairs[at].value = value;
}

static void step_remove(struct radix *tree)
{
	uint64_t index = pick_index();
	long at = pair_find(index);

	assert_ptr_equal(radix_remove(tree, index), at < 0 ? NULL : pairs[at].value);
	if (at >= 0)
		pairs[at] = pairs[--pair_count];
}

static void test_like_pairs(void **state)
{
	struct radix tree = {0};

	(void)state;
	for (int n = 0; n < 200000; n++) {
		uint64_t index = pick_index(), ours = index, naive = index;
		long at = pair_find(index);

		assert_ptr_equal(radix_get(&tree, index), at < 0 ? NULL : pairs[at].value);
		assert_ptr_equal(radix_next(&tree, &ours), naive_next(&naive));
		if (pair_find(naive) >= 0 && naive >= index)
			assert_int_equal(ours, naive);
		check_run(&tree, index);
		/* It fills and empties in turns. */
		if (rnd() % 10 < (n / 1000 % 2 == 0 ? 7u : 3u))
			step_set(&tree);
		else
			step_remove(&tree);
	}
	while (pair_count > 0)
		radix_remove(&tree, pairs[--pair_count].index);
	assert_int_equal(nodes_used, 0);
	assert_null(tree.root);
}

/* A file of one page needs no node. */
static void test_small(void **state)
{
	struct radix tree = {0};

	(void)state;
	nodes_left = 0;
	assert_int_equal(radix_set(&tree, 0, &tree), 0);
	assert_ptr_equal(radix_get(&tree, 0), &tree);
	assert_int_equal(radix_set(&tree, 1, &tree), -ENOMEM);
	assert_ptr_equal(radix_get(&tree, 0), &tree);
	assert_ptr_equal(radix_remove(&tree, 0), &tree);
	nodes_left = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_like_pairs),
	    cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
