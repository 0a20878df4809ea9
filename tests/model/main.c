/* SPDX-License-Identifier: MIT */
/*
 * What the scenarios share, and the program that runs them on the model.
 *
 *	model-test --quick|--standard [SCENARIO]   a set: `ok model/…` and figures
 *	model-test --replay SCENARIO FORMAT CHOICES [--shrink]   one run again, with a timeline
 *	model-test --bench                          schedules a second
 *	model-test --commit                         what a failure names
 */
#include <stdio.h>
#include <string.h>

#include "tests/model/run.h"
#include "tests/model/scenarios.h"

void scenario_space(struct pt_space *space, pfn_t *frame, unsigned int places)
{
	*frame = world_frame_alloc();
	CHECK(pt_index(SCENARIO_ADDRESS, 1) + places <= pt_entry_count(1));
	CHECK(xen_space_init(space) == 0);
	CHECK(xen_pte_prepare(space, VADDR(SCENARIO_ADDRESS)) == 0);
	xen_pte_set(space, VADDR(SCENARIO_ADDRESS), pte_from_pfn(*frame, SCENARIO_FLAGS),
	            XEN_FLUSH_NONE);
}

void scenario_space_end(struct pt_space *space, pfn_t frame)
{
	xen_space_retire(space);
	xen_space_destroy(space);
	world_frame_free(frame);
	CHECK(!space->pinned);
}

int main(int argc, char **argv)
{
	if (argc >= 5 && strcmp(argv[1], "--replay") == 0)
		return run_again(argv[2], argv[3], argv[4],
		                 argc == 6 && strcmp(argv[5], "--shrink") == 0);
	if (argc == 2 && strcmp(argv[1], "--commit") == 0) {
		printf("%s\n", model_commit);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--bench") == 0) {
		run_bench();
		return 0;
	}
	if (argc <= 3) {
		const char *name = argc == 3 ? argv[2] : NULL;

		if (argc == 1 || strcmp(argv[1], "--quick") == 0)
			return run_all(&run_quick, name) ? 0 : 1;
		if (strcmp(argv[1], "--standard") == 0)
			return run_all(&run_standard, name) ? 0 : 1;
	}
	fprintf(stderr, "use: model-test [--quick|--standard [SCENARIO]]\n"
	                "     model-test --replay SCENARIO FORMAT CHOICES [--shrink]\n"
	                "     model-test --bench|--commit\n");
	return 2;
}
