/* SPDX-License-Identifier: MIT */
/*
 * The machine of a run, as QEMU is told of it: its parts, and the descriptors through which QEMU
 * gets them.
 *
 * Nothing of a run has a name in the file system: the channel and what is opened here are reached
 * through /proc/self/fd, so there is nothing to remove, whatever ends the launcher.
 */
#ifndef PINFOLD_TOOLS_MACHINE_H
#define PINFOLD_TOOLS_MACHINE_H

#include "tools/pinfold/hostchan.h"
#include "tools/pinfold/options.h"
#include "tools/pinfold/qemu.h"
#include "tools/pinfold/strvec.h"

/* What a machine is made of. */
struct machine_parts {
	char *xen, *kernel;
	char *base; /* NULL: no root of ours */
	int kernel_fd;
	int base_fd; /* -1: none */
};

/* Finds and opens them. Ends the process when one is not there. */
void machine_find_parts(struct machine_parts *parts, const struct options *options);

/* How to start a machine. */
struct machine {
	struct strvec command;
	int inherited[8]; /* as qemu_start() wants them */
};

/* The descriptors of a saved machine; of no use for a cold start. */
struct machine_saved {
	int ram_fd;
	int state_fd; /* to be read; -1: none */
	int qmp_fd;   /* QEMU's end */
};

void machine_describe(struct machine *machine, const struct options *options,
                      const struct machine_parts *parts, const struct hostchan *channel,
                      enum qemu_start start, const struct machine_saved *saved);

void machine_free(struct machine *machine);

#endif
