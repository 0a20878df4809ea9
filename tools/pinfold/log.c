/* SPDX-License-Identifier: MIT */
/*
 * The log of a run, see log.h.
 *
 * A line counts as Xen's only if it starts with Xen's mark. A program that gets such a line into
 * the log can at most end its own run.
 */
#include "tools/pinfold/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/strvec.h"

/* In memory at most this much is kept: when it is full, the older half goes. */
#define KEPT_BYTES (4u << 20)

#define XEN_MARK "(XEN) "

void log_open(struct log *log, const char *file, bool shown)
{
	*log = (struct log){.fd = -1, .shown = shown};
	if (file != NULL) {
		log->fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (log->fd < 0)
			fail_exit(STATUS_FAILURE, "cannot write the log %s: %s", file,
			          strerror(errno));
	} else {
		log->kept = fail_alloc(malloc(KEPT_BYTES));
	}
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		data += done;
		len -= (size_t)done;
	}
	return 0;
}

static void keep(struct log *log, const char *data, size_t len)
{
	if (log->fd >= 0) {
		if (write_all(log->fd, data, len) != 0)
			log->error = errno;
		return;
	}
	if (log->kept_len + len > KEPT_BYTES) {
		memmove(log->kept, log->kept + KEPT_BYTES / 2, log->kept_len - KEPT_BYTES / 2);
		log->kept_len -= KEPT_BYTES / 2;
	}
	memcpy(log->kept + log->kept_len, data, len);
	log->kept_len += len;
}

static void set_cause(struct log *log, const char *text)
{
	if (log->cause[0] == '\0')
		snprintf(log->cause, sizeof(log->cause), "%s", text);
}

/* What Xen says when it ends the machine, in the order in which a crash brings it. */
static void read_xen_line(struct log *log, const char *text)
{
	if (log->cause_next) {
		log->cause_next = false;
		log->ended = true;
		if (strncmp(log->cause, "kernel ", 7) != 0)
			snprintf(log->cause, sizeof(log->cause), "Xen panicked: %s", text);
	} else if (strncmp(text, "Panic on CPU", 12) == 0) {
		log->cause_next = true;
	} else if (strstr(text, "Unhandled ") != NULL || strncmp(text, "domain_crash", 12) == 0 ||
	           strstr(text, " crashed on cpu#") != NULL) {
		set_cause(log, text);
	} else if (strncmp(text, "Hardware Dom0 crashed", 21) == 0 ||
	           strncmp(text, "Hardware Dom0 halted", 20) == 0) {
		set_cause(log, text);
		log->ended = true;
	}
}

static void read_line(struct log *log, enum log_source source, char *line)
{
	if (source == LOG_QEMU) {
		snprintf(log->qemu_line, sizeof(log->qemu_line), "%s", line);
		return;
	}
	if (strncmp(line, XEN_MARK, strlen(XEN_MARK)) == 0) {
		read_xen_line(log, line + strlen(XEN_MARK));
	} else if (line[0] == '[') {
		const char *text = strstr(line, "] ");

		/* The kernel's word counts more than what Xen makes of it. */
		if (text != NULL && strncmp(text, "] panic: ", 9) == 0)
			snprintf(log->cause, sizeof(log->cause), "kernel %s", text + 2);
	}
}

static void put_line(struct log *log, enum log_source source)
{
	char *line = log->line[source];
	size_t len = log->line_len[source];

	while (len > 0 && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	read_line(log, source, line);
	line[len] = '\n';
	keep(log, line, len + 1);
	if (log->shown) {
		char shown[LOG_LINE_BYTES + 2];

		snprintf(shown, sizeof(shown), "%.*s%s\n", (int)len, line, log->raw ? "\r" : "");
		(void)write_all(STDERR_FILENO, shown, strlen(shown));
	}
	log->line_len[source] = 0;
}

void log_take(struct log *log, enum log_source source, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n') {
			put_line(log, source);
			continue;
		}
		if (data[i] == '\0')
			continue;
		log->line[source][log->line_len[source]++] = data[i];
		/* One place is left for the end of the line; a longer line is cut into several. */
		if (log->line_len[source] == LOG_LINE_BYTES - 1)
			put_line(log, source);
	}
}

const char *log_path(struct log *log, const char *file)
{
	const char *folder = getenv("TMPDIR");
	char *path;

	for (int i = 0; i < LOG_SOURCE_COUNT; i++) {
		if (log->line_len[i] > 0)
			put_line(log, (enum log_source)i);
	}
	if (file != NULL)
		return log->error != 0 ? NULL : file;
	path = string_format("%s/pinfold-XXXXXX.log",
	                     folder == NULL || folder[0] == '\0' ? "/tmp" : folder);
	log->fd = mkostemps(path, 4, O_CLOEXEC);
	if (log->fd < 0 || write_all(log->fd, log->kept, log->kept_len) != 0) {
		free(path);
		return NULL;
	}
	return path;
}
