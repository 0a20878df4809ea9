/* SPDX-License-Identifier: MIT */
/*
 * The log of a run: what Xen and the kernel write to COM1, and what QEMU itself says.
 *
 * It goes to a file the user names, or is kept in memory and becomes a file only when the run
 * fails; with -v it is shown as it comes. Its lines are read for the words with which Xen ends a
 * machine, so that a crash is reported at once and with its cause.
 */
#ifndef PINFOLD_TOOLS_LOG_H
#define PINFOLD_TOOLS_LOG_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_LINE_BYTES 512

/* Two writers whose lines must not be cut into one another. */
enum log_source {
	LOG_MACHINE, /* COM1 */
	LOG_QEMU,    /* QEMU's standard error */
	LOG_SOURCE_COUNT,
};

struct log {
	int fd;                         /* of --log, or -1 */
	bool shown;                     /* on standard error, too */
	bool raw;                       /* standard error is a terminal in raw mode */
	int error;                      /* why the file could not take everything, or 0 */
	bool ended;                     /* Xen said that the machine has come to its end */
	bool cause_next;                /* the next line of Xen's is the cause of a panic */
	char cause[LOG_LINE_BYTES];     /* what Xen or the kernel gave as the reason, or "" */
	char qemu_line[LOG_LINE_BYTES]; /* QEMU's last line, or "" */
	char line[LOG_SOURCE_COUNT][LOG_LINE_BYTES];
	size_t line_len[LOG_SOURCE_COUNT];
	char *kept;
	size_t kept_len;
};

/* `file` may be NULL. Ends the process when the file cannot be written. */
void log_open(struct log *log, const char *file, bool shown);

/* Takes bytes as they come. */
void log_take(struct log *log, enum log_source source, const char *data, size_t len);

/*
 * The run has failed: the path of the log, made now if it is not a file yet; NULL if it cannot be.
 */
const char *log_path(struct log *log, const char *file);

#endif
