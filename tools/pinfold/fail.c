/* SPDX-License-Identifier: MIT */
/*
 * Pinfold's own errors, see fail.h. A line is written with one write, so that lines of two runs do
 * not mix.
 */
#include "tools/pinfold/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pinfold/progress.h"

static void print_line(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static void print_line(const char *format, va_list args)
{
	static const char prefix[] = "pinfold: ";
	char line[1024];
	size_t len = sizeof(prefix) - 1;
	int added;

	memcpy(line, prefix, sizeof(prefix));
	added = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	if (added > 0)
		len += strlen(line + len);
	line[len++] = '\n';
	progress_end();
	if (write(STDERR_FILENO, line, len) < 0) {
		/* Nobody is there to be told. */
	}
}

void fail_print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args);
	va_end(args);
}

void fail_exit(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args);
	va_end(args);
	exit(status);
}

void *fail_alloc(void *memory)
{
	if (memory == NULL)
		fail_exit(STATUS_FAILURE, "out of memory");
	return memory;
}
