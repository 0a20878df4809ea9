/* SPDX-License-Identifier: MIT */
/* sources: lib/fmt.c */
/*
 * Formatted output against the C library's: every combination of flags, widths and precisions for
 * the conversions that there are, and buffers of every size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Formats are put together at run time, and arguments are meant to be cut by a length. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat"

int fmt_print(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static const char *const widths[] = {"", "1", "5", "12", "30"};
static const char *const precisions[] = {"", ".", ".0", ".1", ".4", ".25"};

/* The flags of a number from 0 to 31. */
static void flags_of(unsigned int number, char *flags)
{
	static const char all[] = "-0+ #";

	for (size_t i = 0; i < 5; i++)
		if (number & (1u << i))
			*flags++ = all[i];
	*flags = '\0';
}

#define COMPARE(...)                                                           \
	do {                                                                   \
		char ours[256], theirs[256];                                   \
		int our_len = fmt_print(ours, sizeof(ours), __VA_ARGS__);      \
		int their_len = snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
                                                                               \
		assert_string_equal(ours, theirs);                             \
		assert_int_equal(our_len, their_len);                          \
	} while (0)

/* Runs `body` with `format` for every combination. */
#define FOR_ALL_FORMATS(length, conversion, body)                                                 \
	for (unsigned int flag_set = 0; flag_set < 32; flag_set++)                                \
		for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)                   \
			for (size_t p = 0; p < sizeof(precisions) / sizeof(precisions[0]); p++) { \
				char flags[8], format[64];                                        \
                                                                                                  \
				flags_of(flag_set, flags);                                        \
				snprintf(format, sizeof(format), "<%%%s%s%s%s%c>", flags,         \
				         widths[w], precisions[p], length, conversion);           \
				body;                                                             \
			}

static void test_integers(void **state)
{
	static const long long values[] = {
	    0,         1,        -1, 7, 42, -300, 65535, INT_MAX, INT_MIN, 0x123456789abcdefll,
	    LLONG_MAX, LLONG_MIN};

	(void)state;
	for (const char *c = "diuxXo"; *c; c++) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			long long v = values[i];

			FOR_ALL_FORMATS("ll", *c, COMPARE(format, v))
			FOR_ALL_FORMATS("", *c, COMPARE(format, (int)v))
		}
	}
}

static void test_lengths(void **state)
{
	(void)state;
	COMPARE("%hhd %hhu %hd %hu", -1, 255, -1, 65535);
	COMPARE("%hhx %hx %ho", 0xfe, 0xfffe, 0177777);
	COMPARE("%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
	COMPARE("%zu %zx %zd", SIZE_MAX, SIZE_MAX, (ssize_t)-5);
	COMPARE("%jd %ju", INTMAX_MIN, UINTMAX_MAX);
	COMPARE("%td", (ptrdiff_t)-77);
	COMPARE("%d %s %lld %c %lu", 1, "two", 3ll, '4', 5ul);
}

static void test_strings(void **state)
{
	(void)state;
	for (unsigned int left = 0; left < 2; left++) {
		for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
			for (size_t p = 0; p < sizeof(precisions) / sizeof(precisions[0]); p++) {
				char format[32];

				snprintf(format, sizeof(format), "<%%%s%s%ss>", left ? "-" : "",
				         widths[w], precisions[p]);
				COMPARE(format, "text");
				COMPARE(format, "");
			}
			{
				char format[32];

				snprintf(format, sizeof(format), "<%%%s%sc>", left ? "-" : "",
				         widths[w]);
				COMPARE(format, 'x');
			}
		}
	}
	/* A string without an end, as long as the precision keeps off it. */
	{
		static const char three[3] = {'a', 'b', 'c'};

		COMPARE("%.3s", three);
	}
	COMPARE("100%% of %s", "it");
}

static void test_star(void **state)
{
	(void)state;
	for (int width = -12; width <= 12; width += 4) {
		for (int precision = -2; precision < 9; precision++) {
			COMPARE("<%*.*d>", width, precision, 1234);
			COMPARE("<%*.*s>", width, precision, "string");
			COMPARE("<%0*x>", width, 0xabcu);
		}
	}
}

static void test_pointers(void **state)
{
	int here;

	(void)state;
	COMPARE("%p", (void *)&here);
	COMPARE("%20p|%-20p|", (void *)&here, (void *)&here);
}

static void test_small_buffers(void **state)
{
	(void)state;
	for (size_t size = 0; size < 24; size++) {
		char ours[32], theirs[32];

		memset(ours, 'x', sizeof(ours));
		memset(theirs, 'x', sizeof(theirs));
		assert_int_equal(fmt_print(ours, size, "%s-%5d-%c", "text", 42, 'c'),
		                 snprintf(theirs, size, "%s-%5d-%c", "text", 42, 'c'));
		assert_memory_equal(ours, theirs, sizeof(ours));
	}
}

/* What the C library does not define. */
static void test_own(void **state)
{
	char text[32];
	const char *volatile none = NULL;

	(void)state;
	fmt_print(text, sizeof(text), "%s", none);
	assert_string_equal(text, "(null)");
	fmt_print(text, sizeof(text), "%p", NULL);
	assert_string_equal(text, "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_integers), cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_strings),  cmocka_unit_test(test_star),
	    cmocka_unit_test(test_pointers), cmocka_unit_test(test_small_buffers),
	    cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
