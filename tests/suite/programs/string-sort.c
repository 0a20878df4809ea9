/* SPDX-License-Identifier: MIT */
/* Shows: a program that mostly computes: sorting, hashing, allocating and string work with one
 * fixed pseudo-random input, through the C library's own routines chosen for this processor. */
#include "tests/suite/programs/say.h"

#define COUNT 4000

static unsigned int state = 12345;

static unsigned int next_random(void)
{
	state = state * 1103515245u + 12345u;
	return state >> 16;
}

static int by_text(const void *one, const void *two)
{
	return strcmp(*(char *const *)one, *(char *const *)two);
}

int main(void)
{
	char **words = malloc(COUNT * sizeof(*words));
	unsigned long hash = 5381;
	char *big, *copy;
	size_t i, length;

	for (i = 0; i < COUNT; i++) {
		length = 1 + next_random() % 30;
		words[i] = malloc(length + 1);
		words[i][length] = '\0';
		while (length-- > 0)
			words[i][length] = (char)('a' + next_random() % 26);
	}
	qsort(words, COUNT, sizeof(*words), by_text);
	for (i = 0; i < COUNT; i++) {
		const char *at = words[i];

		while (*at)
			hash = hash * 33 + (unsigned char)*at++;
		if (i && strcmp(words[i - 1], words[i]) > 0)
			say("out of order at %zu", i);
	}
	say("first %s, last %s, hash %lx", words[0], words[COUNT - 1], hash);
	for (i = 0; i < COUNT; i += 2)
		free(words[i]);
	for (i = 0; i < COUNT; i += 2)
		words[i] = calloc(1, 1 + next_random() % 5000);
	for (i = 0, length = 0; i < COUNT; i += 2)
		length += (size_t)words[i][0];
	say("zeroed: %zu", length);
	big = malloc(1 << 20);
	copy = malloc(1 << 20);
	for (i = 0; i < 1 << 20; i++)
		big[i] = (char)(next_random() % 255 + 1);
	for (i = 1; i < 70; i += 7) {
		memcpy(copy + i, big + i * 3, (1 << 18) + i);
		memmove(copy + i * 5, copy + i, 100000);
		memset(copy + 200000 + i, (int)i, i * 31);
	}
	for (i = 100, hash = 0; i < 250000; i++)
		hash = hash * 31 + (unsigned char)copy[i];
	say("moved: %lx", hash);
	big[(1 << 20) - 1] = '\0';
	say("strlen %zu, memchr %td", strlen(big), (char *)memchr(big, 0, 1 << 20) - big);
	say("strtod %a, strtol %ld", strtod("3.14159265358979e10", NULL),
	    strtol("-0x7fffffff", NULL, 16));
	return 0;
}
