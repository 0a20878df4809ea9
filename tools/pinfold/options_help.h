/* SPDX-License-Identifier: MIT */
/*
 * The texts of help. They are all that there is about the options beside the man page.
 */
#ifndef PINFOLD_TOOLS_OPTIONS_HELP_H
#define PINFOLD_TOOLS_OPTIONS_HELP_H

#include <stdio.h>

/* Of `pinfold --help`. */
void help_print_main(FILE *to);

/* Of a subcommand, "run" or "image"; nothing for any other. */
void help_print_command(FILE *to, const char *command);

#endif
