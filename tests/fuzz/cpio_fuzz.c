/* SPDX-License-Identifier: MIT */
/* sources: kernel/fs/cpio.c */
/*
 * The ramdisk reader over any archive: all that it shows lies in the archive, and it ends. The
 * input is after how many entries the visitor stops it (1 byte, 0: never), then the archive.
 */
#include <stdbool.h>
#include <string.h>

#include "kernel/fs/cpio.h"
#include "tests/fuzz/fuzz.h"

#define STOPPED 7

struct visit {
	const uint8_t *archive;
	size_t bytes;
	const uint8_t *last; /* end of the entry before */
	unsigned int count, stop_after;
	volatile uint8_t sum;
};

static bool inside(const struct visit *visit, const void *start, size_t bytes)
{
	const uint8_t *at = start;

	return at >= visit->archive && at <= visit->archive + visit->bytes &&
	       bytes <= (size_t)(visit->archive + visit->bytes - at);
}

static int see(void *arg, const struct cpio_entry *entry)
{
	struct visit *visit = arg;

	PROMISE(inside(visit, entry->name, entry->name_len + 1));
	PROMISE(strlen(entry->name) == entry->name_len && entry->name_len > 0);
	PROMISE(inside(visit, entry->data, entry->bytes));
	/* One entry behind the other: the reading ends. */
	PROMISE((const uint8_t *)entry->name > visit->last);
	PROMISE(entry->data > (const uint8_t *)entry->name);
	visit->last = entry->data + entry->bytes;
	for (size_t i = 0; i < entry->bytes; i++)
		visit->sum = (uint8_t)(visit->sum + entry->data[i]);
	visit->count++;
	return visit->count == visit->stop_after ? STOPPED : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char untouched[] = "untouched";
	struct cpio_error error = {.what = untouched};

	if (size < 1)
		return 0;
	struct visit visit = {
	    .archive = data + 1, .bytes = size - 1, .stop_after = data[0], .last = data};
	int result = cpio_read(visit.archive, visit.bytes, see, &visit, &error);

	if (result == STOPPED && visit.stop_after != 0 && visit.count == visit.stop_after) {
		PROMISE(error.what == NULL && error.offset < visit.bytes);
	} else if (result != 0) {
		PROMISE(result < 0);
		PROMISE(error.what != NULL && error.what != untouched && strlen(error.what) > 0);
		PROMISE(error.offset <= visit.bytes);
	}
	return 0;
}
