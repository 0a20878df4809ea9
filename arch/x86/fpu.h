/* SPDX-License-Identifier: MIT */
/*
 * Saving and restoring extended state. The area is aligned to 64 bytes; a restore returns false,
 * and leaves the state as it was, if the CPU refuses the contents.
 */
#ifndef PINFOLD_ARCH_X86_FPU_H
#define PINFOLD_ARCH_X86_FPU_H

#include <stdbool.h>

void cpu_fxsave(void *area);
bool cpu_fxrstor(const void *area);
/* All components that XCR0 enables. */
void cpu_xsave(void *area);
bool cpu_xrstor(const void *area);

#endif
