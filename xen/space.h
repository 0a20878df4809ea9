/* SPDX-License-Identifier: MIT */
/*
 * One set of page tables: what the layer must know of an address space.
 */
#ifndef PINFOLD_XEN_SPACE_H
#define PINFOLD_XEN_SPACE_H

#include <stdbool.h>

#include <port/spinlock.h>

#include "arch/x86/units.h"
#include "lib/list.h"

struct pt_space {
	pfn_t root;      /* the kernel-mode top table */
	pfn_t user_root; /* x86-64: the user-mode top table, kept in step in its user half; else PFN_NONE */
	bool pinned;     /* Xen has validated the tables; protected by the owner's serialisation */
	struct spinlock lock; /* the tables' one lock, where leaf tables have none of their own */
	struct list node;     /* on the list of all spaces, protected by its lock */
};

#endif
