/* SPDX-License-Identifier: MIT */
/*
 * See fake_kernel.h.
 */
#include "tests/unit/fake_kernel.h"

#include <stdio.h>
#include <stdlib.h>

#include "kernel/mm/page.h"

uintptr_t port_direct_map_base;
jmp_buf fake_panic_target;
bool fake_panic_expected;

static struct page *records;
static void *memory;
static uint64_t random_state = 88172645463325252ull;

void fake_memory_init(size_t frames, size_t reserved)
{
	records = calloc(frames, sizeof(*records));
	memory = aligned_alloc(PAGE_BYTES, frames * PAGE_BYTES);
	if (!records || !memory)
		abort();
	port_direct_map_base = (uintptr_t)memory;
	page_init(records, frames);
	page_free_range(PFN(reserved), frames - reserved);
}

void fake_memory_destroy(void)
{
	free(records);
	free(memory);
}

unsigned int fake_random(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned int)(random_state >> 33) % limit;
}

void panic(const char *format, ...)
{
	va_list list;

	if (fake_panic_expected)
		longjmp(fake_panic_target, 1);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	abort();
}

void klog(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}
