/* SPDX-License-Identifier: MIT */
/* sources: lib/str.c */
/*
 * lib/string.c against the C library, under other names; lib/str.c by itself. Every length up to
 * some blocks, every alignment, and bytes around the target that must stay as they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define memcpy  our_memcpy
#define memmove our_memmove
#define memset  our_memset
#define memcmp  our_memcmp
#define memchr  our_memchr
#define strlen  our_strlen
#define strnlen our_strnlen
#define strcmp  our_strcmp
#define strncmp our_strncmp
#define strchr  our_strchr
#define strrchr our_strrchr
#define strstr  our_strstr
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr

#define AREA    512
#define LENGTHS 200

static void fill(unsigned char *area, unsigned int seed)
{
	for (size_t i = 0; i < AREA; i++) {
		seed = seed * 1664525u + 1013904223u;
		area[i] = (unsigned char)(seed >> 16);
	}
}

static void test_copy(void **state)
{
	unsigned char from[AREA], ours[AREA], theirs[AREA];

	(void)state;
	fill(from, 1);
	for (size_t len = 0; len < LENGTHS; len++) {
		for (size_t shift = 0; shift < 64; shift++) {
			fill(ours, 2);
			fill(theirs, 2);
			assert_ptr_equal(our_memcpy(ours + shift % 8, from + shift / 8, len),
			                 ours + shift % 8);
			memcpy(theirs + shift % 8, from + shift / 8, len);
			assert_memory_equal(ours, theirs, AREA);
		}
	}
}

static void test_move(void **state)
{
	unsigned char ours[AREA], theirs[AREA];

	(void)state;
	for (size_t len = 0; len < LENGTHS; len++) {
		for (size_t to = 0; to < 80; to += to < 20 ? 1 : 7) {
			fill(ours, 3);
			fill(theirs, 3);
			assert_ptr_equal(our_memmove(ours + to, ours + 40, len), ours + to);
			memmove(theirs + to, theirs + 40, len);
			assert_memory_equal(ours, theirs, AREA);
		}
	}
}

static void test_set(void **state)
{
	unsigned char ours[AREA], theirs[AREA];

	(void)state;
	for (size_t len = 0; len < LENGTHS; len++) {
		for (size_t shift = 0; shift < 8; shift++) {
			fill(ours, 4);
			fill(theirs, 4);
			assert_ptr_equal(our_memset(ours + shift, (int)(len + 0x1f0), len),
			                 ours + shift);
			memset(theirs + shift, (int)(len + 0x1f0), len);
			assert_memory_equal(ours, theirs, AREA);
		}
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void test_compare(void **state)
{
	unsigned char a[AREA], b[AREA];

	(void)state;
	fill(a, 5);
	for (size_t len = 0; len < 40; len++) {
		for (size_t at = 0; at < 44; at++) {
			memcpy(b, a, AREA);
			b[at] = (unsigned char)(a[at] ^ 0x81);
			assert_int_equal(sign(our_memcmp(a, b, len)), sign(memcmp(a, b, len)));
			assert_int_equal(sign(our_memcmp(b, a, len)), sign(memcmp(b, a, len)));
			assert_ptr_equal(our_memchr(a, a[at], len), memchr(a, a[at], len));
		}
	}
}

static void test_strings(void **state)
{
	static const char *const texts[] = {"",    "a",      "ab",     "abc",   "abd",
	                                    "b",   "\200a",  "aab",    "aaab",  "abcabcabd",
	                                    "cab", "abcabd", "\377\1", "a/b/c/"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *a = texts[i];

		assert_int_equal(our_strlen(a), strlen(a));
		for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
			const char *b = texts[j];

			assert_int_equal(sign(our_strcmp(a, b)), sign(strcmp(a, b)));
			for (size_t max = 0; max < 5; max++)
				assert_int_equal(sign(our_strncmp(a, b, max)),
				                 sign(strncmp(a, b, max)));
			assert_ptr_equal(our_strstr(a, b), strstr(a, b));
			assert_ptr_equal(our_strchr(a, b[0]), strchr(a, b[0]));
			assert_ptr_equal(our_strrchr(a, b[0]), strrchr(a, b[0]));
		}
		for (size_t max = 0; max < 12; max++)
			assert_int_equal(our_strnlen(a, max), strnlen(a, max));
	}
}

static void test_str_copy(void **state)
{
	char to[8] = "xxxxxxx";

	(void)state;
	assert_int_equal(str_copy(to, "abc", 0), 3);
	assert_string_equal(to, "xxxxxxx");
	assert_int_equal(str_copy(to, "abc", sizeof(to)), 3);
	assert_string_equal(to, "abc");
	assert_int_equal(str_copy(to, "abcdefgh", sizeof(to)), 8);
	assert_string_equal(to, "abcdefg");
	assert_int_equal(str_copy(to, "abcdefgh", 1), 8);
	assert_string_equal(to, "");
}

static void test_parse(void **state)
{
	static const char *const bad[] = {"",
	                                  "x",
	                                  "12a",
	                                  " 1",
	                                  "-1",
	                                  "0x",
	                                  "0xg",
	                                  "1 ",
	                                  "18446744073709551616",
	                                  "0x10000000000000000",
	                                  "99999999999999999999999999"};
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
	    {"0", 0},
	    {"007", 7},
	    {"1234567890", 1234567890},
	    {"18446744073709551615", UINT64_MAX},
	    {"0x0", 0},
	    {"0XfFfFfFfFfFfFfFfF", UINT64_MAX},
	    {"0x00000000000000000000001a", 26},
	};
	static const char list[] = "12,0x34";
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		value = 77;
		assert_int_equal(str_parse_u64(bad[i], NULL, &value), 0);
		assert_int_equal(value, 77);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_not_equal(str_parse_u64(good[i].text, NULL, &value), 0);
		assert_true(value == good[i].value);
	}
	assert_int_not_equal(str_parse_u64(list, list + 2, &value), 0);
	assert_int_equal(value, 12);
	assert_int_equal(str_parse_u64(list, list + 3, &value), 0);
	assert_int_equal(str_parse_u64(list, list, &value), 0);
	assert_int_not_equal(str_parse_u64(list + 3, NULL, &value), 0);
	assert_int_equal(value, 0x34);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_copy),    cmocka_unit_test(test_move),
	    cmocka_unit_test(test_set),     cmocka_unit_test(test_compare),
	    cmocka_unit_test(test_strings), cmocka_unit_test(test_str_copy),
	    cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
