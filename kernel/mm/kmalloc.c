/* SPDX-License-Identifier: MIT */
/*
 * Small objects: size classes, each with slabs of one frame; what is larger than the largest class
 * takes a block of frames.
 *
 * A slab begins with its header, which has one bit for each object, so that freeing twice or
 * freeing what was never given out is noticed at once. A slab with a free object is on its class's
 * list; an empty slab is given back. Objects are aligned to 16, blocks of frames to a page.
 */
#include "kernel/mm/page.h"

#define BITMAP_WORDS 4u

struct slab {
	struct list node; /* on the class's list while it has room */
	uint16_t size_class;
	uint16_t in_use;
	uint16_t capacity;
	uint16_t padding;
	uint64_t used[BITMAP_WORDS]; /* bit n: object n is given out; bits beyond the last object
	                                are set */
	uint64_t padding_to_64;
};

_Static_assert(sizeof(struct slab) == 64, "objects begin at a multiple of 64");

/* Multiples of 16 that divide what a frame has left with little waste. */
static const uint16_t class_bytes[] = {16,  32,  48,  64,  96,  128,  192,  256, 336,
                                       400, 496, 576, 672, 800, 1008, 1344, 2016};

#define CLASS_COUNT     ARRAY_COUNT(class_bytes)
#define CLASS_BYTES_MAX 2016u

/* The class of a number of bytes, by how many times 16 that is, rounded up. */
static const uint8_t class_of_units[CLASS_BYTES_MAX / 16 + 1] = {
    [0 ... 1] = 0,    [2] = 1,           [3] = 2,          [4] = 3,          [5 ... 6] = 4,
    [7 ... 8] = 5,    [9 ... 12] = 6,    [13 ... 16] = 7,  [17 ... 21] = 8,  [22 ... 25] = 9,
    [26 ... 31] = 10, [32 ... 36] = 11,  [37 ... 42] = 12, [43 ... 50] = 13, [51 ... 63] = 14,
    [64 ... 84] = 15, [85 ... 126] = 16,
};

static struct list partial[CLASS_COUNT];
static size_t slab_count;

static struct slab *slab_create(unsigned int size_class)
{
	struct page *page = page_alloc(0);
	size_t objects = (PAGE_BYTES - sizeof(struct slab)) / class_bytes[size_class];

	if (!page)
		return NULL;
	struct slab *slab = page_virt(page);

	page->flags |= PAGE_SLAB;
	slab_count++;
	*slab = (struct slab){.size_class = (uint16_t)size_class, .capacity = (uint16_t)objects};
	for (unsigned int i = 0; i < BITMAP_WORDS; i++) {
		if (objects <= i * 64)
			slab->used[i] = UINT64_MAX;
		else if (objects < (i + 1) * 64)
			slab->used[i] = UINT64_MAX << (objects % 64);
	}
	list_insert_after(&partial[size_class], &slab->node);
	return slab;
}

static void *slab_take(struct slab *slab)
{
	unsigned int word = 0;

	while (slab->used[word] == UINT64_MAX)
		word++;
	unsigned int bit = (unsigned int)__builtin_ctzll(~slab->used[word]);

	slab->used[word] |= 1ull << bit;
	slab->in_use++;
	if (slab->in_use == slab->capacity)
		list_remove(&slab->node);
	return (char *)(slab + 1) + ((size_t)word * 64 + bit) * class_bytes[slab->size_class];
}

static void slab_give(struct slab *slab, const void *ptr)
{
	size_t offset = (size_t)((const char *)ptr - (const char *)(slab + 1));
	size_t index = offset / class_bytes[slab->size_class];
	uint64_t bit = 1ull << (index % 64);

	ASSERT((const char *)ptr >= (const char *)(slab + 1));
	ASSERT(offset % class_bytes[slab->size_class] == 0 && index < slab->capacity);
	ASSERT(slab->used[index / 64] & bit);
	slab->used[index / 64] &= ~bit;
	if (slab->in_use == slab->capacity)
		list_insert_after(&partial[slab->size_class], &slab->node);
	slab->in_use--;
	if (slab->in_use == 0) {
		list_remove(&slab->node);
		slab_count--;
		page_put(page_of_virt(slab));
	}
}

size_t kmalloc_page_count(void)
{
	return slab_count;
}

static unsigned int block_order(size_t bytes)
{
	unsigned int order = 0;

	while (order <= PAGE_ORDER_MAX && PAGE_BYTES << order < bytes)
		order++;
	return order;
}

static void *block_alloc(size_t bytes)
{
	unsigned int order = block_order(bytes);
	struct page *page = order <= PAGE_ORDER_MAX ? page_alloc(order) : NULL;

	if (!page)
		return NULL;
	page->flags |= PAGE_BLOCK;
	return page_virt(page);
}

void *kmalloc(size_t bytes)
{
	if (bytes > CLASS_BYTES_MAX)
		return block_alloc(bytes);
	unsigned int size_class = class_of_units[(bytes + 15) / 16];
	struct list *slabs = &partial[size_class];
	struct slab *slab;

	if (!slabs->next)
		list_init(slabs);
	slab = list_empty(slabs) ? slab_create(size_class)
	                         : list_entry(slabs->next, struct slab, node);
	return slab ? slab_take(slab) : NULL;
}

void *kzalloc(size_t bytes)
{
	void *ptr = kmalloc(bytes);

	if (ptr)
		memset(ptr, 0, bytes);
	return ptr;
}

static struct slab *slab_of(const void *ptr)
{
	return (struct slab *)((uintptr_t)ptr & PAGE_MASK);
}

/* How many bytes the object may hold. */
static size_t object_bytes(const void *ptr)
{
	const struct page *page = page_of_virt(ptr);

	if (page->flags & PAGE_SLAB)
		return class_bytes[slab_of(ptr)->size_class];
	ASSERT(page->flags & PAGE_BLOCK);
	return PAGE_BYTES << page->order;
}

void kfree(void *ptr)
{
	if (!ptr)
		return;
	struct page *page = page_of_virt(ptr);

	if (page->flags & PAGE_SLAB) {
		slab_give(slab_of(ptr), ptr);
		return;
	}
	ASSERT((page->flags & PAGE_BLOCK) && ((uintptr_t)ptr & (PAGE_BYTES - 1)) == 0);
	page_put(page);
}

void *krealloc(void *ptr, size_t bytes)
{
	if (!ptr)
		return kmalloc(bytes);
	size_t have = object_bytes(ptr);

	if (bytes <= have)
		return ptr;
	void *larger = kmalloc(bytes);

	if (!larger)
		return NULL;
	memcpy(larger, ptr, have);
	kfree(ptr);
	return larger;
}
