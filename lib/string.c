/* SPDX-License-Identifier: MIT */
/*
 * Memory and strings under C's names. A compiler calls memcpy, memmove, memset and memcmp by
 * itself, so that these must be here, and must not be compiled into calls of themselves.
 *
 * Copies go by 64-byte blocks of plain words: quick on a processor and under an emulator alike, and
 * no vector register is touched. Unaligned words are fine on x86, so what is no multiple of a word
 * ends with one that overlaps the word before it.
 */
#include "lib/string.h"

#if !__STDC_HOSTED__
#undef memcpy
#undef memset
#undef strlen
#endif

/* Without this gcc sees memset in a loop that fills memory, and makes memset call itself. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

typedef unsigned long word __attribute__((aligned(1), may_alias));
typedef uint32_t half __attribute__((aligned(1), may_alias));
typedef uint16_t quarter __attribute__((aligned(1), may_alias));

#define WORD_BYTES  sizeof(word)
#define BLOCK_BYTES (8 * WORD_BYTES)

static inline void copy_block(unsigned char *to, const unsigned char *from)
{
	word *t = (word *)to;
	const word *f = (const word *)from;

	t[0] = f[0];
	t[1] = f[1];
	t[2] = f[2];
	t[3] = f[3];
	t[4] = f[4];
	t[5] = f[5];
	t[6] = f[6];
	t[7] = f[7];
}

/* Lowest address first, so that `to` may lie below `from` and overlap it. */
static void copy_up(unsigned char *to, const unsigned char *from, size_t bytes)
{
	for (; bytes >= BLOCK_BYTES; bytes -= BLOCK_BYTES) {
		copy_block(to, from);
		to += BLOCK_BYTES;
		from += BLOCK_BYTES;
	}
	for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES) {
		*(word *)to = *(const word *)from;
		to += WORD_BYTES;
		from += WORD_BYTES;
	}
	while (bytes--)
		*to++ = *from++;
}

/* Highest address first, so that `to` may lie above `from` and overlap it. */
static void copy_down(unsigned char *to, const unsigned char *from, size_t bytes)
{
	to += bytes;
	from += bytes;
	for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES) {
		to -= WORD_BYTES;
		from -= WORD_BYTES;
		*(word *)to = *(const word *)from;
	}
	while (bytes--)
		*--to = *--from;
}

/* Less than a word. */
static inline void copy_rest(unsigned char *to, const unsigned char *from, size_t bytes)
{
	if (bytes & sizeof(half)) {
		*(half *)to = *(const half *)from;
		to += sizeof(half);
		from += sizeof(half);
	}
	if (bytes & sizeof(quarter)) {
		*(quarter *)to = *(const quarter *)from;
		to += sizeof(quarter);
		from += sizeof(quarter);
	}
	if (bytes & 1)
		*to = *from;
}

void *string_copy(void *restrict to, const void *restrict from, size_t bytes)
{
	unsigned char *t = to;
	const unsigned char *f = from;
	size_t last = bytes - WORD_BYTES, at = 0;

	if (bytes < WORD_BYTES) {
		copy_rest(t, f, bytes);
		return to;
	}
	for (; bytes - at >= BLOCK_BYTES; at += BLOCK_BYTES)
		copy_block(t + at, f + at);
	for (; at < last; at += WORD_BYTES)
		*(word *)(t + at) = *(const word *)(f + at);
	*(word *)(t + last) = *(const word *)(f + last);
	return to;
}

/* Weak: an architecture may have something better for what is large (arch/x86/64/string.S). */
__attribute__((weak)) void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	return string_copy(to, from, bytes);
}

void *memmove(void *to, const void *from, size_t bytes)
{
	if ((uintptr_t)to - (uintptr_t)from >= bytes)
		copy_up(to, from, bytes);
	else
		copy_down(to, from, bytes);
	return to;
}

/* Less than a word. */
static inline void fill_rest(unsigned char *to, word pattern, size_t bytes)
{
	if (bytes & sizeof(half)) {
		*(half *)to = (half)pattern;
		to += sizeof(half);
	}
	if (bytes & sizeof(quarter)) {
		*(quarter *)to = (quarter)pattern;
		to += sizeof(quarter);
	}
	if (bytes & 1)
		*to = (unsigned char)pattern;
}

void *string_fill(void *to, int value, size_t bytes)
{
	const word pattern = (word)-1 / 0xff * (unsigned char)value;
	unsigned char *t = to;
	size_t last = bytes - WORD_BYTES, at = 0;

	if (bytes < WORD_BYTES) {
		fill_rest(t, pattern, bytes);
		return to;
	}
	for (; bytes - at >= BLOCK_BYTES; at += BLOCK_BYTES) {
		word *block = (word *)(t + at);

		block[0] = pattern;
		block[1] = pattern;
		block[2] = pattern;
		block[3] = pattern;
		block[4] = pattern;
		block[5] = pattern;
		block[6] = pattern;
		block[7] = pattern;
	}
	for (; at < last; at += WORD_BYTES)
		*(word *)(t + at) = pattern;
	*(word *)(t + last) = pattern;
	return to;
}

__attribute__((weak)) void *memset(void *to, int value, size_t bytes)
{
	return string_fill(to, value, bytes);
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *p = a;
	const unsigned char *q = b;

	while (bytes >= WORD_BYTES && *(const word *)p == *(const word *)q) {
		p += WORD_BYTES;
		q += WORD_BYTES;
		bytes -= WORD_BYTES;
	}
	for (; bytes; bytes--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int value, size_t bytes)
{
	const unsigned char *p = s;

	for (; bytes; bytes--, p++)
		if (*p == (unsigned char)value)
			return (void *)(uintptr_t)p;
	return NULL;
}

size_t strlen(const char *s)
{
	size_t len = 0;

	while (s[len])
		len++;
	return len;
}

size_t strnlen(const char *s, size_t max)
{
	size_t len = 0;

	while (len < max && s[len])
		len++;
	return len;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (; max; max--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a - (unsigned char)*b;
		if (!*a)
			break;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)(uintptr_t)last;
	}
}

char *strstr(const char *s, const char *find)
{
	size_t len = strlen(find);

	for (;; s++) {
		if (strncmp(s, find, len) == 0)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}
