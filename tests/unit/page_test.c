/* SPDX-License-Identifier: MIT */
/* sources: kernel/mm/page.c kernel/mm/kmalloc.c tests/unit/fake_kernel.c */
/*
 * The page allocator and kmalloc under random operations, against an oracle that knows of each
 * frame and each byte who has it; and that freeing twice is noticed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/mm/page.h"
#include "tests/unit/fake_kernel.h"

#define FRAMES       5000u /* not a power of two, so that the end has no buddies */
#define RESERVED_LOW 37u
#define BLOCKS       400u
#define OBJECTS      3000u

static uint32_t owner[FRAMES]; /* 0: free or reserved */

static int setup(void **state)
{
	(void)state;
	fake_memory_init(FRAMES, RESERVED_LOW);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_memory_destroy();
	return 0;
}

struct block {
	struct page *page;
	unsigned int order;
};

static void claim(const struct block *block, uint32_t id)
{
	unsigned long first = page_pfn(block->page).v;

	assert_int_equal(first % (1ul << block->order), 0);
	assert_true(first >= RESERVED_LOW && first + (1ul << block->order) <= FRAMES);
	for (unsigned long i = 0; i < 1ul << block->order; i++) {
		assert_int_equal(owner[first + i], 0);
		owner[first + i] = id;
	}
}

static void disclaim(const struct block *block, uint32_t id)
{
	unsigned long first = page_pfn(block->page).v;

	for (unsigned long i = 0; i < 1ul << block->order; i++) {
		assert_int_equal(owner[first + i], id);
		owner[first + i] = 0;
	}
}

static void test_pages_random(void **state)
{
	static struct block blocks[BLOCKS];
	size_t used = 0, all = page_free_count();

	(void)state;
	assert_int_equal(all, FRAMES - RESERVED_LOW);
	for (unsigned int round = 0; round < 200000; round++) {
		unsigned int slot = fake_random(BLOCKS);
		struct block *block = &blocks[slot];

		if (block->page) {
			disclaim(block, slot + 1);
			used -= (size_t)1 << block->order;
			/* Now and then with a second reference, which keeps it. */
			if (fake_random(4) == 0) {
				page_get(block->page);
				page_put(block->page);
				assert_int_equal(block->page->ref_count, 1);
			}
			page_put(block->page);
			block->page = NULL;
		} else {
			block->order =
			    fake_random(8) ? fake_random(4) : fake_random(PAGE_ORDER_MAX + 1);
			block->page = page_alloc(block->order);
			if (!block->page)
				continue;
			claim(block, slot + 1);
			used += (size_t)1 << block->order;
		}
		assert_int_equal(page_free_count(), all - used);
	}
	for (unsigned int slot = 0; slot < BLOCKS; slot++)
		if (blocks[slot].page)
			page_put(blocks[slot].page);
	memset(blocks, 0, sizeof(blocks));
	memset(owner, 0, sizeof(owner));
	/* All has joined again: as many of the largest blocks as fit. */
	unsigned int largest = 0;

	while (page_alloc(PAGE_ORDER_MAX))
		largest++;
	assert_int_equal(largest, FRAMES / (1u << PAGE_ORDER_MAX) - 1);
}

static void test_pages_exhausted(void **state)
{
	size_t count = 0;

	(void)state;
	while (page_alloc_user())
		count++;
	/* What programs cannot have, the kernel still can. */
	assert_true(page_free_count() > 0);
	while (page_alloc_zeroed())
		count++;
	assert_int_equal(count, FRAMES - RESERVED_LOW);
	assert_int_equal(page_free_count(), 0);
	assert_null(kmalloc(PAGE_BYTES));
}

struct object {
	uint8_t *bytes;
	size_t size;
	uint8_t value;
};

static void check_object(const struct object *object)
{
	for (size_t i = 0; i < object->size; i++)
		assert_int_equal(object->bytes[i], object->value);
}

static size_t random_size(void)
{
	switch (fake_random(8)) {
	case 0:
		return fake_random(20000);
	case 1:
		return fake_random(3000);
	default:
		return fake_random(200);
	}
}

static void object_create(struct object *object, unsigned int round)
{
	object->size = random_size();
	object->value = (uint8_t)round;
	object->bytes = round % 2 ? kmalloc(object->size) : kzalloc(object->size);
	assert_non_null(object->bytes);
	assert_int_equal((uintptr_t)object->bytes % 16, 0);
	if (round % 2 == 0)
		for (size_t i = 0; i < object->size; i++)
			assert_int_equal(object->bytes[i], 0);
	memset(object->bytes, object->value, object->size);
}

static void object_resize(struct object *object)
{
	size_t size = random_size();
	uint8_t *bytes = krealloc(object->bytes, size);

	assert_non_null(bytes);
	object->bytes = bytes;
	object->size = MIN(object->size, size);
	check_object(object);
	object->size = size;
	memset(object->bytes, object->value, size);
}

static void test_objects_random(void **state)
{
	static struct object objects[OBJECTS];
	size_t all = page_free_count();

	(void)state;
	for (unsigned int round = 0; round < 60000; round++) {
		struct object *object = &objects[fake_random(OBJECTS)];

		if (!object->bytes) {
			object_create(object, round);
			continue;
		}
		check_object(object);
		if (fake_random(3) == 0) {
			object_resize(object);
		} else {
			kfree(object->bytes);
			object->bytes = NULL;
		}
	}
	for (unsigned int i = 0; i < OBJECTS; i++) {
		if (objects[i].bytes)
			check_object(&objects[i]);
		kfree(objects[i].bytes);
		objects[i].bytes = NULL;
	}
	assert_int_equal(page_free_count(), all);
}

static void test_double_free(void **state)
{
	struct page *page = page_alloc(0);
	char *small = kmalloc(24), *keep = kmalloc(24), *large = kmalloc(9000);

	(void)state;
	page_put(page);
	assert_true(FAKE_PANICS(page_put(page)));
	assert_true(FAKE_PANICS(page_get(page)));
	assert_true(FAKE_PANICS(kfree(small + 16)));
	kfree(small);
	assert_true(FAKE_PANICS(kfree(small)));
	assert_true(FAKE_PANICS(kfree(large + PAGE_BYTES)));
	kfree(large);
	assert_true(FAKE_PANICS(kfree(large)));
	kfree(keep);
	assert_true(FAKE_PANICS(page_free_range(page_pfn(page), 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_pages_random, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_pages_exhausted, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_objects_random, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_double_free, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
