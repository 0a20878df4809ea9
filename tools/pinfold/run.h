/* SPDX-License-Identifier: MIT */
/*
 * `pinfold run`: one guest from its start to its end.
 */
#ifndef PINFOLD_TOOLS_RUN_H
#define PINFOLD_TOOLS_RUN_H

#include "tools/pinfold/options.h"

/* Returns the status this command ends with. */
int run_guest(const struct options *options);

#endif
