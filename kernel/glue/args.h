/* SPDX-License-Identifier: MIT */
/*
 * The kernel's arguments: words of the command line, `flag` or `key=value`.
 */
#ifndef PINFOLD_KERNEL_GLUE_ARGS_H
#define PINFOLD_KERNEL_GLUE_ARGS_H

#include "kernel/kernel.h"

/* Boot: take the line over; unknown words get a log line. */
void kernel_args_init(const char *command_line);

bool kernel_arg_flag(const char *name);

/* The value of a number argument, or `otherwise` when it is absent or no number. */
uint64_t kernel_arg_number(const char *name, uint64_t otherwise);

/* The line as given, for /proc/cmdline. */
const char *kernel_command_line(void);

#endif
