/* SPDX-License-Identifier: MIT */
/*
 * The QEMU command for a guest, and QEMU as a child process.
 */
#ifndef PINFOLD_TOOLS_QEMU_H
#define PINFOLD_TOOLS_QEMU_H

#include <stdint.h>
#include <sys/types.h>

#include "tools/pinfold/options.h"
#include "tools/pinfold/strvec.h"

/*
 * The files of a machine by their names; for `run` they are names of descriptors, /proc/self/fd/N.
 */
struct qemu_files {
	const char *xen;
	const char *kernel;
	const char *ramdisk; /* NULL: none */
	/* NULL: a machine without the channel, whose console is QEMU's stdout */
	const char *channel;
	uint64_t channel_bytes;
	int bell_fd; /* QEMU's end of the bell, with the channel only */
	/* For a machine that is to be saved, or is started from one that was. */
	enum qemu_start {
		QEMU_COLD,
		QEMU_TO_SAVE, /* its memory is `ram` itself */
		QEMU_RESTORE, /* its memory begins as `ram` and is its own */
	} start;
	const char *ram;
	int qmp_fd; /* QEMU's end of the socket for its commands */
};

/* QEMU as a child. */
struct qemu_process {
	pid_t pid;
	int com1_fd;   /* what the machine writes to COM1; not blocking */
	int stderr_fd; /* QEMU's own messages; not blocking */
};

/* QEMU's name: the variable PINFOLD_QEMU, else qemu-system-x86_64 from the PATH. */
const char *qemu_name(void);

/* The path of the file that is started under that name, or NULL. The caller frees it. */
char *qemu_path(void);

/* The machine's whole memory. */
unsigned int qemu_memory_mib(const struct options *options);

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
