/* SPDX-License-Identifier: MIT */
/*
 * Page frames: one struct page for each, the allocator of blocks of 2^order frames, and the direct
 * map that makes each frame readable and writable (but for page tables) at one kernel address.
 */
#ifndef PINFOLD_KERNEL_MM_PAGE_H
#define PINFOLD_KERNEL_MM_PAGE_H

#include "arch/x86/units.h"
#include "kernel/kernel.h"
#include "lib/list.h"
#include "xen/hooks.h"

#define PAGE_ORDER_MAX 10u

struct page {
	struct pt_frame pt; /* the guest layer's marks; ours to keep, not to touch */
	uint32_t ref_count; /* 0: free */
	uint8_t order;      /* of the block this frame is the first of */
	uint8_t flags;      /* enum page_flag */
	struct list node;   /* free list, or the owner's */
	union {
		void *owner;         /* slab, page table … */
		unsigned long index; /* page of a file */
	};
};

enum page_flag {
	PAGE_FREE = 1,
	PAGE_RESERVED = 2, /* never given out: image, boot tables, p2m */
	PAGE_SLAB = 4,     /* holds small objects of kmalloc */
	PAGE_BLOCK = 8,    /* first frame of a large object of kmalloc */
};

/* A block of 2^order frames, contiguous in pfn, with one reference; contents undefined. NULL: out
 * of memory. */
struct page *page_alloc(unsigned int order);
/* One zeroed frame. */
struct page *page_alloc_zeroed(void);
/* One frame for a program, contents undefined; NULL already while a few frames are left, which the
 * kernel may need to go on. */
struct page *page_alloc_user(void);
/* Take and drop references; the last put frees the block. */
void page_get(struct page *page);
void page_put(struct page *page);

void *page_virt(const struct page *page);
pfn_t page_pfn(const struct page *page);
struct page *page_of_pfn(pfn_t pfn);
struct page *page_of_virt(const void *virt);

/* Free frames; all frames of the machine; those that the allocator was ever given. */
size_t page_free_count(void);
size_t page_total_count(void);
size_t page_managed_count(void);

/* Free blocks of 2^order frames; time goes with them. */
size_t page_free_blocks(unsigned int order);

/* What gives frames back when there are none left: how many it gave. It is called where a frame is
 * asked for. */
void page_set_reclaim(unsigned int (*reclaim)(void));

/*
 * At boot: the frame array lies in `frames[0 .. count)`, contents undefined. Only the first
 * `usable` frames can be touched yet, with their records; none of them is free until ranges are
 * given to the allocator. The rest counts as free; when it is needed, extend(n) makes at least n
 * frames usable and returns how many are.
 */
void page_init(struct page *frames, size_t count, size_t usable, size_t (*extend)(size_t n));
void page_free_range(pfn_t first, size_t count);

/* Small objects. kmalloc: contents undefined; kzalloc: zeroed; aligned to 16. NULL: out of memory.
 * kfree(NULL) is nothing. */
void *kmalloc(size_t bytes);
void *kzalloc(size_t bytes);
void *krealloc(void *ptr, size_t bytes);
void kfree(void *ptr);
/* Frames that hold small objects. */
size_t kmalloc_page_count(void);

#endif
