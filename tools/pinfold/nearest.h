/* SPDX-License-Identifier: MIT */
/*
 * What somebody may have meant who mistyped a word.
 */
#ifndef PINFOLD_TOOLS_NEAREST_H
#define PINFOLD_TOOLS_NEAREST_H

#include <stddef.h>

/* Keeps the nearest word so far. Begin with {.word = NULL}. */
struct nearest {
	const char *word; /* NULL: none is near */
	size_t distance;
};

/*
 * Looks at one more candidate: letters added, left out, changed or exchanged with the next are
 * counted, and it is near if they are at most a third of the longer word.
 */
void nearest_try(struct nearest *nearest, const char *typed, const char *candidate);

#endif
