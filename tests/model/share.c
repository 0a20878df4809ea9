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
 *
 * The oracle is naive: each process knows what it wrote last in each place, and must read that, by
 * its tables and by whatever its vcpus may still hold. Frames have a count of references as a
 * kernel's have, and the world checks that nobody reaches one that is given away.
 */
#include "tests/model/scenarios.h"

#include <string.h>

#include "xen/lazy.h"
#include "xen/p2m.h"
#include "xen/pv_lock.h"
#include "xen/share.h"
#include "xen/table_pool.h"

#define PLACES    2u
#define PROCESSES (2 * EXPLORE_VCPUS)

static struct process {
	struct pt_space space;
	bool live;
	uint32_t value[PLACES]; /* the oracle; 0: nothing mapped */
} processes[PROCESSES];

static uint32_t refs[MODEL_FRAMES], last_value[EXPLORE_VCPUS];
static volatile uint32_t forked;
static bool share_refused; /* in this fork, by choice */

static vaddr_t place(unsigned int i)
{
	return VADDR(SCENARIO_ADDRESS + i * PAGE_BYTES);
}

static vaddr_t user_end(void)
{
	return VADDR((uintptr_t)PT_FORMAT.user_end);
}

static uint32_t *content(uint32_t mfn)
{
	return (uint32_t *)(void *)model_frame_memory(mfn);
}

/* Never the same twice, whatever the order of the vcpus. */
static uint32_t new_value(void)
{
	unsigned int vcpu = world_this_vcpu();

	return ++last_value[vcpu] * EXPLORE_VCPUS + vcpu;
}

static pfn_t frame_get(void)
{
	pfn_t frame = world_frame_alloc();

	CHECK(!pfn_is_none(frame));
	refs[frame.v] = 1;
	return frame;
}

static void frame_put(pte_t pte, void *arg)
{
	pfn_t frame = pte_pfn(pte);

	(void)arg;
	CHECK(refs[frame.v] > 0);
	if (--refs[frame.v] == 0)
		world_frame_free(frame);
}

static pte_t copy_entry(pte_t pte)
{
	refs[pte_pfn(pte).v]++;
	return pte_clear_flags(pte, PTE_WRITE);
}

static bool sole(pte_t pte)
{
	return refs[pte_pfn(pte).v] == 1;
}

static bool may_share(vaddr_t table, void *arg)
{
	(void)table, (void)arg;
	return !share_refused;
}

/* An entry of its own for the child. */
static bool visit(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct process *child = arg;

	if (xen_pte_prepare(&child->space, va) != 0)
		return false;
	if (pte_writable(pte))
		xen_pte_set(space, va, pte_clear_flags(pte, PTE_WRITE), XEN_FLUSH_PAGE);
	xen_pte_set(&child->space, va, copy_entry(pte), XEN_FLUSH_NONE);
	return true;
}

static const struct xen_sharing sharing = {
    .may_share = may_share,
    .visit = visit,
    .copy = copy_entry,
    .sole = sole,
    .release = frame_put,
};

/* --- What a process and its kernel do. --- */

static void process_end(struct process *process)
{
	xen_space_dissolve(&process->space, frame_put, NULL);
	process->live = false;
}

static bool process_fork(struct process *parent, struct process *child, bool lazy)
{
	bool done;

	if (xen_space_init(&child->space) != 0)
		return false;
	child->live = true;
	if (lazy)
		xen_lazy_enter(XEN_LAZY_MMU);
	done = xen_tables_share(&parent->space, &child->space, (vaddr_t){0}, user_end(), &sharing,
	                        child);
	if (lazy)
		xen_lazy_leave(XEN_LAZY_MMU);
	if (!done) {
		process_end(child);
		return false;
	}
	for (unsigned int i = 0; i < PLACES; i++)
		child->value[i] = parent->value[i];
	xen_space_activate(&child->space);
	return true;
}

/* A fault of a write. False: no memory. */
static bool fault(struct process *process, unsigned int i)
{
	struct pt_space *space = &process->space;

	if (xen_pte_prepare(space, place(i)) != 0)
		return false;
	pte_t old = xen_pte_read(space, place(i));
	bool alone = pte_none(old) || refs[pte_pfn(old).v] == 1;

	if (pte_writable(old))
		return true;
	pfn_t frame = alone && !pte_none(old) ? pte_pfn(old) : frame_get();

	xen_pte_set(space, place(i), pte_from_pfn(frame, SCENARIO_FLAGS),
	            alone ? XEN_FLUSH_NONE : XEN_FLUSH_PAGE);
	if (!alone)
		frame_put(old, NULL);
	return true;
}

/* The running vcpu's own process: user mode writes. */
static void process_write(struct process *process, unsigned int i)
{
	unsigned int vcpu = explore_vcpu();
	uint32_t mfn = model_reach(vcpu, place(i).v, true, false);

	if (mfn == MODEL_NONE) {
		if (!fault(process, i))
			return;
		mfn = model_reach(vcpu, place(i).v, true, false);
	}
	CHECK(mfn != MODEL_NONE);
	*content(mfn) = process->value[i] = new_value();
}

/* … and reads. */
static void process_check(const struct process *process)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		uint32_t mfn = model_reach(explore_vcpu(), place(i).v, false, false);
		uint32_t held = model_reach(explore_vcpu(), place(i).v, false, true);

		pte_t pte = xen_pte_read(&process->space, place(i));
		bool writable = model_reach(explore_vcpu(), place(i).v, true, false) != MODEL_NONE;

		CHECK((mfn != MODEL_NONE) == (process->value[i] != 0));
		CHECK(pte_writable(pte) == writable); /* the kernel sees what the CPU does */
		CHECK(mfn == MODEL_NONE || *content(mfn) == process->value[i]);
		CHECK(held == MODEL_NONE || *content(held) == process->value[i]);
	}
}

/* The same of one that does not run, by its tables. */
static void process_look(const struct process *process)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		pte_t pte = xen_pte_read(&process->space, place(i));

		CHECK(pte_none(pte) == (process->value[i] == 0));
		CHECK(pte_none(pte) || *content((uint32_t)pte_mfn(pte).v) == process->value[i]);
	}
}

/* An entry whose reference stays with its table, and one of the process's own. */
static void note_left(pte_t pte, void *arg)
{
	unsigned int *left = arg;

	CHECK(refs[pte_pfn(pte).v] > 0);
	++*left;
}

static void note_released(pte_t pte, void *arg)
{
	note_left(pte, arg);
	frame_put(pte, NULL);
}

/* Unmap everything. */
static void process_unmap(struct process *process)
{
	unsigned int left = 0;

	xen_tables_leave(&process->space, (vaddr_t){0}, user_end(), note_left, note_released,
	                 &left);
	for (unsigned int i = 0; i < PLACES; i++) {
		pte_t pte = xen_pte_read(&process->space, place(i));

		if (!pte_none(pte)) {
			xen_pte_set(&process->space, place(i), PTE_NONE, XEN_FLUSH_PAGE);
			frame_put(pte, NULL);
		} else if (process->value[i] != 0) {
			CHECK(left-- > 0);
		}
		process->value[i] = 0;
	}
	CHECK(left == 0);
}

/* Unmap one place. */
static void process_unmap_one(struct process *process, unsigned int i)
{
	vaddr_t va = place(i);

	if (xen_tables_own(&process->space, va, VADDR(va.v + PAGE_BYTES)) != 0)
		return;
	pte_t pte = xen_pte_read(&process->space, va);

	if (pte_none(pte))
		return;
	xen_pte_set(&process->space, va, PTE_NONE, XEN_FLUSH_PAGE);
	frame_put(pte, NULL);
	process->value[i] = 0;
}

/* The first process, and nothing of the runs before. */
static void begin(void)
{
	struct process *process = &processes[0];

	memset(processes, 0, sizeof(processes));
	memset(refs, 0, sizeof(refs));
	memset(last_value, 0, sizeof(last_value));
	forked = 0;
	share_refused = false;
	CHECK(xen_space_init(&process->space) == 0);
	process->live = true;
	for (unsigned int i = 0; i < PLACES; i++) {
		pfn_t frame = frame_get();

		CHECK(xen_pte_prepare(&process->space, place(i)) == 0);
		xen_pte_set(&process->space, place(i), pte_from_pfn(frame, SCENARIO_FLAGS),
		            XEN_FLUSH_NONE);
		*content(model_mfn((uint32_t)frame.v)) = process->value[i] = new_value();
	}
	xen_space_activate(&process->space);
}

/* --- Scenarios: a process for each vcpu, forked from the first. --- */

void share_setup(void)
{
	begin();
	for (unsigned int i = 1; i < model.vcpu_count; i++)
		CHECK(process_fork(&processes[0], &processes[i], false));
	CHECK(model.vcpu_count == 1 || processes[0].space.shared == 1);
	world_allocations_fail = true;
}

static struct process *process_run(void)
{
	struct process *process = &processes[explore_vcpu()];

	xen_space_switch(&process->space);
	return process;
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
	begin();
}

void share_threads_fork(void)
{
	struct process *child = &processes[1];

	xen_space_switch(&processes[0].space);
	CHECK(process_fork(&processes[0], child, choose(2, "in lazy mode")));
	/* It has what was there at one moment: this one will do. */
	for (unsigned int i = 0; i < PLACES; i++)
		child->value[i] =
		    *content((uint32_t)pte_mfn(xen_pte_read(&child->space, place(i))).v);
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
		uint32_t mfn = model_reach(explore_vcpu(), place(0).v, true, false);
		uint32_t held = model_reach(explore_vcpu(), place(0).v, true, true);

		if (mfn != MODEL_NONE)
			*content(mfn) = new_value();
		else if (held != MODEL_NONE)
			*content(held) = new_value();
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

/* --- Lives: processes are forked, written to, unmapped in part and wholly, handed to other vcpus
 * and ended, as the schedule likes. --- */

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
		share_refused = choose(4, "the table is not to be shared") == 1;
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

void share_lives_run(void)
{
	struct process *process = process_run();

	for (unsigned int n = 0; n < LIVES_STEPS && process->live; n++) {
		switch (choose(6, "what to do")) {
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
