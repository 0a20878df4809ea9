/* SPDX-License-Identifier: MIT */
/*
 * One line on the terminal while something takes long: after two seconds it comes, and it is erased
 * at the end. Nothing is shown when standard error is no terminal.
 */
#ifndef PINFOLD_TOOLS_PROGRESS_H
#define PINFOLD_TOOLS_PROGRESS_H

#include <stdint.h>

/* Starts: `what` is shown, as in "packing the ramdisk", with the bytes that were added. */
void progress_begin(const char *what);

void progress_add(int64_t bytes);

/* Erases the line, if there is one. Of no effect before progress_begin(). */
void progress_end(void);

#endif
