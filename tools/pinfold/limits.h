/* SPDX-License-Identifier: MIT */
/*
 * This process's limit on file sizes (ulimit -f). It is meant for files on disks, but holds for
 * memory files too.
 */
#ifndef PINFOLD_TOOLS_LIMITS_H
#define PINFOLD_TOOLS_LIMITS_H

/* Raises the limit as far as it goes, for the memory files of the run. */
void limits_raise(void);

/* Puts it back: the program's output may go to a file. */
void limits_restore(void);

/* As strerror(), but says which limit is meant when a file is too large. */
const char *limits_explain(int error);

#endif
