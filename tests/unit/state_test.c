/* SPDX-License-Identifier: MIT */
/* The one change to QEMU's record of a machine: made in the right place, or not at all. */
/* sources: tools/pinfold/state.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/pinfold/state.h"

#define CHANNEL 0x20000000u

/* As QEMU writes it: other memory, then the channel, with its size and place, then more. */
static const unsigned char record[] = "QEVM\0\0\0\003\001\0\0\0\004\003ram"
                                      "\003ram\0\0\0\0\024\200\0\0\0\0\0\0\0\0\0\0"
                                      "\0210000:00:02.0/chan\0\0\0\0\040\0\0\0\0\0\0\0\300\0\0\0"
                                      "\0240000:00:03.0/channel\0\0\0\0\0\1\0\0\1\2\3\4\5\6\7\010";
#define NAME_AT  37
#define PLACE_AT (NAME_AT + 18 + 8)

static int make(const unsigned char *bytes, size_t len)
{
	int fd = memfd_create("state", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	return fd;
}

static void assert_same(int fd, const unsigned char *bytes, size_t len)
{
	unsigned char found[sizeof(record) + 1];

	assert_int_equal(pread(fd, found, sizeof(found), 0), len);
	assert_memory_equal(found, bytes, len);
	close(fd);
}

static void test_detach(void **state)
{
	unsigned char wanted[sizeof(record)];
	int fd = make(record, sizeof(record));

	(void)state;
	memcpy(wanted, record, sizeof(record));
	assert_int_equal(wanted[PLACE_AT + 4], 0300);
	memset(wanted + PLACE_AT, 0, 8);
	assert_true(state_detach(fd, CHANNEL));
	assert_same(fd, wanted, sizeof(wanted));
}

static void test_other_forms(void **state)
{
	unsigned char bytes[sizeof(record)];
	int fd;

	(void)state;
	/* Another size; cut at any place before the channel's own; no channel; a name of another
	 * length. */
	fd = make(record, sizeof(record));
	assert_false(state_detach(fd, CHANNEL * 2));
	assert_same(fd, record, sizeof(record));
	for (size_t len = 0; len < PLACE_AT + 8; len++) {
		fd = make(record, len);
		assert_false(state_detach(fd, CHANNEL));
		assert_same(fd, record, len);
	}
	memcpy(bytes, record, sizeof(record));
	bytes[NAME_AT + 14] = 'x';
	fd = make(bytes, PLACE_AT + 8);
	assert_false(state_detach(fd, CHANNEL));
	assert_same(fd, bytes, PLACE_AT + 8);
	memcpy(bytes, record, sizeof(record));
	memset(bytes, 0xff, NAME_AT + 1);
	fd = make(bytes, sizeof(bytes));
	assert_false(state_detach(fd, CHANNEL));
	assert_same(fd, bytes, sizeof(bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_detach),
	    cmocka_unit_test(test_other_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
