/* SPDX-License-Identifier: MIT */
/*
 * Random lives of address spaces on one vcpu, against a naive oracle.
 *
 * Spaces are made, filled, activated, switched to, changed inside and outside lazy mode, protected,
 * trimmed, left and ended in either way, in any order that the contract allows, with table
 * allocations that fail at any point. The oracle is a flat list of what was set; the model checks
 * every rule of Xen's and all counts after each hypercall, and that no frame is given away while a
 * vcpu may still reach it.
 */
#include "tests/model/scenarios.h"

#include "xen/lazy.h"
#include "xen/p2m.h"
#include "xen/table_pool.h"

#define SPACES 3u
#define PLACES 6u
#define STEPS  40u

static struct {
	struct pt_space space;
	bool live, active, protected;
	pfn_t mapped[PLACES]; /* the oracle */
	bool denied[PLACES];  /* … may not be written */
} lives[SPACES];

/* In all formats some share a leaf table and some do not. */
static uintptr_t place(unsigned int i)
{
	static const uintptr_t far[PLACES] = {0x4000, 0x5000, 0x8000, 0x10000, 0x2e000, 0x2f000};

	return far[i];
}

static void begin(unsigned int n)
{
	if (xen_space_init(&lives[n].space) != 0)
		return;
	lives[n].live = true;
	lives[n].active = lives[n].protected = false;
	for (unsigned int i = 0; i < PLACES; i++) {
		lives[n].mapped[i] = PFN_NONE;
		lives[n].denied[i] = false;
	}
}

/* The two ways a space may end, unless it was protected. */
static void end(unsigned int n)
{
	lives[n].live = false;
	if (lives[n].protected || choose(2, "dissolve") == 1) {
		xen_space_dissolve(&lives[n].space, scenario_release, NULL);
		return;
	}
	xen_space_retire(&lives[n].space);
	for (unsigned int i = 0; i < PLACES; i++)
		if (!pfn_is_none(lives[n].mapped[i]))
			world_frame_free(lives[n].mapped[i]);
	xen_space_destroy(&lives[n].space);
}

/* In a space that does not run yet perhaps as in a copy of another. */
static int prepare(unsigned int n, unsigned int i)
{
	unsigned int other = (n + 1) % SPACES;

	if (!lives[n].active && lives[other].live && choose(2, "a copy") == 1)
		return xen_pte_prepare_like(&lives[n].space, VADDR(place(i)), &lives[other].space);
	return xen_pte_prepare(&lives[n].space, VADDR(place(i)));
}

static pte_t entry_for(unsigned int n, unsigned int i, pfn_t frame)
{
	uint64_t flags = lives[n].denied[i] ? SCENARIO_FLAGS & ~PTE_WRITE : SCENARIO_FLAGS;

	return pte_from_pfn(frame, flags);
}

static void map(unsigned int n, unsigned int i)
{
	pfn_t old = lives[n].mapped[i];
	pfn_t frame;

	if (prepare(n, i) != 0)
		return;
	frame = world_frame_alloc();
	if (pfn_is_none(frame))
		return;
	xen_pte_set(&lives[n].space, VADDR(place(i)), entry_for(n, i, frame),
	            pfn_is_none(old) ? XEN_FLUSH_NONE : XEN_FLUSH_PAGE);
	lives[n].mapped[i] = frame;
	if (!pfn_is_none(old))
		world_frame_free(old);
}

/* Two neighbours in one go, as far as they are empty. */
static void map_two(unsigned int n, unsigned int i)
{
	struct pt_space *space = &lives[n].space;
	pte_t entries[2];

	if (i + 1 >= PLACES || place(i + 1) != place(i) + PAGE_BYTES || prepare(n, i) != 0)
		return;
	xen_ptes_read(space, VADDR(place(i)), entries, 2);
	for (unsigned int k = 0; k < 2; k++) {
		pfn_t frame = pte_none(entries[k]) ? world_frame_alloc() : PFN_NONE;

		CHECK(pte_none(entries[k]) == pfn_is_none(lives[n].mapped[i + k]));
		entries[k] = PTE_NONE;
		if (pfn_is_none(frame))
			continue;
		entries[k] = entry_for(n, i + k, frame);
		lives[n].mapped[i + k] = frame;
	}
	xen_ptes_add(space, VADDR(place(i)), entries, 2);
}

/* What is taken out of a space: frames go when the flush is done. */
struct taken {
	unsigned int n, count;
	pfn_t gone[PLACES];
};

static void take(struct taken *taken, unsigned int i)
{
	taken->gone[taken->count++] = lives[taken->n].mapped[i];
	lives[taken->n].mapped[i] = PFN_NONE;
}

static bool edit_take(vaddr_t va, pte_t *pte, void *arg)
{
	struct taken *taken = arg;
	unsigned int i = 0;

	while (place(i) != pt_offset(va))
		i++;
	CHECK(pte_pfn(*pte).v == lives[taken->n].mapped[i].v);
	if (choose(2, "leave this place") == 1)
		return choose(4, "stop") != 1;
	*pte = PTE_NONE;
	take(taken, i);
	return true;
}

/* An entry that goes with its table: the table's reference, or the space's. */
static void note_gone(pte_t pte, void *arg)
{
	pfn_t *mapped = arg;

	while (mapped->v != pte_pfn(pte).v)
		mapped++;
	*mapped = PFN_NONE;
}

static void give_away(pte_t pte, void *arg)
{
	note_gone(pte, arg);
	scenario_release(pte, NULL);
}

/* Whole tables that hold much, or are protected, leave with all that they map. */
static void leave_tables(unsigned int n)
{
	uintptr_t start =
	    choose(2, "from its start") == 1 ? 0 : place(choose(PLACES, "from where"));

	xen_tables_leave(&lives[n].space, VADDR(start), VADDR((uintptr_t)PT_FORMAT.user_end),
	                 note_gone, give_away, lives[n].mapped);
}

enum unmap_how { UNMAP_EACH, UNMAP_LAZY, UNMAP_REWRITE };

/* Take a random part of the places out: one by one, in lazy mode, or in one go. */
static void unmap(unsigned int n, enum unmap_how how)
{
	const vaddr_t end = {(uintptr_t)PT_FORMAT.user_end};
	struct pt_space *space = &lives[n].space;
	struct taken taken = {.n = n};

	/* With none shared that needs no memory. */
	CHECK(xen_tables_own(space, (vaddr_t){0}, end) == 0);
	if (how == UNMAP_REWRITE)
		xen_pte_rewrite(space, (vaddr_t){0}, end, edit_take, &taken);
	if (how == UNMAP_LAZY)
		xen_lazy_enter(XEN_LAZY_MMU);
	for (unsigned int i = 0; i < PLACES && how != UNMAP_REWRITE; i++) {
		if (pfn_is_none(lives[n].mapped[i]) || choose(2, "leave this place") == 1)
			continue;
		xen_pte_set(space, VADDR(place(i)), PTE_NONE, XEN_FLUSH_PAGE);
		take(&taken, i);
	}
	if (how == UNMAP_LAZY)
		xen_lazy_leave(XEN_LAZY_MMU);
	while (taken.count > 0)
		world_frame_free(taken.gone[--taken.count]);
	if (choose(2, "trim") == 1)
		xen_tables_trim(space, (vaddr_t){0}, end);
}

static bool edit_right(vaddr_t va, pte_t *pte, void *arg)
{
	const bool *write = arg;

	(void)va;
	*pte = *write ? pte_set_flags(*pte, PTE_WRITE) : pte_clear_flags(*pte, PTE_WRITE);
	return true;
}

static const struct xen_sharing sharing = {.release = scenario_release};

/* The places of [first, last] lose the right to write, or get it. */
static void protect(unsigned int n, unsigned int first, unsigned int last, bool write)
{
	vaddr_t end = VADDR(place(last) + PAGE_BYTES);

	lives[n].protected = true;
	CHECK(xen_pte_protect(&lives[n].space, VADDR(place(first)), end, write, &sharing,
	                      edit_right, &write) == 0);
	for (unsigned int i = first; i <= last; i++)
		lives[n].denied[i] = !write;
}

static uintptr_t leaf_of(unsigned int i)
{
	return place(i) & ~((uintptr_t)pt_entry_reach(2) - 1);
}

/* The place that is as far from another as the leaf table of `to` is from that of `from`; PLACES:
 * none. */
static unsigned int counterpart(unsigned int i, unsigned int from, unsigned int to)
{
	unsigned int k = 0;

	while (k < PLACES && place(k) - leaf_of(to) != place(i) - leaf_of(from))
		k++;
	return k;
}

/* The leaf table of one place goes to that of another, where nothing is, if all that it maps has a
 * place there. */
static void move_table(unsigned int n, unsigned int from, unsigned int to)
{
	pfn_t *mapped = lives[n].mapped;

	for (unsigned int i = 0; i < PLACES; i++) {
		bool goes = leaf_of(i) == leaf_of(from) && !pfn_is_none(mapped[i]);

		if ((goes && counterpart(i, from, to) == PLACES) ||
		    (leaf_of(i) == leaf_of(to) && !pfn_is_none(mapped[i])))
			return;
	}
	if (leaf_of(from) == leaf_of(to) ||
	    xen_table_move(&lives[n].space, VADDR(leaf_of(from)), VADDR(leaf_of(to))) != 0)
		return;
	for (unsigned int i = 0; i < PLACES; i++) {
		if (leaf_of(i) != leaf_of(from) || pfn_is_none(mapped[i]))
			continue;
		mapped[counterpart(i, from, to)] = mapped[i];
		lives[n].denied[counterpart(i, from, to)] = lives[n].denied[i];
		mapped[i] = PFN_NONE;
	}
}

static void compare(unsigned int n)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		pte_t pte = xen_pte_read(&lives[n].space, VADDR(place(i)));
		uint32_t reached = model_reach(explore_vcpu(), place(i), true, false);

		CHECK(pte_pfn(pte).v == lives[n].mapped[i].v);
		CHECK(!pte_writable(pte) || !lives[n].denied[i]);
		if (this_cpu()->space_actual == &lives[n].space)
			CHECK((reached != MODEL_NONE) == pte_writable(pte));
	}
}

static void step(unsigned int n)
{
	if (!lives[n].live) {
		begin(n);
		return;
	}
	switch (choose(14, "what to do")) {
	case 0:
		map(n, choose(PLACES, "where"));
		break;
	case 1:
		unmap(n, UNMAP_EACH);
		break;
	case 2:
		unmap(n, UNMAP_LAZY);
		break;
	case 7:
		unmap(n, UNMAP_REWRITE);
		break;
	case 9:
		leave_tables(n);
		break;
	case 10:
		map_two(n, choose(PLACES, "where"));
		break;
	case 8:
		move_table(n, choose(PLACES, "from where"), choose(PLACES, "where"));
		break;
	case 11:
	case 12: {
		unsigned int first = choose(PLACES, "from where");

		protect(n, first, first + choose(PLACES - first, "how far"),
		        choose(2, "the right"));
		break;
	}
	case 3:
		xen_space_activate(&lives[n].space);
		lives[n].active = true;
		break;
	case 4:
		if (lives[n].active)
			xen_space_switch(&lives[n].space);
		break;
	case 5:
		xen_space_switch(NULL);
		break;
	case 6:
		xen_tables_reclaim();
		CHECK(table_pool_frames() == 0);
		break;
	default:
		end(n);
		return;
	}
	compare(n);
	world_check_quiet();
}

void workload_setup(void)
{
	world_allocations_fail = true;
}

void workload_run(void)
{
	for (unsigned int i = 0; i < STEPS; i++)
		step(choose(SPACES, "which space"));
	for (unsigned int n = 0; n < SPACES; n++)
		if (lives[n].live)
			end(n);
	world_check_quiet();
}

void workload_finish(void)
{
	xen_tables_reclaim();
	CHECK(world_frames_used() == 0);
}
