/* SPDX-License-Identifier: MIT */
/* sources: lib/rng.c */
/*
 * The random number generator: the block function against the vector of RFC 8439, and what a stream
 * must never do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rng.h"

/* RFC 8439, 2.3.2. */
static void test_block_vector(void **state)
{
	static const uint8_t expected[CHACHA20_BLOCK_BYTES] = {
	    0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
	    0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
	    0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
	    0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
	    0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
	static const uint32_t nonce[3] = {0x09000000, 0x4a000000, 0};
	uint32_t key[8];
	uint8_t out[CHACHA20_BLOCK_BYTES];

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		key[i] = 4 * i | (4 * i + 1) << 8 | (4 * i + 2) << 16 | (4 * i + 3) << 24;
	chacha20_block(key, 1, nonce, out);
	assert_memory_equal(out, expected, sizeof(out));
}

static void test_stream_never_repeats(void **state)
{
	uint8_t block[64][32];

	(void)state;
	for (size_t i = 0; i < 64; i++)
		rng_bytes(block[i], sizeof(block[i]));
	for (size_t i = 0; i < 64; i++) {
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(block[i], block[j], sizeof(block[i]));
	}
}

/* Every length is filled, and not a byte more. */
static void test_lengths(void **state)
{
	(void)state;
	for (size_t len = 0; len < 200; len++) {
		uint8_t out[202];
		size_t same = 0;

		memset(out, 0xa5, sizeof(out));
		rng_bytes(out + 1, len);
		assert_int_equal(out[0], 0xa5);
		assert_int_equal(out[len + 1], 0xa5);
		for (size_t i = 1; i <= len; i++)
			same += out[i] == 0xa5;
		assert_true(same <= 8);
	}
}

static void test_stir_changes_the_stream(void **state)
{
	/* The state is one for the program: stirring must at least not return to an earlier stream.
	 */
	uint8_t before[32], after[32];
	static const uint8_t zeros[100];

	(void)state;
	rng_bytes(before, sizeof(before));
	rng_stir(zeros, sizeof(zeros));
	rng_bytes(after, sizeof(after));
	assert_memory_not_equal(before, after, sizeof(before));
}

/* Bits are set about half of the time: a stuck bit or a constant word shows. */
static void test_bits_balanced(void **state)
{
	uint32_t ones[32] = {0};

	(void)state;
	for (unsigned int i = 0; i < 4096; i++) {
		uint32_t word;

		rng_bytes(&word, sizeof(word));
		for (unsigned int bit = 0; bit < 32; bit++)
			ones[bit] += word >> bit & 1;
	}
	for (unsigned int bit = 0; bit < 32; bit++)
		assert_in_range(ones[bit], 2048 - 320, 2048 + 320);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_block_vector),  cmocka_unit_test(test_stream_never_repeats),
	    cmocka_unit_test(test_lengths),       cmocka_unit_test(test_stir_changes_the_stream),
	    cmocka_unit_test(test_bits_balanced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
