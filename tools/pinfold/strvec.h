/* SPDX-License-Identifier: MIT */
/*
 * A growing list of strings, ended by NULL as execv wants it.
 */
#ifndef PINFOLD_TOOLS_STRVEC_H
#define PINFOLD_TOOLS_STRVEC_H

#include <stddef.h>

/* Zero is an empty list. The strings are the list's own. */
struct strvec {
	char **item;
	size_t count;
	size_t room;
};

void strvec_add(struct strvec *vec, const char *text);
void strvec_addf(struct strvec *vec, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strvec_free(struct strvec *vec);

/* A new string; the caller frees it. Ends the process when there is no memory. */
char *string_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
