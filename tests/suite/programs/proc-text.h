/* SPDX-License-Identifier: MIT */
/* What the programs about /proc have in common: reading whole files and finding lines in them. */
#ifndef SUITE_PROC_TEXT_H
#define SUITE_PROC_TEXT_H

#include "tests/suite/programs/say.h"

/* The whole file in `text`, which stays until the next call; its length, or -1. */
static char proc_text[1 << 20];

static inline long proc_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = 0;

	proc_text[0] = 0;
	if (fd < 0)
		return -1;
	while (len < sizeof(proc_text) - 1 &&
	       (got = read(fd, proc_text + len, sizeof(proc_text) - 1 - len)) > 0)
		len += (size_t)got;
	close(fd);
	proc_text[len] = 0;
	return got < 0 ? -1 : (long)len;
}

/* What follows `key` at the beginning of a line of the text that was read last; NULL: no line. */
static inline const char *proc_find(const char *key)
{
	for (const char *line = proc_text; line;) {
		if (strncmp(line, key, strlen(key)) == 0)
			return line + strlen(key);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

/* The number behind a key of a file; -1: none. */
static inline long proc_number(const char *path, const char *key)
{
	const char *at = proc_read(path) >= 0 ? proc_find(key) : NULL;

	return at ? strtol(at, NULL, 0) : -1;
}

/* Field `number` of a stat file, counted from 1, behind the name. */
static inline long proc_stat_field(const char *path, int number)
{
	const char *at = proc_read(path) >= 0 ? strrchr(proc_text, ')') : NULL;

	for (int field = 2; at && field < number; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at ? strtol(at, NULL, 10) : -1;
}

#endif
