/* SPDX-License-Identifier: MIT */
/*
 * The QEMU command for a guest, and QEMU as a child process.
 */
#ifndef PINFOLD_TOOLS_QEMU_H
#define PINFOLD_TOOLS_QEMU_H

#include <sys/types.h>

#include "tools/pinfold/options.h"
#include "tools/pinfold/strvec.h"

/*
 * The files of a machine by their names; for `run` they are names of descriptors, /proc/self/fd/N.
 */
struct qemu_files {
	const char *xen;
	const char *kernel;
	const char *ramdisk;
	const char
	    *channel; /* NULL: a machine without the channel, whose console is QEMU's stdout */
	int bell_fd;  /* QEMU's end of the bell, with the channel only */
};

/* QEMU as a child. */
struct qemu_process {
	pid_t pid;
	int com1_fd;   /* what the machine writes to COM1; not blocking */
	int stderr_fd; /* QEMU's own messages; not blocking */
};

/* QEMU's name: the variable PINFOLD_QEMU, else qemu-system-x86_64 from the PATH. */
const char *qemu_name(void);

/* Ends the process when an argument cannot be passed on. */
void qemu_build_command(struct strvec *command, const struct options *options,
                        const struct qemu_files *files);

/* Prints a command so that a shell takes it. */
void qemu_print_command(const struct strvec *command, const char *separator, int fd);

/*
 * Starts QEMU with the descriptors of `inherited` (ended by -1) open. It dies with this process,
 * and no signal of the terminal's reaches it. Returns 0, or the errno with which it could not be
 * started.
 */
int qemu_start(struct qemu_process *process, const struct strvec *command, const int *inherited);

#endif
