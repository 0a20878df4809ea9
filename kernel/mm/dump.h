/* SPDX-License-Identifier: MIT */
/*
 * What a core file has of an address space.
 */
#ifndef PINFOLD_KERNEL_MM_DUMP_H
#define PINFOLD_KERNEL_MM_DUMP_H

#include "kernel/mm/vm.h"

/* How much of the area, from its start on, by the space's coredump_filter: all, the page of a
 * program's headers, or nothing. */
size_t vm_dump_bytes(struct vm *vm, const struct vm_area *area);

/* The content of a page of the space; NULL: zeros, or nothing is mapped there any more. Good until
 * the caller sleeps. */
const void *vm_dump_page(struct vm *vm, uintptr_t addr);

#endif
