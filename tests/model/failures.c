/* SPDX-License-Identifier: MIT */
/*
 * Spaces that end half made, and tables that join a pinned space.
 *
 * A fork or exec that runs out of memory tears down a space that was never pinned; unpinning it
 * would be refused, and so would be the remap of a table that still counts as one. A space that
 * is pinned gets tables later, at any level, each of which is made read-only, pinned where its
 * level is, and only then linked, in both tops if it hangs from them; a second activation does
 * nothing. The model recounts all of that after each hypercall, and compares the tops. Every
 * allocation may fail.
 */
#include "tests/model/scenarios.h"

#include "xen/table_pool.h"

static struct pt_space spaces[EXPLORE_VCPUS];

/* The first address of the n-th leaf table from the scenarios' own on. */
static vaddr_t place(unsigned int n)
{
	return VADDR(SCENARIO_ADDRESS + n * pt_entry_reach(2));
}

/* The last leaf table of user space: in most formats it needs tables of every level. */
static vaddr_t far_place(void)
{
	return VADDR(PT_FORMAT.user_end - pt_entry_reach(2));
}

static void one_life(struct pt_space *space, pfn_t frame)
{
	if (xen_space_init(space) != 0)
		return;
	if (xen_pte_prepare(space, place(0)) == 0 && xen_pte_prepare(space, place(1)) == 0) {
		xen_space_activate(space);
		xen_space_activate(space);
		world_check_quiet();
		xen_space_switch(space);
		if (xen_pte_prepare(space, far_place()) == 0) {
			xen_pte_set(space, far_place(), pte_from_pfn(frame, SCENARIO_FLAGS),
			            XEN_FLUSH_NONE);
			CHECK(pte_pfn(xen_pte_read(space, far_place())).v == frame.v);
			xen_pte_set(space, far_place(), PTE_NONE, XEN_FLUSH_PAGE);
		}
		world_check_quiet();
	}
	xen_space_retire(space);
	CHECK(!space->pinned);
	xen_space_destroy(space);
	world_check_quiet();
}

void failures_setup(void)
{
	world_allocations_fail = true;
}

void failures_run(void)
{
	unsigned int me = explore_vcpu();
	pfn_t frame = world_frame_alloc();

	one_life(&spaces[me], frame);
	world_frame_free(frame);
}

/* The second is made of what the first has left in the pool. */
void failures_run_twice(void)
{
	failures_run();
	failures_run();
}

void failures_finish(void)
{
	CHECK(this_cpu()->space_actual == NULL && this_cpu()->space_asked == NULL);
	/* What failed half-way has given back what it had. */
	CHECK(world_frames_used() == table_pool_frames());
}
