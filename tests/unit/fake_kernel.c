/* SPDX-License-Identifier: MIT */
/*
 * See fake_kernel.h.
 */
#include "tests/unit/fake_kernel.h"

#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "kernel/mm/page.h"

uintptr_t port_direct_map_base;
jmp_buf fake_panic_target;
bool fake_panic_expected;

static struct page *records;
static void *memory;
static uint64_t random_state = 88172645463325252ull;

/* Memory becomes usable in such steps. */
#define USABLE_STEP 512u

static size_t frame_total;

static size_t extend(size_t frames)
{
	size_t usable = (frames + USABLE_STEP - 1) / USABLE_STEP * USABLE_STEP;

	return MIN(usable, frame_total);
}

void fake_memory_init(size_t frames, size_t reserved)
{
	size_t usable;

	frame_total = frames;
	usable = extend(reserved);
	records = malloc(frames * sizeof(*records));
	memory = aligned_alloc(PAGE_BYTES, frames * PAGE_BYTES);
	if (!records || !memory)
		abort();
	memset(records, 0x5a, frames * sizeof(*records));
	port_direct_map_base = (uintptr_t)memory;
	page_init(records, frames, usable, extend);
	page_free_range(PFN(reserved), usable - reserved);
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
	char text[200];
	va_list list;

	if (fake_panic_expected)
		longjmp(fake_panic_target, 1);
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	fail_msg("panic: %s", text);
	abort();
}

void klog(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}
