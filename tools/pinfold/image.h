/* SPDX-License-Identifier: MIT */
/*
 * `pinfold image`: the files with which the program runs elsewhere.
 */
#ifndef PINFOLD_TOOLS_IMAGE_H
#define PINFOLD_TOOLS_IMAGE_H

#include "tools/pinfold/options.h"

/* Returns the status this command ends with. */
int image_write(const struct options *options);

#endif
