/* SPDX-License-Identifier: MIT */
/*
 * Saving and restoring extended state. The area is aligned to 64 bytes and may be a program's:
 * false if it cannot be read or written. A restore returns false, and leaves the state as it
 * was, also if the CPU refuses the contents.
 */
#ifndef PINFOLD_ARCH_X86_FPU_H
#define PINFOLD_ARCH_X86_FPU_H

#include <stdbool.h>

bool cpu_fxsave(void *area);
bool cpu_fxrstor(const void *area);
/* All components that XCR0 enables. */
bool cpu_xsave(void *area);
/* What the area does not hold already from the last restore, which must have been from there. */
bool cpu_xsaveopt(void *area);
bool cpu_xrstor(const void *area);

#endif
