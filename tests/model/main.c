/* SPDX-License-Identifier: MIT */
/*
 * Runs the scenarios on the model, or replays one run.
 *
 *	model-test                         the standard set: `ok model/…` and figures
 *	model-test --replay NAME FORMAT CHOICES   one run again, with a timeline of each vcpu
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

const struct scenario scenarios[] = {
    {"pin-window", 2, pin_window_setup, {pin_window_pin, pin_window_store}, pin_window_finish},
    {"unpin-window",
     2,
     unpin_window_setup,
     {unpin_window_unpin, pin_window_store},
     unpin_window_finish},
    {"batches", 2, batches_setup, {batches_run, batches_run}, batches_finish},
    {"two-lives", 2, lives_setup, {lives_run, lives_run}, lives_finish},
    {"event-flag", 2, events_setup, {events_receive, events_send}, events_finish},
    {"event-masking", 2, events_setup, {masking_receive, events_send}, events_finish},
    {"vcpu-up", 2, vcpu_up_setup, {vcpu_up_first, vcpu_up_second}, NULL},
    {"block", 2, block_setup, {block_sleep, block_send}, NULL},
    {"poll", 2, block_setup, {poll_sleep, block_send}, NULL},
    {"timer", 2, timer_setup, {timer_sleep, timer_poll}, NULL},
    {"runstate", 2, runstate_setup, {runstate_write, runstate_read}, NULL},
    {"lock", 2, lock_setup, {lock_run, lock_run}, lock_finish},
    {"lock-three", 3, lock_setup, {lock_try_run, lock_try_run, lock_try_run}, lock_finish},
    {"lock-no-port", 2, lock_no_port_setup, {lock_run, lock_run}, lock_finish},
    {"lock-nested", 2, lock_nested_setup, {lock_nested_wait, lock_nested_give}, lock_nested_finish},
    {"lock-nested-converse",
     2,
     lock_nested_setup,
     {lock_nested_wait, lock_nested_give_converse},
     lock_nested_finish},
    {"lock-handler",
     2,
     lock_handler_setup,
     {lock_handler_run, lock_handler_send},
     lock_handler_finish},
    {"workload", 1, workload_setup, {workload_run}, workload_finish},
    {0},
};

static const char *const format_names[3] = {"4-level", "PAE", "2-level"};
static unsigned int format;
static const struct scenario *chosen;

/* explore_run()'s setup: the guest boots first. */
static void boot_and_setup(void)
{
	world_boot(format, chosen->vcpus);
	chosen->setup();
}

static struct explore_result run(const struct scenario *scenario, struct explore_options options)
{
	struct scenario booted = *scenario;

	chosen = scenario;
	booted.setup = boot_and_setup;
	options.save = world_save;
	options.restore = world_restore;
	return explore_run(&booted, &options);
}

static bool report(const struct scenario *scenario, const char *how,
                   const struct explore_result *result)
{
	printf("%s model/%s/%s/%s", result->failed ? "FAIL" : "ok", scenario->name,
	       format_names[format], how);
	if (result->failed)
		printf(": %s\n# after %lu schedules; again: --replay %s %s %s\n", result->what,
		       result->schedules, scenario->name, format_names[format],
		       result->choices[0] ? result->choices : "0");
	else
		printf("  # %lu schedules, %lu points%s\n", result->schedules, result->points,
		       result->complete ? ", all there are" : "");
	fflush(stdout);
	return !result->failed;
}

/* Exhaustive up to two preemptions where there are two vcpus; random for the one-vcpu workload
 * and beyond that bound. */
static bool run_all(void)
{
	bool good = true;

	for (const struct scenario *scenario = scenarios; scenario->name; scenario++) {
		for (format = 0; format < 3; format++) {
			struct explore_options options = {.strategy = EXPLORE_EXHAUSTIVE,
			                                  .preemptions = 2};
			struct explore_result result;

			if (scenario->vcpus > 1) {
				result = run(scenario, options);
				good &= report(scenario, "2-preemptions", &result);
			}
			options = (struct explore_options){
			    .strategy = EXPLORE_RANDOM, .schedules = 2000, .seed = 20240607};
			result = run(scenario, options);
			good &= report(scenario, "random", &result);
		}
	}
	return good;
}

static int replay(const char *name, const char *format_name, const char *choices)
{
	const struct scenario *scenario = scenarios;

	while (scenario->name && strcmp(scenario->name, name) != 0)
		scenario++;
	for (format = 0; format < 3 && strcmp(format_names[format], format_name) != 0;)
		format++;
	if (!scenario->name || format == 3) {
		fprintf(stderr, "model-test: no such scenario or format\n");
		return 2;
	}
	struct explore_options options = {
	    .strategy = EXPLORE_REPLAY, .choices = choices, .timeline = true};
	struct explore_result result = run(scenario, options);

	printf("%s\n", result.failed ? result.what : "the run ended well");
	return result.failed;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--replay") == 0)
		return replay(argv[2], argv[3], argv[4]);
	if (argc != 1) {
		fprintf(stderr, "use: model-test [--replay SCENARIO FORMAT CHOICES]\n");
		return 2;
	}
	return run_all() ? 0 : 1;
}
