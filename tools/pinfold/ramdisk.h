/* SPDX-License-Identifier: MIT */
/*
 * The guest's ramdisk: the root, what is added to it, the program, and the run description.
 */
#ifndef PINFOLD_TOOLS_RAMDISK_H
#define PINFOLD_TOOLS_RAMDISK_H

#include <stdbool.h>

#include "tools/pinfold/options.h"

/*
 * Writes the whole ramdisk to `fd`, from its start. `terminal` says whether the program runs on a
 * terminal. Ends the process with STATUS_NOEXEC when PROGRAM is a file here that the guest cannot
 * run, and with STATUS_FAILURE when a file cannot be read.
 */
void ramdisk_write(int fd, const struct options *options, bool terminal);

/*
 * The same without the base root, from the file's present position on: for a guest that has that
 * root already (or, with --root, none).
 */
void ramdisk_write_own(int fd, const struct options *options, bool terminal);

#endif
