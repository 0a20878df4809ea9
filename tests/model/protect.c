/* SPDX-License-Identifier: MIT */
/*
 * The right to write, taken from a whole leaf table by its link and given back.
 *
 * What the entries say of writing does not change with it, and must count for nothing: not for
 * another vcpu of the space that writes all the time, by what it holds of before or by what the
 * kernel reached for it; not for what a fault, an unmap or a part that gets the right back makes of
 * the table; and not for a process that was forked meanwhile, or one that has forked and whose
 * frames the copies have part in. It is taken and given back by spaces that share the table with
 * others, while those write, fork, unmap or end.
 */
#include "tests/model/process.h"

#include "tests/model/scenarios.h"
#include "xen/pv_lock.h"

/* --- Processes on a vcpu each, forked from the first: share_setup(), share_finish(). --- */

void protect_shared(void)
{
	struct process *process = process_run();

	process_protect(process, 0, PLACES, false);
	process_check(process);
	switch (choose(3, "the right")) {
	case 0:
		process_protect(process, 0, PLACES, true);
		break;
	case 1:
		process_protect(process, 0, 1, true);
		break;
	default:
		break;
	}
	process_write(process, explore_vcpu() % PLACES);
	process_check(process);
	process_end(process);
	world_check_quiet();
}

/* --- One process on all vcpus. The first has its kernel change it; the others write. --- */

static struct spinlock owner;

void protect_threads_setup(void)
{
	process_begin();
	spinlock_init(&owner);
}

/* Forks, by links or entry by entry, and writes again. */
static void give_and_fork(struct process *process)
{
	struct process *child = &processes[1];

	process_share_refused = choose(2, "the table is not to be shared");
	CHECK(process_fork(process, child, choose(2, "in lazy mode")));
	process_protect(process, 0, PLACES, true);
	process_write(process, 0);
	process_look(child);
	process_end(child);
}

void protect_threads_change(void)
{
	struct process *process = &processes[0];

	xen_space_switch(&process->space);
	spinlock_lock(&owner);
	process_protect(process, 0, PLACES, false);
	spinlock_unlock(&owner);
	explore_point("may not be written");
	spinlock_lock(&owner);
	switch (choose(5, "what comes next")) {
	case 0:
		process_protect(process, 0, PLACES, true);
		break;
	case 1:
		process_protect(process, 0, 1, true);
		break;
	case 2:
		process_unmap_one(process, 1);
		break;
	case 3:
		give_and_fork(process);
		break;
	default:
		CHECK(xen_pte_prepare(&process->space, process_place(0)) == 0);
		break;
	}
	spinlock_unlock(&owner);
	process_check(process);
	xen_space_switch(NULL);
}

static void write_there(struct process *process, uint32_t mfn)
{
	if (mfn == MODEL_NONE)
		return;
	CHECK(!process->denied[0]);
	*process_content(mfn) = process->value[0] = process_new_value();
}

/* As pv_user_reached(). */
static bool reached_before(const struct process *process, vaddr_t va)
{
	const struct pt_reached *reached = &process->space.reached[space_reached_place(va)];

	return reached->last[true] == (va.v | (PAGE_BYTES - 1)) &&
	       *reached->entry == reached->value;
}

/* The kernel writes for it. */
static void reach_there(struct process *process)
{
	vaddr_t va = process_place(0);

	spinlock_lock(&owner);
	CHECK(!reached_before(process, va) || !process->denied[0]);
	CHECK(!xen_user_reach(&process->space, va, true) || !process->denied[0]);
	spinlock_unlock(&owner);
}

/* By its tables and by what the vcpu holds. */
void protect_threads_write(void)
{
	struct process *process = &processes[0];

	xen_space_switch(&process->space);
	reach_there(process);
	for (unsigned int n = 0; n < 2; n++) {
		write_there(process, model_reach(explore_vcpu(), process_place(0).v, true, false));
		write_there(process, model_reach(explore_vcpu(), process_place(0).v, true, true));
		explore_point("writes");
	}
	reach_there(process);
	xen_space_switch(NULL);
}

void protect_threads_finish(void)
{
	process_look(&processes[0]);
	share_finish();
}
