/* SPDX-License-Identifier: MIT */
/*
 * The FS base by instruction, where CPU and Xen allow it.
 */
#ifndef PINFOLD_ARCH_X86_FSBASE_H
#define PINFOLD_ARCH_X86_FSBASE_H

#include <stdbool.h>
#include <stdint.h>

/* At boot, per machine. */
void fsbase_detect(void);
extern bool fsbase_usable;

uint64_t fsbase_read(void);
void fsbase_write(uint64_t base);

#endif
