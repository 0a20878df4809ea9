/* SPDX-License-Identifier: MIT */
/*
 * What uname() says, for it and for /proc.
 */
#ifndef PINFOLD_KERNEL_TASK_UTS_H
#define PINFOLD_KERNEL_TASK_UTS_H

#include "kernel/linux/abi_task.h"

/* The one set of names, each with a NUL. */
extern struct abi_utsname uts_names;

#endif
