/* SPDX-License-Identifier: MIT */
/*
 * The page allocator: blocks of 2^order frames, aligned to their size, with one free list for each
 * order. A block that is freed joins its neighbour of the same size when that is free too.
 *
 * Invariants: the first frame of a free block has PAGE_FREE, its order, no reference and is on the
 * list of that order; no other frame of the block has PAGE_FREE. Two free neighbours of one size
 * that could be one block are one block.
 */
#include "kernel/mm/page.h"

#include "pv/mmu.h"

#define ORDER_COUNT (PAGE_ORDER_MAX + 1)

/* Fill what is freed, and look at it when it is given out again. Costs a pass over each frame. */
#define PAGE_POISON       0
#define PAGE_POISON_VALUE 0x5a

/* Frames that only the kernel's own needs may take: a program is refused first. */
#define RESERVE_FRAMES_MAX 256u

static struct page *frame_array;
static size_t frame_count;
static size_t usable_count; /* frames that can be touched and have records; the rest is free */
static size_t (*extend_usable)(size_t n);
static size_t total_count; /* ever given to the allocator */
static size_t free_count;
static size_t reserve_count;
static struct list free_blocks[ORDER_COUNT];
static unsigned int (*reclaim)(void);

/* Records of frames that become usable. */
static void records_init(size_t first, size_t end)
{
	memset(&frame_array[first], 0, (end - first) * sizeof(struct page));
	for (size_t i = first; i < end; i++)
		frame_array[i].flags = PAGE_RESERVED;
	usable_count = end;
}

void page_init(struct page *frames, size_t count, size_t usable, size_t (*extend)(size_t n))
{
	ASSERT(usable == count || (usable < count && extend));
	frame_array = frames;
	frame_count = count;
	extend_usable = extend;
	total_count = free_count = reserve_count = 0;
	for (unsigned int order = 0; order < ORDER_COUNT; order++)
		list_init(&free_blocks[order]);
	records_init(0, usable);
}

pfn_t page_pfn(const struct page *page)
{
	return PFN((unsigned long)(page - frame_array));
}

struct page *page_of_pfn(pfn_t pfn)
{
	ASSERT(pfn.v < frame_count);
	return &frame_array[pfn.v];
}

void *page_virt(const struct page *page)
{
	return pv_pfn_to_virt(page_pfn(page));
}

struct page *page_of_virt(const void *virt)
{
	return page_of_pfn(pv_virt_to_pfn(virt));
}

/* Not usable yet, and free. */
static size_t beyond_count(void)
{
	return frame_count - usable_count;
}

size_t page_free_count(void)
{
	return free_count + beyond_count();
}

size_t page_total_count(void)
{
	return frame_count;
}

size_t page_managed_count(void)
{
	return total_count + beyond_count();
}

size_t page_free_blocks(unsigned int order)
{
	/* What cannot be touched yet is free in the largest blocks. */
	size_t count = order == PAGE_ORDER_MAX ? beyond_count() >> PAGE_ORDER_MAX : 0;
	const struct list *node;

	for (node = free_blocks[order].next; node != &free_blocks[order]; node = node->next)
		count++;
	return count;
}

static void poison_fill(const struct page *page, unsigned int order)
{
	memset(page_virt(page), PAGE_POISON_VALUE, PAGE_BYTES << order);
}

static void poison_check(const struct page *page, unsigned int order)
{
	const uint8_t *bytes = page_virt(page);

	for (size_t i = 0; i < PAGE_BYTES << order; i++)
		ASSERT(bytes[i] == PAGE_POISON_VALUE);
}

static void put_on_list(struct page *page, unsigned int order)
{
	page->flags = PAGE_FREE;
	page->order = (uint8_t)order;
	list_insert_after(&free_blocks[order], &page->node);
}

static void take_from_list(struct page *page)
{
	list_remove(&page->node);
	page->flags = 0;
}

/* The block that makes a block of the next order together with this one, if it is free and whole.
 */
static struct page *free_buddy(const struct page *page, unsigned int order)
{
	unsigned long number = page_pfn(page).v ^ (1ul << order);

	if (number >= usable_count)
		return NULL;
	struct page *buddy = &frame_array[number];

	return buddy->flags == PAGE_FREE && buddy->order == order ? buddy : NULL;
}

static void block_free(struct page *page, unsigned int order)
{
	if (PAGE_POISON)
		poison_fill(page, order);
	free_count += (size_t)1 << order;
	while (order < PAGE_ORDER_MAX) {
		struct page *buddy = free_buddy(page, order);

		if (!buddy)
			break;
		take_from_list(buddy);
		page = MIN(page, buddy);
		order++;
	}
	put_on_list(page, order);
}

/* The largest block that may begin at a frame and is no longer than `count`. */
static unsigned int block_order_at(unsigned long first, size_t count)
{
	unsigned int order = PAGE_ORDER_MAX;

	while (((1ul << order) - 1) & first || 1ul << order > count)
		order--;
	return order;
}

void page_free_range(pfn_t first, size_t count)
{
	unsigned long end = first.v + count;

	ASSERT(end >= first.v && end <= usable_count);
	for (unsigned long i = first.v; i < end; i++) {
		ASSERT(frame_array[i].flags == PAGE_RESERVED);
		frame_array[i].flags = 0;
	}
	for (unsigned long i = first.v; i < end;) {
		unsigned int order = block_order_at(i, end - i);

		block_free(&frame_array[i], order);
		i += 1ul << order;
	}
	total_count += count;
	reserve_count = MIN(page_managed_count() / 64, (size_t)RESERVE_FRAMES_MAX);
}

/* Make more frames usable. False: there are no more. */
static bool usable_grow(void)
{
	size_t first = usable_count;

	if (first == frame_count)
		return false;
	records_init(first, extend_usable(first + 1));
	page_free_range(PFN(first), usable_count - first);
	return true;
}

static unsigned int order_on_list(unsigned int order)
{
	while (order < ORDER_COUNT && list_empty(&free_blocks[order]))
		order++;
	return order;
}

void page_set_reclaim(unsigned int (*function)(void))
{
	reclaim = function;
}

struct page *page_alloc(unsigned int order)
{
	unsigned int have = order_on_list(order);

	while (have >= ORDER_COUNT) {
		if (!usable_grow() && (!reclaim || reclaim() == 0))
			return NULL;
		have = order_on_list(order);
	}
	struct page *page = list_entry(free_blocks[have].next, struct page, node);

	take_from_list(page);
	/* The upper halves that are too much go back. */
	while (have > order) {
		have--;
		put_on_list(page + (1ul << have), have);
	}
	free_count -= (size_t)1 << order;
	ASSERT(page->ref_count == 0);
	if (PAGE_POISON)
		poison_check(page, order);
	page->order = (uint8_t)order;
	page->ref_count = 1;
	page->owner = NULL;
	return page;
}

struct page *page_alloc_zeroed(void)
{
	struct page *page = page_alloc(0);

	if (page)
		memset(page_virt(page), 0, PAGE_BYTES);
	return page;
}

struct page *page_alloc_user(void)
{
	if (page_free_count() <= reserve_count && reclaim)
		reclaim();
	return page_free_count() > reserve_count ? page_alloc(0) : NULL;
}

void page_get(struct page *page)
{
	ASSERT(page->ref_count > 0);
	page->ref_count++;
}

void page_put(struct page *page)
{
	ASSERT(page->ref_count > 0 && (page->flags & (PAGE_FREE | PAGE_RESERVED)) == 0);
	if (--page->ref_count > 0)
		return;
	page->flags = 0;
	block_free(page, page->order);
}
