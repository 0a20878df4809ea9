/* SPDX-License-Identifier: MIT */
/*
 * A growing list of strings, see strvec.h.
 */
#include "tools/pinfold/strvec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pinfold/fail.h"

static void push(struct strvec *vec, char *text)
{
	if (vec->count + 2 > vec->room) {
		vec->room = vec->room == 0 ? 16 : 2 * vec->room;
		vec->item = fail_alloc(realloc(vec->item, vec->room * sizeof(*vec->item)));
	}
	vec->item[vec->count++] = text;
	vec->item[vec->count] = NULL;
}

void strvec_add(struct strvec *vec, const char *text)
{
	push(vec, fail_alloc(strdup(text)));
}

static char *format_list(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static char *format_list(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	return fail_alloc(text);
}

void strvec_addf(struct strvec *vec, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	push(vec, format_list(format, args));
	va_end(args);
}

void strvec_free(struct strvec *vec)
{
	for (size_t i = 0; i < vec->count; i++)
		free(vec->item[i]);
	free(vec->item);
	*vec = (struct strvec){0};
}

char *string_format(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_list(format, args);
	va_end(args);
	return text;
}
