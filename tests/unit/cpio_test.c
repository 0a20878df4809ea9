/* SPDX-License-Identifier: MIT */
/* sources: kernel/fs/cpio.c */
/*
 * The cpio reader: what it shows of good archives, and that every damaged one is refused at the
 * right place. Archives lie in allocations of just their size, so that the address sanitizer sees
 * any read beyond them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/fs/cpio.h"

#define HEADER_BYTES 110

/* An archive being built. */
static struct {
	uint8_t bytes[8192];
	size_t len;
} archive;

static void archive_add(const void *data, size_t bytes)
{
	assert_true(archive.len + bytes <= sizeof(archive.bytes));
	memcpy(archive.bytes + archive.len, data, bytes);
	archive.len += bytes;
}

static void archive_pad(void)
{
	while (archive.len % 4 != 0)
		archive.bytes[archive.len++] = 0;
}

static void archive_entry(const char *magic, const char *name, uint32_t mode, uint32_t links,
                          const void *data, size_t bytes)
{
	char header[HEADER_BYTES + 1];
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum += ((const uint8_t *)data)[i];
	if (strcmp(magic, "070702") != 0)
		sum = 0;
	assert_int_equal(snprintf(header, sizeof(header),
	                          "%s%08X%08X%08X%08X%08X%08x%08X%08X%08X%08X%08X%08X%08X", magic,
	                          7u, mode, 10u, 20u, links, 0x12345678u, (unsigned int)bytes, 8u,
	                          9u, 1u, 3u, (unsigned int)strlen(name) + 1, sum),
	                 HEADER_BYTES);
	archive_add(header, HEADER_BYTES);
	archive_add(name, strlen(name) + 1);
	archive_pad();
	if (bytes > 0)
		archive_add(data, bytes);
	archive_pad();
}

static void archive_end(void)
{
	archive_entry("070701", "TRAILER!!!", 0, 1, NULL, 0);
}

/* What the visitor has seen, as text. */
static struct {
	char text[1024];
	int stop_at; /* entries until the visitor stops */
} seen;

static int visit(void *arg, const struct cpio_entry *entry)
{
	size_t len = strlen(seen.text);

	assert_ptr_equal(arg, &seen);
	assert_int_equal(strlen(entry->name), entry->name_len);
	snprintf(seen.text + len, sizeof(seen.text) - len, "%s %o %u [%.*s]\n", entry->name,
	         entry->mode, entry->link_count, (int)entry->bytes, (const char *)entry->data);
	assert_int_equal(entry->ino, 7);
	assert_int_equal(entry->uid, 10);
	assert_int_equal(entry->gid, 20);
	assert_int_equal(entry->mtime, 0x12345678);
	assert_int_equal(entry->dev_major, 8);
	assert_int_equal(entry->dev_minor, 9);
	assert_int_equal(entry->rdev_major, 1);
	assert_int_equal(entry->rdev_minor, 3);
	return --seen.stop_at == 0 ? -ENOSPC : 0;
}

/* Read the first `len` bytes of the archive. */
static int read_part(size_t len, struct cpio_error *error)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	int result;

	assert_non_null(copy);
	memcpy(copy, archive.bytes, len);
	seen.text[0] = 0;
	result = cpio_read(copy, len, visit, &seen, error);
	free(copy);
	return result;
}

static int setup(void **state)
{
	(void)state;
	memset(&archive, 0, sizeof(archive));
	memset(&seen, 0, sizeof(seen));
	return 0;
}

static void build_good(void)
{
	archive_entry("070701", "dir", 040755, 2, NULL, 0);
	archive_entry("070701", "dir/file", 0100644, 1, "hello", 5);
	archive_entry("070702", "./x", 0100600, 3, "abc", 3);
	archive_end();
}

static void test_good(void **state)
{
	struct cpio_error error;

	(void)state;
	build_good();
	assert_int_equal(read_part(archive.len, &error), 0);
	assert_string_equal(seen.text, "dir 40755 2 []\n"
	                               "dir/file 100644 1 [hello]\n"
	                               "./x 100600 3 [abc]\n");
}

static void test_nothing(void **state)
{
	struct cpio_error error;

	(void)state;
	assert_int_equal(read_part(0, &error), 0);
	assert_int_equal(read_part(4096, &error), 0);
	assert_string_equal(seen.text, "");
}

static void test_several(void **state)
{
	static const uint8_t zeros[512];
	struct cpio_error error;

	(void)state;
	archive_entry("070701", "a", 0100644, 1, "1", 1);
	archive_end();
	archive_add(zeros, sizeof(zeros));
	archive_entry("070701", "b", 0100644, 1, "22", 2);
	archive_end();
	/* Right behind, and padded to an odd length. */
	archive_entry("070701", "c", 0100644, 1, "333", 3);
	archive_end();
	archive_add(zeros, 3);
	assert_int_equal(read_part(archive.len, &error), 0);
	assert_string_equal(seen.text, "a 100644 1 [1]\nb 100644 1 [22]\nc 100644 1 [333]\n");
}

/* Cut anywhere before the trailer's name is complete, an archive is refused; never is anything
 * shown that is not there. */
static void test_truncated(void **state)
{
	struct cpio_error error;
	size_t end;

	(void)state;
	build_good();
	/* The trailer's padding alone may be missing. */
	end = archive.len - (4 - (HEADER_BYTES + sizeof("TRAILER!!!")) % 4) % 4;
	for (size_t len = 1; len < end; len++) {
		assert_int_equal(read_part(len, &error), -EINVAL);
		assert_non_null(error.what);
		assert_true(error.offset <= len);
	}
}

static void damage(size_t offset, char c, const char *part)
{
	struct cpio_error error = {0};
	uint8_t old = archive.bytes[offset];

	archive.bytes[offset] = (uint8_t)c;
	assert_int_equal(read_part(archive.len, &error), -EINVAL);
	assert_non_null(error.what);
	assert_non_null(strstr(error.what, part));
	archive.bytes[offset] = old;
}

static void test_damaged(void **state)
{
	size_t second;

	(void)state;
	build_good();
	second = (HEADER_BYTES + 4 + 3) & ~(size_t)3;
	assert_memory_equal(archive.bytes + second, "070701", 6);
	damage(0, '1', "no newc header");
	damage(second + 5, '3', "no newc header");
	for (size_t i = 6; i < HEADER_BYTES; i++)
		damage(i, 'g', "hexadecimal");
	damage(6, ' ', "hexadecimal");
	damage(94, '8', "length of a name");  /* 0x80000004 */
	damage(101, '1', "length of a name"); /* no name at all but a NUL … */
	damage(101, '0', "length of a name");
	damage(101, '3', "does not end where it should");
	damage(101, '9', "does not end where it should");
	damage(54, 'f', "inside a file"); /* bytes of data: 0xf0000000 */
	damage(HEADER_BYTES + 1, 0, "does not end where it should");
}

static void test_checksum(void **state)
{
	struct cpio_error error;
	size_t data;

	(void)state;
	archive_entry("070702", "f", 0100644, 1, "data", 4);
	archive_end();
	assert_int_equal(read_part(archive.len, &error), 0);
	data = (HEADER_BYTES + 2 + 3) & ~3u;
	assert_memory_equal(archive.bytes + data, "data", 4);
	damage(data, 'D', "checksum");
}

static void test_visitor_stops(void **state)
{
	struct cpio_error error;

	(void)state;
	build_good();
	seen.stop_at = 2;
	assert_int_equal(read_part(archive.len, &error), -ENOSPC);
	assert_null(error.what);
	assert_string_equal(seen.text, "dir 40755 2 []\ndir/file 100644 1 [hello]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_good, setup),
	    cmocka_unit_test_setup(test_nothing, setup),
	    cmocka_unit_test_setup(test_several, setup),
	    cmocka_unit_test_setup(test_truncated, setup),
	    cmocka_unit_test_setup(test_damaged, setup),
	    cmocka_unit_test_setup(test_checksum, setup),
	    cmocka_unit_test_setup(test_visitor_stops, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
