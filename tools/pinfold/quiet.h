/* SPDX-License-Identifier: MIT */
/*
 * Does another process want a processor?
 */
#ifndef PINFOLD_TOOLS_QUIET_H
#define PINFOLD_TOOLS_QUIET_H

#include <stdbool.h>
#include <sys/types.h>

/* At this moment all of its threads sleep. */
bool quiet_all(pid_t pid);

#endif
