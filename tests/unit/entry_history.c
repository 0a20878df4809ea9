/* SPDX-License-Identifier: MIT */
/*
 * The entries of a space, in all formats: random histories of sets, walks, rewrites, trims and
 * switches against a plain map of what was set.
 */
#include "tests/unit/pin_cases.h"

#include <stdarg.h>
#include <stddef.h>

#include "tests/unit/fake_xen.h"

#include <cmocka.h>

#include <string.h>

#include <port/memory.h>

#include "tests/unit/space_fixture.h"
#include "tests/unit/table_rules.h"
#include "xen/lazy.h"
#include "xen/space.h"

/* What was set at the addresses of the fixture, and where there is a leaf table. */
static struct {
	bool prepared[FIXTURE_ADDRESSES];
	uint64_t value[FIXTURE_ADDRESSES];
} model;

/* Neighbours within tables, at their edges, and far apart. */
static void choose_addresses(void)
{
	const unsigned int levels = port_pt_format->levels;
	unsigned int n = 0;

	for (unsigned int level = 1; level <= levels; level++) {
		uint64_t reach = rules_reach(level);

		for (unsigned int i = 0; i < FIXTURE_ADDRESSES / levels / 2; i++) {
			uint64_t at = (fake_random() % 200 + 1) * reach;

			fixture.offset[n++] = at % port_pt_format->user_end;
			fixture.offset[n++] =
			    (at + port_pt_format->user_end - PAGE_BYTES) % port_pt_format->user_end;
		}
	}
	while (n < FIXTURE_ADDRESSES)
		fixture.offset[n++] = (fake_random() % 512) * PAGE_BYTES;
	/* A small sort; equal ones stay and are the same address. */
	for (unsigned int i = 0; i < FIXTURE_ADDRESSES; i++)
		for (unsigned int k = i + 1; k < FIXTURE_ADDRESSES; k++)
			if (fixture.offset[k] < fixture.offset[i]) {
				uint64_t swap = fixture.offset[i];

				fixture.offset[i] = fixture.offset[k];
				fixture.offset[k] = swap;
			}
}

static bool first_of_its_address(unsigned int i)
{
	return i == 0 || fixture.offset[i] != fixture.offset[i - 1];
}

static void note_value(unsigned int i, uint64_t value)
{
	for (unsigned int k = 0; k < FIXTURE_ADDRESSES; k++)
		if (fixture.offset[k] == fixture.offset[i])
			model.value[k] = value;
}

/* Present, not present, foreign, and none. */
static pte_t random_entry(void)
{
	uint64_t mask = port_pt_format->entry_shift == 2 ? 0xffffffffull : ~0ull;

	switch (fake_random() % 5) {
	case 0:
		return PTE_NONE;
	case 1:
		return (pte_t){fake_random() % 1000 << PAGE_SHIFT | PTE_SOFT0};
	case 2:
		return pte_from_mfn(MFN(fake_random() % 64), PTE_PRESENT | PTE_FOREIGN | PTE_USER);
	default:
		return (pte_t){pte_from_pfn(PFN(fake_random() % FAKE_FRAME_COUNT),
		                            PTE_PRESENT | PTE_USER | PTE_NX)
		                   .v &
		               mask};
	}
}

static void check_model(void)
{
	rules_check_space(&fixture.space);
	for (unsigned int i = 0; i < FIXTURE_ADDRESSES; i++) {
		assert_int_equal(xen_pte_read(&fixture.space, fixture_address(i)).v,
		                 model.value[i]);
		assert_int_equal(fake_walk(fake_mfn(fixture.space.root), fixture.offset[i]),
		                 model.value[i]);
		if (rules_tops() == 2)
			assert_int_equal(
			    fake_walk(fake_mfn(fixture.space.user_root), fixture.offset[i]),
			    model.value[i]);
	}
}

/* Walking. */

struct walk_check {
	unsigned int next, seen;
	uint64_t end;
	bool replace;
	vaddr_t stopped;
};

static bool has_entry(unsigned int i)
{
	return first_of_its_address(i) && model.value[i] != 0;
}

/* It is the next that there is. */
static void check_next(struct walk_check *walk, vaddr_t va, pte_t pte)
{
	while (walk->next < FIXTURE_ADDRESSES && !has_entry(walk->next))
		walk->next++;
	assert_true(walk->next < FIXTURE_ADDRESSES);
	assert_int_equal(pt_offset(va), fixture.offset[walk->next]);
	assert_int_equal(pte.v, model.value[walk->next]);
	assert_true(pt_offset(va) < walk->end);
}

static bool see_entry(struct pt_space *space, vaddr_t va, pte_t pte, void *arg)
{
	struct walk_check *walk = arg;

	assert_ptr_equal(space, &fixture.space);
	check_next(walk, va, pte);
	if (walk->replace) {
		pte_t entry = random_entry();

		xen_pte_set(space, va, entry, XEN_FLUSH_PAGE);
		note_value(walk->next, entry.v);
	}
	walk->next++;
	walk->seen++;
	return true;
}

/* Keeps an entry, replaces it, or stops. */
static bool edit_entry(vaddr_t va, pte_t *pte, void *arg)
{
	struct walk_check *walk = arg;

	check_next(walk, va, *pte);
	if (fake_random() % 8 == 0) {
		walk->stopped = va;
		return false;
	}
	if (walk->replace) {
		*pte = random_entry();
		note_value(walk->next, pte->v);
	}
	walk->next++;
	walk->seen++;
	return true;
}

/* See all entries of a range, or change them in one go. */
static void random_walk(bool rewrite)
{
	unsigned int a = (unsigned int)(fake_random() % FIXTURE_ADDRESSES),
	             b = (unsigned int)(fake_random() % FIXTURE_ADDRESSES);
	uint64_t start_at = fixture.offset[a < b ? a : b],
	         end = fixture.offset[a < b ? b : a] + fake_random() % 2 * PAGE_BYTES;
	struct walk_check walk = {
	    .end = end, .replace = fake_random() % 2, .stopped = rules_va(end)};
	unsigned int expected = 0;

	for (unsigned int i = 0; i < FIXTURE_ADDRESSES; i++) {
		expected +=
		    has_entry(i) && fixture.offset[i] >= start_at && fixture.offset[i] < end;
		if (fixture.offset[i] < start_at)
			walk.next = i + 1;
	}
	if (rewrite) {
		vaddr_t stopped = xen_pte_rewrite(&fixture.space, rules_va(start_at), rules_va(end),
		                                  edit_entry, &walk);

		assert_int_equal(stopped.v, walk.stopped.v);
	} else {
		assert_true(xen_pte_walk(&fixture.space, rules_va(start_at), rules_va(end),
		                         see_entry, &walk));
	}
	if (walk.stopped.v == rules_va(end).v)
		assert_int_equal(walk.seen, expected);
}

static void note_prepared(void *arg, pfn_t table, unsigned int level, uint64_t offset)
{
	(void)arg;
	(void)table;
	for (unsigned int i = 0; level == 1 && i < FIXTURE_ADDRESSES; i++)
		model.prepared[i] |=
		    fixture.offset[i] >= offset && fixture.offset[i] < offset + rules_reach(2);
}

static void find_prepared(void)
{
	memset(model.prepared, 0, sizeof(model.prepared));
	rules_for_each_table(&fixture.space, note_prepared, NULL);
}

static void random_trim(void)
{
	uint64_t a = fixture.offset[fake_random() % FIXTURE_ADDRESSES],
	         b = fixture.offset[fake_random() % FIXTURE_ADDRESSES];
	uint64_t unit = rules_reach(1 + (unsigned int)(fake_random() % port_pt_format->levels));

	a -= a % unit;
	b -= b % unit;
	fixture_trim(a < b ? a : b, (a < b ? b : a) + unit);
	find_prepared();
}

/* Random histories. */

static void random_set(unsigned int i, enum xen_flush flush)
{
	pte_t entry = random_entry();

	if (!model.prepared[i])
		return;
	xen_pte_set(&fixture.space, fixture_address(i), entry, flush);
	note_value(i, entry.v);
}

/* This and the next one, as far as they are empty. */
static void random_add(unsigned int i)
{
	unsigned int count = 1 + (pt_index(fixture.offset[i], 1) + 1 < rules_entry_count(1)), k;
	pte_t entries[2];

	if (!model.prepared[i])
		return;
	xen_ptes_read(&fixture.space, fixture_address(i), entries, count);
	for (unsigned int n = 0; n < count; n++) {
		for (k = 0; k < FIXTURE_ADDRESSES; k++)
			if (fixture.offset[k] == fixture.offset[i] + n * PAGE_BYTES)
				break;
		bool empty = pte_none(entries[n]) && k < FIXTURE_ADDRESSES;

		if (k < FIXTURE_ADDRESSES)
			assert_int_equal(entries[n].v, model.value[k]);
		entries[n] = empty ? random_entry() : PTE_NONE;
		if (empty)
			note_value(k, entries[n].v);
	}
	xen_ptes_add(&fixture.space, fixture_address(i), entries, count);
}

/* A batch of sets in lazy mode: nothing reads in between. */
static void random_lazy_sets(void)
{
	xen_lazy_enter(XEN_LAZY_MMU);
	for (unsigned int n = 0; n < fake_random() % 40; n++)
		random_set((unsigned int)(fake_random() % FIXTURE_ADDRESSES), XEN_FLUSH_PAGE);
	xen_lazy_leave(XEN_LAZY_MMU);
}

static void random_step(void)
{
	unsigned int i = (unsigned int)(fake_random() % FIXTURE_ADDRESSES);

	switch (fake_random() % 16) {
	case 0:
		xen_space_activate(&fixture.space);
		break;
	case 1:
		if (fixture.space.pinned)
			xen_space_switch(&fixture.space);
		break;
	case 2:
		xen_space_switch(&fixture.other);
		break;
	case 3:
		xen_space_switch(NULL);
		break;
	case 4:
		random_lazy_sets();
		break;
	case 5:
		random_walk(fake_random() % 2);
		break;
	case 6:
		random_trim();
		break;
	case 7:
		if (fake_random() % 4 == 0)
			xen_space_retire(&fixture.space);
		break;
	case 8:
	case 9:
	case 10:
		assert_int_equal(xen_pte_prepare(&fixture.space, fixture_address(i)), 0);
		for (unsigned int k = 0; k < FIXTURE_ADDRESSES; k++)
			model.prepared[k] |= fixture.offset[k] == fixture.offset[i];
		break;
	case 11:
		random_add(i);
		break;
	default:
		random_set(i, fake_random() % 2 ? XEN_FLUSH_PAGE : XEN_FLUSH_NONE);
		break;
	}
}

void test_random_histories(void **state)
{
	(void)state;
	for (unsigned int format = 0; format < FAKE_FORMAT_COUNT; format++) {
		for (unsigned int seed = 1; seed <= 6; seed++) {
			fixture_start(&fake_formats[format]);
			memset(&model, 0, sizeof(model));
			fake_random_seed(seed);
			choose_addresses();
			unsigned long taken = fake_frames_taken();

			for (unsigned int step = 0; step < 150; step++) {
				random_step();
				check_model();
				fake_forget();
			}
			xen_space_retire(&fixture.space);
			check_model();
			xen_space_destroy(&fixture.space);
			assert_true(pfn_is_none(fixture.space.root));
			/* The tables of an empty space, tops included, were there at the start. */
			assert_int_equal(fake_frames_taken(),
			                 taken - rules_tops() - (port_pt_format->levels == 3));
		}
	}
}
