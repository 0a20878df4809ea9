/* SPDX-License-Identifier: MIT */
/*
 * The commands that save a machine and start a saved one, in QEMU's own protocol (QMP: JSON objects
 * over a socket). Everything is asked for in one message, so that nobody waits for answers; what
 * comes back is only looked at for the end.
 */
#ifndef PINFOLD_TOOLS_QMP_H
#define PINFOLD_TOOLS_QMP_H

#include <stdbool.h>
#include <stddef.h>

#define QMP_LINE_BYTES 4096

struct qmp {
	int fd;      /* our end, not blocking; -1: closed */
	int qemu_fd; /* QEMU's end, or -1 */
	char line[QMP_LINE_BYTES];
	size_t len;
};

enum qmp_news {
	QMP_NOTHING,
	QMP_RUNS,   /* the machine runs on */
	QMP_SAVED,  /* all of its state is written */
	QMP_FAILED, /* QEMU refuses a command, fails, or has gone */
};

/* False: the system has no socket for us. */
bool qmp_open(struct qmp *qmp);

void qmp_close(struct qmp *qmp);

/* QEMU is to write the machine's state to `state_fd`, but for its memory, which is a file already.
 */
bool qmp_save(struct qmp *qmp, int state_fd);

/* The state is read from `state_fd`, which QEMU has inherited, and the machine runs. May be sent
 * before QEMU has started. */
bool qmp_restore(struct qmp *qmp, int state_fd);

/* QEMU is to end. */
void qmp_quit(struct qmp *qmp);

/* Takes what QEMU says. Does not wait. */
enum qmp_news qmp_take(struct qmp *qmp);

#endif
