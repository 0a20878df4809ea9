/* SPDX-License-Identifier: MIT */
/*
 * What the tests of address spaces share: memory, the task that runs, a file, and a processor's
 * access to a page through the fake page tables (fake_mmu.c).
 */
#ifndef PINFOLD_TESTS_UNIT_VM_FIXTURE_H
#define PINFOLD_TESTS_UNIT_VM_FIXTURE_H

#include <stdint.h>

#include "kernel/mm/internal.h"
#include "kernel/task/task.h"
#include "tests/unit/fake_mmu.h"

#define PAGES      FAKE_MMU_PAGES /* a process's */
#define FILE_PAGES 40u
#define FRAMES     8192u

extern struct task task; /* the one that runs */
extern struct inode file;
extern struct page *file_pages[FILE_PAGES];

/* Group set-up and end of cmocka's: memory, and no limits. */
int vm_setup(void **state);
int vm_teardown(void **state);

static inline uintptr_t address(unsigned int page)
{
	return FAKE_MMU_BASE + page * PAGE_BYTES;
}

/* One access of a process as the CPU does it: through the TLB, then through the tables, then by a
 * fault, whose error it returns. */
int cpu_access(struct vm *vm, unsigned int number, unsigned int access, uint64_t *value);

/* The file has its full size again, and no page. */
void file_forget(void);

#endif
