/* SPDX-License-Identifier: MIT */
/*
 * The window between read-only and pinned.
 *
 * Pinning makes a leaf table read-only and then has Xen validate it. A store of another CPU to that
 * table in between (reverse mapping, a fault on another thread) would hit a page that is read-only
 * and that Xen does not know as a table yet, so nobody emulates it. The lock of the table's entries
 * is held from before the first until the hypercall that does both has completed, so the store
 * comes before it (plain) or after it (a request). Without the lock the store faults: the world
 * reports it as a stray store. Unpinning is the same in the other direction.
 */
#include "tests/model/scenarios.h"

#define SECOND_TABLE 0x8000u /* behind the first address */

static struct pt_space space;
static pfn_t frame;

void pin_window_setup(void)
{
	world_inside_seen = true;
	scenario_space(&space, &frame, 2);
}

void pin_window_pin(void)
{
	xen_space_activate(&space);
	world_check_quiet();
}

void pin_window_store(void)
{
	xen_pte_set(&space, VADDR(SCENARIO_ADDRESS + PAGE_BYTES),
	            pte_from_pfn(frame, SCENARIO_FLAGS), XEN_FLUSH_NONE);
	world_check_quiet();
}

/* The same as one of several. */
void pin_window_add(void)
{
	pte_t entries[2] = {PTE_NONE, pte_from_pfn(frame, SCENARIO_FLAGS)}, read[2];

	xen_ptes_add(&space, VADDR(SCENARIO_ADDRESS), entries, 2);
	world_check_quiet();
	xen_ptes_read(&space, VADDR(SCENARIO_ADDRESS), read, 2);
	CHECK(pte_pfn(read[0]).v == frame.v && pte_pfn(read[1]).v == frame.v);
}

/* The same by a change of a range: of the entry that is there. */
static bool edit_soft(vaddr_t va, pte_t *pte, void *arg)
{
	(void)arg;
	CHECK(va.v == SCENARIO_ADDRESS);
	pte->v |= PTE_SOFT0;
	return true;
}

void pin_window_rewrite(void)
{
	CHECK(xen_pte_rewrite(&space, VADDR(SCENARIO_ADDRESS),
	                      VADDR(SCENARIO_ADDRESS + 2 * PAGE_BYTES), edit_soft, NULL)
	          .v == SCENARIO_ADDRESS + 2 * PAGE_BYTES);
	world_check_quiet();
}

/* The same in two leaf tables. */
void unpin_window_two_setup(void)
{
	unpin_window_setup();
	CHECK(pt_entry_count(1) * PAGE_BYTES == SECOND_TABLE);
	CHECK(xen_pte_prepare(&space, VADDR(SCENARIO_ADDRESS + SECOND_TABLE)) == 0);
	xen_pte_set(&space, VADDR(SCENARIO_ADDRESS + SECOND_TABLE),
	            pte_from_pfn(frame, SCENARIO_FLAGS), XEN_FLUSH_NONE);
}

static bool edit_both(vaddr_t va, pte_t *pte, void *arg)
{
	(void)va, (void)arg;
	pte->v |= PTE_SOFT0;
	return true;
}

void pin_window_rewrite_two(void)
{
	xen_pte_rewrite(&space, VADDR(SCENARIO_ADDRESS), VADDR(SCENARIO_ADDRESS + 2 * SECOND_TABLE),
	                edit_both, NULL);
	world_check_quiet();
}

void pin_window_rewrite_finish(void)
{
	CHECK(xen_pte_read(&space, VADDR(SCENARIO_ADDRESS)).v & PTE_SOFT0);
	scenario_space_end(&space, frame);
}

void pin_window_finish(void)
{
	CHECK(space.pinned);
	CHECK(pte_pfn(xen_pte_read(&space, VADDR(SCENARIO_ADDRESS + PAGE_BYTES))).v == frame.v);
	scenario_space_end(&space, frame);
}

void unpin_window_setup(void)
{
	world_inside_seen = true;
	scenario_space(&space, &frame, 2);
	xen_space_activate(&space);
}

void unpin_window_unpin(void)
{
	xen_space_retire(&space);
	world_check_quiet();
}

void unpin_window_finish(void)
{
	CHECK(!space.pinned);
	CHECK(pte_pfn(xen_pte_read(&space, VADDR(SCENARIO_ADDRESS + PAGE_BYTES))).v == frame.v);
	scenario_space_end(&space, frame);
}
