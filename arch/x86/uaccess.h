/* SPDX-License-Identifier: MIT */
/*
 * Memory accesses that may fault for good, for a kernel that uses user addresses. The caller has
 * checked the range; a fault that the kernel cannot resolve ends the access instead of the machine
 * (each such instruction is in the fix-up table).
 */
#ifndef PINFOLD_ARCH_X86_UACCESS_H
#define PINFOLD_ARCH_X86_UACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the number of bytes NOT done. */
size_t uaccess_copy(void *to, const void *from, size_t bytes);

/* One aligned word in one access, as other CPUs' user code may change it at the same time. False: a
 * fault. */
bool uaccess_load32(const void *from, uint32_t *value);
bool uaccess_store32(void *to, uint32_t value);

/* Where to go on after a fault at `rip`, or 0 if that is no such instruction. */
uintptr_t uaccess_fixup(uintptr_t rip);

#endif
