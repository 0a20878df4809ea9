/* SPDX-License-Identifier: MIT */
/*
 * Batches on several vcpus, each preempted by Xen between any two of its entries.
 *
 * The buffers are per CPU, Xen overwrites what it has finished, and another vcpu runs in the middle
 * of a multicall: callbacks must still run behind their entries, in order, and each vcpu's entries
 * must all arrive.
 */
#include "tests/model/scenarios.h"

#include "xen/lazy.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/pt_walk.h"

static struct pt_space spaces[EXPLORE_VCPUS];
static pfn_t frames[EXPLORE_VCPUS];
static unsigned int called[EXPLORE_VCPUS];

void batches_setup(void)
{
	for (unsigned int i = 0; i < model.vcpu_count; i++) {
		scenario_space(&spaces[i], &frames[i], 4);
		xen_space_activate(&spaces[i]);
	}
}

static void on_done(void *arg, bool ok)
{
	unsigned int *count = arg;

	CHECK(ok);
	++*count;
}

void batches_run(void)
{
	unsigned int me = explore_vcpu();
	struct mc_batch batch = mc_begin();
	pfn_t leaf = pt_find_table(spaces[me].root, SCENARIO_ADDRESS, 1);
	unsigned int first = pt_index(SCENARIO_ADDRESS, 1);

	for (unsigned int i = 1; i < 4; i++) {
		mc_mmu_update(&batch, pt_entry_maddr(leaf, first + i),
		              pte_from_pfn(frames[me], SCENARIO_FLAGS));
		mc_callback(&batch, on_done, &called[me]);
	}
	CHECK(called[me] == 0);
	mc_commit(&batch);
	CHECK(called[me] == 3);
	world_check_quiet();
}

void batches_finish(void)
{
	for (unsigned int me = 0; me < model.vcpu_count; me++) {
		for (unsigned int i = 1; i < 4; i++)
			CHECK(pte_pfn(xen_pte_read(&spaces[me],
			                           VADDR(SCENARIO_ADDRESS + i * PAGE_BYTES)))
			          .v == frames[me].v);
		scenario_space_end(&spaces[me], frames[me]);
	}
}

/* Spaces come to life, are run, changed in lazy mode, left and destroyed side by side. The
 * frame is given away after the flush that leaving lazy mode brings, and not before. */
void lives_setup(void)
{
	world_inside_seen = true;
	world_allocations_fail = false;
}

void lives_run(void)
{
	unsigned int me = explore_vcpu();
	struct pt_space *space = &spaces[me];

	scenario_space(space, &frames[me], 2);
	xen_space_activate(space);
	xen_space_switch(space);
	world_check_quiet();
	xen_lazy_enter(XEN_LAZY_MMU);
	xen_pte_set(space, VADDR(SCENARIO_ADDRESS), PTE_NONE, XEN_FLUSH_PAGE);
	xen_lazy_leave(XEN_LAZY_MMU);
	world_frame_free(frames[me]);
	world_check_quiet();
	xen_space_retire(space);
	xen_space_destroy(space);
	world_check_quiet();
}

void lives_finish(void)
{
	CHECK(world_frames_used() == 0);
}
