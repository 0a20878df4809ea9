/* SPDX-License-Identifier: MIT */
/*
 * The line of progress, see progress.h. Looking at the clock costs, so that is done once a MiB.
 */
#include "tools/pinfold/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MIB         (1 << 20)
#define PATIENCE_MS 2000
#define INTERVAL_MS 200
#define ERASE       "\r\033[K"

static struct {
	const char *what; /* NULL: nothing to show */
	int64_t bytes;
	int64_t looked_at; /* bytes when the clock was last looked at */
	int64_t show_ms;
	bool is_shown;
} progress;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_text(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0) {
		/* Then there is nobody to wait. */
	}
}

void progress_begin(const char *what)
{
	progress.what = isatty(STDERR_FILENO) ? what : NULL;
	progress.bytes = progress.looked_at = 0;
	progress.show_ms = now_ms() + PATIENCE_MS;
}

void progress_add(int64_t bytes)
{
	char line[80];

	progress.bytes += bytes;
	if (progress.what == NULL || progress.bytes - progress.looked_at < MIB)
		return;
	progress.looked_at = progress.bytes;
	if (now_ms() < progress.show_ms)
		return;
	progress.show_ms = now_ms() + INTERVAL_MS;
	progress.is_shown = true;
	snprintf(line, sizeof(line), ERASE "pinfold: %s: %lld MiB", progress.what,
	         (long long)(progress.bytes / MIB));
	write_text(line);
}

void progress_end(void)
{
	if (progress.is_shown)
		write_text(ERASE);
	progress.is_shown = false;
	progress.what = NULL;
}
