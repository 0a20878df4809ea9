/* SPDX-License-Identifier: MIT */
/*
 * Processes on the layer: see process.h.
 */
#include "tests/model/process.h"

#include <string.h>

#include "tests/model/scenarios.h"
#include "xen/lazy.h"
#include "xen/p2m.h"
#include "xen/share.h"

struct process processes[PROCESSES];
bool process_share_refused;

static uint32_t refs[MODEL_FRAMES], last_value[EXPLORE_VCPUS];

vaddr_t process_place(unsigned int i)
{
	return VADDR(SCENARIO_ADDRESS + i * PAGE_BYTES);
}

static vaddr_t user_end(void)
{
	return VADDR((uintptr_t)PT_FORMAT.user_end);
}

uint32_t *process_content(uint32_t mfn)
{
	return (uint32_t *)(void *)model_frame_memory(mfn);
}

uint32_t process_new_value(void)
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
	return !process_share_refused;
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

void process_end(struct process *process)
{
	xen_space_dissolve(&process->space, frame_put, NULL);
	process->live = false;
}

bool process_fork(struct process *parent, struct process *child, bool lazy)
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
	for (unsigned int i = 0; i < PLACES; i++) {
		child->value[i] = parent->value[i];
		child->denied[i] = parent->denied[i];
	}
	xen_space_activate(&child->space);
	return true;
}

/* A fault of a write. False: no memory. */
static bool fault(struct process *process, unsigned int i)
{
	struct pt_space *space = &process->space;

	if (xen_pte_prepare(space, process_place(i)) != 0)
		return false;
	pte_t old = xen_pte_read(space, process_place(i));
	bool alone = pte_none(old) || refs[pte_pfn(old).v] == 1;

	if (pte_writable(old))
		return true;
	pfn_t frame = alone && !pte_none(old) ? pte_pfn(old) : frame_get();

	xen_pte_set(space, process_place(i), pte_from_pfn(frame, SCENARIO_FLAGS),
	            alone ? XEN_FLUSH_NONE : XEN_FLUSH_PAGE);
	if (!alone)
		frame_put(old, NULL);
	return true;
}

void process_write(struct process *process, unsigned int i)
{
	unsigned int vcpu = explore_vcpu();
	uint32_t mfn = model_reach(vcpu, process_place(i).v, true, false);

	if (mfn == MODEL_NONE) {
		if (process->denied[i] || !fault(process, i))
			return;
		mfn = model_reach(vcpu, process_place(i).v, true, false);
	}
	CHECK(mfn != MODEL_NONE);
	*process_content(mfn) = process->value[i] = process_new_value();
}

/* A right to write as the kernel's areas have it: an entry may lack it. */
static bool edit_right(vaddr_t va, pte_t *pte, void *arg)
{
	const bool *write = arg;

	(void)va;
	if (!*write || sole(*pte))
		*pte = *write ? pte_set_flags(*pte, PTE_WRITE) : pte_clear_flags(*pte, PTE_WRITE);
	return true;
}

void process_protect(struct process *process, unsigned int first, unsigned int end, bool write)
{
	bool before[PLACES];

	/* What is denied is so when the call returns, what is permitted as soon as it begins. */
	for (unsigned int i = 0; i < PLACES; i++) {
		before[i] = process->denied[i];
		if (write && i >= first && i < end)
			process->denied[i] = false;
	}
	if (xen_pte_protect(&process->space, process_place(first), process_place(end), write,
	                    &sharing, edit_right, &write) != 0) {
		for (unsigned int i = 0; i < PLACES; i++)
			process->denied[i] = before[i];
		return;
	}
	for (unsigned int i = first; i < end; i++)
		process->denied[i] = !write;
}

void process_check(const struct process *process)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		uint32_t mfn = model_reach(explore_vcpu(), process_place(i).v, false, false);
		uint32_t held = model_reach(explore_vcpu(), process_place(i).v, false, true);

		pte_t pte = xen_pte_read(&process->space, process_place(i));
		bool writable =
		    model_reach(explore_vcpu(), process_place(i).v, true, false) != MODEL_NONE;

		CHECK((mfn != MODEL_NONE) == (process->value[i] != 0));
		CHECK(pte_writable(pte) == writable); /* the kernel sees what the CPU does */
		CHECK(!writable || !process->denied[i]);
		CHECK(!process->denied[i] ||
		      model_reach(explore_vcpu(), process_place(i).v, true, true) == MODEL_NONE);
		CHECK(mfn == MODEL_NONE || *process_content(mfn) == process->value[i]);
		CHECK(held == MODEL_NONE || *process_content(held) == process->value[i]);
	}
}

void process_look(const struct process *process)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		pte_t pte = xen_pte_read(&process->space, process_place(i));

		CHECK(pte_none(pte) == (process->value[i] == 0));
		CHECK(!pte_writable(pte) || !process->denied[i]);
		CHECK(pte_none(pte) ||
		      *process_content((uint32_t)pte_mfn(pte).v) == process->value[i]);
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

void process_unmap(struct process *process)
{
	unsigned int left = 0;

	xen_tables_leave(&process->space, (vaddr_t){0}, user_end(), note_left, note_released,
	                 &left);
	for (unsigned int i = 0; i < PLACES; i++) {
		pte_t pte = xen_pte_read(&process->space, process_place(i));

		if (!pte_none(pte)) {
			xen_pte_set(&process->space, process_place(i), PTE_NONE, XEN_FLUSH_PAGE);
			frame_put(pte, NULL);
		} else if (process->value[i] != 0) {
			CHECK(left-- > 0);
		}
		process->value[i] = 0;
		process->denied[i] = false;
	}
	CHECK(left == 0);
}

void process_unmap_one(struct process *process, unsigned int i)
{
	vaddr_t va = process_place(i);

	if (xen_tables_own(&process->space, va, VADDR(va.v + PAGE_BYTES)) != 0)
		return;
	pte_t pte = xen_pte_read(&process->space, va);

	if (pte_none(pte))
		return;
	xen_pte_set(&process->space, va, PTE_NONE, XEN_FLUSH_PAGE);
	frame_put(pte, NULL);
	process->value[i] = 0;
	process->denied[i] = false;
}

struct process *process_run(void)
{
	struct process *process = &processes[explore_vcpu()];

	xen_space_switch(&process->space);
	return process;
}

void process_begin(void)
{
	struct process *process = &processes[0];

	memset(processes, 0, sizeof(processes));
	memset(refs, 0, sizeof(refs));
	memset(last_value, 0, sizeof(last_value));
	process_share_refused = false;
	CHECK(xen_space_init(&process->space) == 0);
	process->live = true;
	for (unsigned int i = 0; i < PLACES; i++) {
		pfn_t frame = frame_get();

		CHECK(xen_pte_prepare(&process->space, process_place(i)) == 0);
		xen_pte_set(&process->space, process_place(i), pte_from_pfn(frame, SCENARIO_FLAGS),
		            XEN_FLUSH_NONE);
		*process_content(model_mfn((uint32_t)frame.v)) = process->value[i] =
		    process_new_value();
	}
	xen_space_activate(&process->space);
}
