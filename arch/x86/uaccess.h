/* SPDX-License-Identifier: MIT */
/*
 * Memory accesses that may fault for good. The caller has checked the range; a fault that the
 * kernel cannot resolve ends the access instead of the machine (each such instruction is in the
 * fix-up table).
 */
#ifndef PINFOLD_ARCH_X86_UACCESS_H
#define PINFOLD_ARCH_X86_UACCESS_H

#include <stddef.h>
#include <stdint.h>

/* Both return the number of bytes NOT done. */
size_t uaccess_copy(void *to, const void *from, size_t bytes);
size_t uaccess_clear(void *to, size_t bytes);

/* Where to go on after a fault at `rip`, or 0 if that is no such instruction. */
uintptr_t uaccess_fixup(uintptr_t rip);

#endif
