/* SPDX-License-Identifier: MIT */
/*
 * Leaf tables that several spaces share: processes that were forked from each other, each on a vcpu
 * of its own, with nothing in common but the layer and the count in the table's record.
 *
 * Two that write at the same time both find the table shared, both take a copy, and one of them
 * is the last to let it go: it must be released once, and not before. One that finds itself
 * alone takes the table as its own while the other may not be through with it: its link must be
 * gone and its vcpus must have dropped what they hold by then, or they reach frames that are
 * changed or given away. What a copy took over must not be written through the table that it was
 * copied from. A space that ends, unmaps everything or forks again does so at any moment of all
 * that, and every table may be refused.
 */
#include "tests/model/process.h"

#include "tests/model/scenarios.h"
#include "xen/hooks.h"
#include "xen/pv_lock.h"
#include "xen/table_pool.h"

static volatile uint32_t forked;

/* --- Scenarios: a process for each vcpu, forked from the first. --- */

void share_setup(void)
{
	process_begin();
	for (unsigned int i = 1; i < model.vcpu_count; i++)
		CHECK(process_fork(&processes[0], &processes[i], false));
	CHECK(model.vcpu_count == 1 || processes[0].space.shared == 1);
	world_allocations_fail = true;
}

void share_write(void)
{
	struct process *process = process_run();

	process_write(process, explore_vcpu() % PLACES);
	process_check(process);
	process_end(process);
	world_check_quiet();
}

void share_unmap(void)
{
	struct process *process = process_run();

	process_check(process);
	process_unmap(process);
	process_check(process);
	process_end(process);
	world_check_quiet();
}

/* Forks again, and the child writes nothing. */
void share_again(void)
{
	struct process *process = process_run();
	struct process *child = &processes[explore_vcpu() + EXPLORE_VCPUS];

	if (process_fork(process, child, true)) {
		process_write(process, 0);
		process_look(child);
		process_end(child);
	}
	process_check(process);
	process_end(process);
	world_check_quiet();
}

void share_finish(void)
{
	for (unsigned int i = 0; i < PROCESSES; i++)
		if (processes[i].live)
			process_end(&processes[i]);
	xen_tables_reclaim();
	CHECK(world_frames_used() == 0);
	for (unsigned int i = 0; i < MODEL_FRAMES; i++)
		CHECK(host_frame(PFN(i))->sharers == 0);
}

/* --- One process on two vcpus: the first forks, while the other one writes. --- */

void share_threads_setup(void)
{
	world_inside_seen = true;
	process_begin();
	forked = 0;
}

void share_threads_fork(void)
{
	struct process *child = &processes[1];

	xen_space_switch(&processes[0].space);
	CHECK(process_fork(&processes[0], child, choose(2, "in lazy mode")));
	/* It has what was there at one moment: this one will do. */
	for (unsigned int i = 0; i < PLACES; i++)
		child->value[i] = *process_content(
		    (uint32_t)pte_mfn(xen_pte_read(&child->space, process_place(i))).v);
	++forked;
	explore_point("the child is there");
	process_look(child);
	xen_space_switch(NULL);
}

/* Writes as long as it can without the kernel's help. */
void share_threads_write(void)
{
	xen_space_switch(&processes[0].space);
	for (unsigned int n = 0; n < 2; n++) {
		uint32_t mfn = model_reach(explore_vcpu(), process_place(0).v, true, false);
		uint32_t held = model_reach(explore_vcpu(), process_place(0).v, true, true);

		if (mfn != MODEL_NONE)
			*process_content(mfn) = process_new_value();
		else if (held != MODEL_NONE)
			*process_content(held) = process_new_value();
		explore_point("writes");
	}
	xen_space_switch(NULL);
}

void share_threads_finish(void)
{
	CHECK(forked == 1);
	process_look(&processes[1]);
	share_finish();
}

/* --- Lives: processes are forked, written to, protected, unmapped in part and wholly, handed to
 * other vcpus and ended, as the schedule likes. --- */

#define LIVES_STEPS 10u

static struct spinlock hand_over[EXPLORE_VCPUS];

void share_lives_setup(void)
{
	share_setup();
	for (unsigned int i = 0; i < model.vcpu_count; i++)
		spinlock_init(&hand_over[i]);
}

/* The process of a vcpu is in its first slot; the second is for a child that the vcpu before it
 * hands over. */
static void fork_for_next(struct process *process)
{
	unsigned int next = (explore_vcpu() + 1) % model.vcpu_count;
	struct process *slot = &processes[EXPLORE_VCPUS + next];

	spinlock_lock(&hand_over[next]);
	if (!slot->live) {
		process_share_refused = choose(4, "the table is not to be shared") == 1;
		process_fork(process, slot, choose(2, "in lazy mode"));
	}
	spinlock_unlock(&hand_over[next]);
}

/* Go on with what was handed over, if there is something. */
static void take_over(struct process *process)
{
	unsigned int me = explore_vcpu();
	struct process *slot = &processes[EXPLORE_VCPUS + me];

	process_end(process);
	spinlock_lock(&hand_over[me]);
	if (slot->live) {
		*process = *slot;
		slot->live = false;
		xen_space_switch(&process->space);
	}
	spinlock_unlock(&hand_over[me]);
}

static void protect_some(struct process *process)
{
	unsigned int first = choose(PLACES, "from where"), end = first + 1 + choose(2, "how far");

	process_protect(process, first, end < PLACES ? end : PLACES, choose(2, "the right"));
}

void share_lives_run(void)
{
	struct process *process = process_run();

	for (unsigned int n = 0; n < LIVES_STEPS && process->live; n++) {
		switch (choose(7, "what to do")) {
		case 0:
		case 1:
			process_write(process, choose(PLACES, "where"));
			break;
		case 2:
			process_unmap_one(process, choose(PLACES, "where"));
			break;
		case 3:
			process_unmap(process);
			break;
		case 4:
			fork_for_next(process);
			break;
		case 5:
			protect_some(process);
			break;
		default:
			take_over(process);
			break;
		}
		if (process->live)
			process_check(process);
		world_check_quiet();
	}
	if (process->live)
		process_end(process);
	xen_space_switch(NULL);
}
