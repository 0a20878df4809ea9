/* SPDX-License-Identifier: MIT */
/*
 * Memory and strings without a C library, and formatted output into a buffer.
 *
 * The functions with C's names are in lib/string.c, which only a freestanding build links; hosted
 * tests take those of the system's C library. The others are in lib/str.c and lib/fmt.c.
 */
#ifndef PINFOLD_LIB_STRING_H
#define PINFOLD_LIB_STRING_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* As in C. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
void *memchr(const void *s, int value, size_t bytes);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *find);

/* The same as memcpy and memset, for what is not large. */
void *string_copy(void *restrict to, const void *restrict from, size_t bytes);
void *string_fill(void *to, int value, size_t bytes);

/* A freestanding compiler does not know these by name; with the builtins a small constant size
 * costs no call. */
#if !__STDC_HOSTED__
#define memcpy(to, from, bytes)  __builtin_memcpy((to), (from), (bytes))
#define memset(to, value, bytes) __builtin_memset((to), (value), (bytes))
#define strlen(s)                __builtin_strlen(s)
#endif

/* Copy as much as fits, always with a NUL if size > 0; returns the length of `from`. */
size_t str_copy(char *to, const char *from, size_t size);

/* Parse an unsigned number, 0x… or decimal, that takes all of the string up to `end` (NULL: up to
 * its NUL). Nonzero when it is one and fits 64 bits, and then *out is set; 0 when there is no
 * digit, it overflows, or anything else is there. */
int str_parse_u64(const char *s, const char *end, uint64_t *out);

/* Subset of printf: flags - 0 + space #, width, precision (both also *), hh h l ll z j t, d i u x X
 * o c s p %. Always ends with a NUL if size > 0; returns the length it would have had. */
int fmt_vprint(char *buffer, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
int fmt_print(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
