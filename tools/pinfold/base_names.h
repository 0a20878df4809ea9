/* SPDX-License-Identifier: MIT */
/*
 * What the base root, the guest's files when no --root is given, has.
 */
#ifndef PINFOLD_TOOLS_BASE_NAMES_H
#define PINFOLD_TOOLS_BASE_NAMES_H

#include <stdbool.h>

/* Whether it has a file, or a link, at the absolute path. False if it cannot be read. */
bool base_has(const char *path);

/* Whether one of the folders of the guest's PATH has a file of that name. */
bool base_has_command(const char *name);

#endif
