/* SPDX-License-Identifier: MIT */
/*
 * The timeline of a run: a column for each vcpu. Points that follow each other on one vcpu share
 * a line, and equal ones a count.
 */
#include "explore/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COLUMN     28
#define LINE_BYTES 60u

bool explore_timeline(void)
{
	return ex && ex->options->timeline;
}

static void start_line(unsigned int vcpu)
{
	printf("  %*svcpu %u  ", (int)vcpu * COLUMN, "", vcpu);
}

/* The last point goes to the line's end, with its count. */
static void close_point(void)
{
	size_t len = strlen(ex->timeline.line);

	if (ex->timeline.count == 0)
		return;
	snprintf(ex->timeline.line + len, sizeof(ex->timeline.line) - len, "%s%s", len ? ", " : "",
	         ex->timeline.last);
	len = strlen(ex->timeline.line);
	if (ex->timeline.count > 1)
		snprintf(ex->timeline.line + len, sizeof(ex->timeline.line) - len, " x%u",
		         ex->timeline.count);
	ex->timeline.count = 0;
}

static void flush(void)
{
	close_point();
	if (ex->timeline.line[0]) {
		start_line(ex->timeline.vcpu);
		printf(". %s\n", ex->timeline.line);
	}
	ex->timeline.line[0] = '\0';
}

void timeline_point(const char *what)
{
	if (!explore_timeline())
		return;
	if (ex->timeline.vcpu != ex->running || strlen(ex->timeline.line) > LINE_BYTES)
		flush();
	ex->timeline.vcpu = ex->running;
	if (ex->timeline.count > 0 && strcmp(ex->timeline.last, what) != 0)
		close_point();
	ex->timeline.last = what;
	ex->timeline.count++;
}

void explore_note(const char *format, ...)
{
	va_list args;

	if (!explore_timeline())
		return;
	flush();
	va_start(args, format);
	if (ex->in_run)
		start_line(ex->running);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

void timeline_end(void)
{
	if (explore_timeline())
		flush();
}
