/* SPDX-License-Identifier: MIT */
/*
 * String helpers that C does not have.
 */
#include "lib/string.h"

size_t str_copy(char *to, const char *from, size_t size)
{
	size_t len = strlen(from);

	if (size > 0) {
		size_t fits = len < size ? len : size - 1;

		memcpy(to, from, fits);
		to[fits] = '\0';
	}
	return len;
}

/* The value of a digit, 255 for any other character. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 255;
}

int str_parse_u64(const char *s, const char *end, uint64_t *out)
{
	size_t len = end ? (size_t)(end - s) : strlen(s);
	size_t pos = 0;
	unsigned int base = 10;
	uint64_t value = 0;

	if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		pos = 2;
	}
	if (pos == len)
		return 0;
	for (; pos < len; pos++) {
		unsigned int digit = digit_value(s[pos]);
		uint64_t next;

		if (digit >= base || __builtin_mul_overflow(value, (uint64_t)base, &next) ||
		    __builtin_add_overflow(next, (uint64_t)digit, &value))
			return 0;
	}
	*out = value;
	return 1;
}
