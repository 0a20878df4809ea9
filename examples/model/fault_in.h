/* SPDX-License-Identifier: MIT */
/*
 * The page-table routine that the example proves: mapping a page when it is first touched.
 */
#ifndef PINFOLD_EXAMPLES_MODEL_FAULT_IN_H
#define PINFOLD_EXAMPLES_MODEL_FAULT_IN_H

#include <stdbool.h>

#include "arch/x86/units.h"
#include "xen/space.h"

/* With it, faults take a lock from the look for the leaf table to its link. Without, there is a
 * race. */
extern bool fault_in_locked;

/* Map `frame` at `va` of an active space that has all tables but, perhaps, the leaf table. Any
 * vcpu. */
void fault_in(struct pt_space *space, vaddr_t va, pfn_t frame);

#endif
