/* SPDX-License-Identifier: MIT */
/*
 * Copies one file of Pinfold's own into another.
 */
#ifndef PINFOLD_TOOLS_COPY_H
#define PINFOLD_TOOLS_COPY_H

#include <stdint.h>

/*
 * Writes all of the file `from` to the open file `to`, which `name` stands for in messages. Returns
 * the bytes; ends the process when one of them cannot be copied.
 */
int64_t copy_whole(int to, const char *name, const char *from);

#endif
