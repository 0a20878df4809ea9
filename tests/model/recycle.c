/* SPDX-License-Identifier: MIT */
/*
 * Recycled tables: vcpus end spaces and make others from what the pool has, while one of them
 * empties the pool as if memory had run out.
 *
 * A table must go into the pool only when its clearing has been carried out and no vcpu reaches it
 * (the model watches both: counts after each hypercall, frames that are given away too early), must
 * come out to one of the two only, and a table that is handed back to the kernel must be neither
 * read-only nor in Xen's use.
 */
#include "tests/model/scenarios.h"

#include "xen/hooks.h"
#include "xen/pin.h"
#include "xen/table_pool.h"

static struct pt_space spaces[EXPLORE_VCPUS];

void scenario_release(pte_t pte, void *arg)
{
	(void)arg;
	world_frame_free(pte_pfn(pte));
}

static void begin(struct pt_space *space)
{
	pfn_t frame;

	scenario_space(space, &frame, 2);
	xen_space_activate(space);
	xen_space_switch(space);
}

static void end(struct pt_space *space)
{
	xen_space_dissolve(space, scenario_release, NULL);
	CHECK(!space->pinned);
	CHECK(this_cpu()->space_actual == NULL);
	world_check_quiet();
}

/* The pool holds what one space needs; two will ask for it. */
void recycle_setup(void)
{
	world_inside_seen = true;
	world_allocations_fail = false;
	begin(&spaces[0]);
	xen_space_dissolve(&spaces[0], scenario_release, NULL);
}

void recycle_run(void)
{
	begin(&spaces[explore_vcpu()]);
	end(&spaces[explore_vcpu()]);
}

void recycle_and_reclaim(void)
{
	begin(&spaces[explore_vcpu()]);
	xen_tables_reclaim();
	end(&spaces[explore_vcpu()]);
}

/* What is live is in the pool, and pinned on its own; but for the kernel's tables, which are none
 * of the pool's, and the copies of its level-2 table that PAE tops hold. */
static void check_pooled(void)
{
	for (uint32_t pfn = (uint32_t)xen_kernel_space.root.v + 2; pfn < MODEL_FRAMES; pfn++) {
		const struct model_frame *frame = &model.frames[model_mfn(pfn)];

		if (host_frame(PFN(pfn))->flags & PT_FRAME_TABLE)
			CHECK(frame->pinned || frame->kernel_l2);
	}
}

void recycle_finish(void)
{
	check_pooled();
	CHECK(world_frames_used() == table_pool_frames());
	xen_tables_reclaim();
	CHECK(table_pool_frames() == 0);
	CHECK(world_frames_used() == 0);
}
