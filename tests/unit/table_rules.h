/* SPDX-License-Identifier: MIT */
/*
 * What must hold at every request that touches page tables, checked by the double as it comes:
 *
 * - a table is pinned, and a base pointer loaded, only when all that it refers to is read-only;
 * - a frame becomes writable only when no pinned table and no base pointer leads to it;
 * - nothing points to a table that is writable from a table that is watched;
 * - the lock that protects a leaf table is held when it becomes read-only and when it is pinned.
 *
 * And what must hold between operations.
 */
#ifndef PINFOLD_TESTS_UNIT_TABLE_RULES_H
#define PINFOLD_TESTS_UNIT_TABLE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/unit/fake_xen.h"
#include "xen/space.h"

/* A new machine as fake_start() makes it, ready for spaces, with the rules in force. */
void rules_start(const struct pt_format *format);

/* While set, and where leaf tables have no lock of their own: requests come with this lock held. */
extern const struct spinlock *rules_lock_required;

/* Largest number of leaf locks that were held at once since the start. */
extern unsigned int rules_locks_most;

/* Tops of a space in this format, two of which are in step. */
unsigned int rules_tops(void);

/* Between operations: no lock held, nothing queued, both tops of the space in step or only user
 * mode's there, the kernel half as it should be. */
void rules_check_space(const struct pt_space *space);

/* Visit each user table of a space, the leaves included but not the tops, by plain recursion. */
typedef void rules_table_fn(void *arg, pfn_t table, unsigned int level, uint64_t offset);
void rules_for_each_table(const struct pt_space *space, rules_table_fn *fn, void *arg);

/* A user address, and the bytes that an entry of a table of `level` covers. */
static inline vaddr_t rules_va(uint64_t offset)
{
	return (vaddr_t){(uintptr_t)offset};
}

uint64_t rules_reach(unsigned int level);
unsigned int rules_entry_count(unsigned int level);

#endif
