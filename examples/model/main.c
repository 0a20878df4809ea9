/* SPDX-License-Identifier: MIT */
/*
 * A kernel author's page-table routine on the model of Xen: its race is found, made short and run
 * again; with the lock, every schedule there is goes well. docs/model.md walks through it.
 *
 *	model-example              all of that: `ok example/model/…`
 *	model-example CHOICES      one run of the racy routine, with a timeline
 */
#include <stdio.h>
#include <string.h>

#include "examples/model/fault_in.h"
#include "tests/model/tell.h"
#include "tests/model/world.h"
#include "xen/p2m.h"

/* Both in a leaf table that is not there yet; that of NEIGHBOUR is, and so are those above. */
#define NEIGHBOUR     0x10000ul
#define PAGE_OF(vcpu) VADDR(0x18000ul + PAGE_BYTES * (vcpu))

#define VCPUS        2u
#define SHRINK_TRIES 10000u

static struct pt_space space;
static pfn_t frames[VCPUS];
static bool lock_wanted;

static void setup(void)
{
	world_boot(0, VCPUS); /* 4-level tables */
	fault_in_locked = lock_wanted;
	CHECK(xen_space_init(&space) == 0);
	CHECK(xen_pte_prepare(&space, VADDR(NEIGHBOUR)) == 0);
	xen_space_activate(&space);
	for (unsigned int i = 0; i < VCPUS; i++)
		frames[i] = world_frame_alloc();
}

/* What each vcpu does. */
static void touch(void)
{
	unsigned int me = explore_vcpu();

	fault_in(&space, PAGE_OF(me), frames[me]);
}

/* What must hold at the end, however they were interleaved. */
static void finish(void)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		if (pte_pfn(xen_pte_read(&space, PAGE_OF(i))).v != frames[i].v)
			explore_fail("the page of vcpu %u is not mapped", i);
}

static const struct scenario scenario = {"fault-in", VCPUS, setup, {touch, touch}, finish};

static struct explore_options options_for(enum explore_strategy strategy)
{
	return (struct explore_options){.strategy = strategy,
	                                .preemptions = 8,
	                                .seed = 1,
	                                .save = world_save,
	                                .restore = world_restore,
	                                .hash = world_hash,
	                                .lock_name = tell_lock};
}

static bool said(bool good, const char *what)
{
	printf("%s example/model/%s\n", good ? "ok" : "FAIL", what);
	return good;
}

static struct explore_result run_again(const char *choices, bool timeline)
{
	struct explore_options options = options_for(EXPLORE_REPLAY);

	options.choices = choices;
	options.timeline = timeline;
	return explore_run(&scenario, &options);
}

/* Found by schedules at random, which are long, then made short. */
static bool find_race(void)
{
	struct explore_options options = options_for(EXPLORE_RANDOM);

	options.schedules = 1000;
	struct explore_result found = explore_run(&scenario, &options);

	if (!said(found.failed, "race-found"))
		return false;
	printf("# after %lu schedules: %s\n#   %s\n", found.schedules, found.what, found.choices);
	struct explore_result small = explore_shrink(&scenario, &options, &found, SHRINK_TRIES);
	struct explore_result again = run_again(small.choices, false);

	printf("# made short: %s\n%s", small.choices, small.story);
	bool good = said(small.preemptions == 1, "race-made-short");

	return said(again.failed && strcmp(again.what, small.what) == 0, "race-run-again") && good;
}

static bool prove_fixed(void)
{
	struct explore_options options = options_for(EXPLORE_EXHAUSTIVE);

	lock_wanted = true;
	struct explore_result result = explore_deepen(&scenario, &options);
	bool good = said(!result.failed && result.unbounded, "fixed");

	printf("# %lu schedules, %lu states, all there are\n", result.schedules, result.states);
	return good;
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		struct explore_result result = run_again(argv[1], true);

		printf("%s\n", result.failed ? result.what : "the run ended well");
		return result.failed;
	}
	bool good = find_race();

	return prove_fixed() && good ? 0 : 1;
}
