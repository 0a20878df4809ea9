/* SPDX-License-Identifier: MIT */
/*
 * Running scenarios, and what is said about it: see run.h.
 */
#include "tests/model/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/model/scenarios.h"
#include "tests/model/tell.h"
#include "xen/config.h"

#define FORMATS      4u
#define SHRINK_TRIES 20000ul
#define BENCH_TRIES  20000ul
#define SEED         20240607u

const struct run_set run_quick = {.preemptions = 2,
                                  .enough = 100000,
                                  .points = 150000,
                                  .faults = 1,
                                  .pct_schedules = 200,
                                  .pct_depth = 3,
                                  .random_schedules = 200};
const struct run_set run_standard = {.preemptions = 8,
                                     .enough = 800000,
                                     .points = 60000000,
                                     .least = 2,
                                     .faults = 1,
                                     .pct_schedules = 3000,
                                     .pct_depth = 3,
                                     .random_schedules = 1000};

static const char *const format_names[FORMATS] = {"4-level", "PAE", "2-level", "4-level-apart"};
static const char *const locks = CONFIG_SPLIT_TABLE_LOCKS ? "split" : "single";
static unsigned int format;
static const struct scenario *chosen;

/* What all runs of a set came to. */
static struct totals {
	unsigned long schedules, points, states, pruned, runs;
} totals;

/* explore_run()'s setup: the guest boots first. */
static void boot_and_setup(void)
{
	world_boot(format, chosen->vcpus);
	chosen->setup();
}

static void check_and_finish(void)
{
	world_check_end();
	if (chosen->finish)
		chosen->finish();
}

static struct scenario booted(const struct scenario *scenario)
{
	struct scenario result = *scenario;

	chosen = scenario;
	result.setup = boot_and_setup;
	result.finish = check_and_finish;
	return result;
}

static struct explore_options options_for(enum explore_strategy strategy)
{
	return (struct explore_options){.strategy = strategy,
	                                .seed = SEED,
	                                .save = world_save,
	                                .restore = world_restore,
	                                .hash = world_hash,
	                                .lock_name = tell_lock};
}

static void print_bounds(enum explore_strategy strategy, const struct explore_options *options,
                         const struct explore_result *result, unsigned int vcpus)
{
	if (strategy == EXPLORE_EXHAUSTIVE && result->unbounded)
		printf(", %lu states, all there are (bound %u)", result->states, result->bound);
	else if (strategy == EXPLORE_EXHAUSTIVE)
		printf(", %lu states, bound %u of %u%s, %u faults", result->states, result->bound,
		       options->preemptions, result->complete ? "" : " and a part of the next",
		       options->faults);
	else if (strategy == EXPLORE_PCT)
		printf(", depth %u, %lu steps, 1 in %.0f runs finds a bug of depth 2",
		       options->depth, result->steps_most,
		       1 / explore_pct_chance(vcpus, result->steps_most, 2));
}

static void print_failure(const struct scenario *scenario, const struct explore_result *result)
{
	printf("# commit %s, %s locks; %u preemptions, %u faults, %u steps\n%s"
	       "# again: make replay CASE='%s %s %s %s'\n",
	       model_commit, locks, result->preemptions, result->faults, result->steps,
	       result->story, scenario->name, format_names[format], locks, result->choices);
}

/* One strategy on one scenario in one format: run, report, and if it fails make it short. To
 * have given up before the least bound is a failure, too. */
static bool run_one(const struct scenario *scenario, enum explore_strategy strategy,
                    const char *how, struct explore_options options)
{
	struct scenario ready = booted(scenario);
	struct explore_result result = strategy == EXPLORE_EXHAUSTIVE
	                                   ? explore_deepen(&ready, &options)
	                                   : explore_run(&ready, &options);

	totals.schedules += result.schedules;
	totals.points += result.points;
	totals.states += result.states;
	totals.pruned += result.pruned;
	totals.runs++;
	bool gave_up = !result.failed && !result.unbounded && result.bound < options.least;

	printf("%s model/%s/%s/%s/%s", result.failed || gave_up ? "FAIL" : "ok", scenario->name,
	       format_names[format], locks, how);
	if (!result.failed) {
		printf("%s  # %lu schedules, %lu points", gave_up ? ": gave up too early" : "",
		       result.schedules, result.points);
		print_bounds(strategy, &options, &result, scenario->vcpus);
		printf("\n");
		fflush(stdout);
		return !gave_up;
	}
	printf(": %s\n# after %lu schedules\n", result.what, result.schedules);
	result = explore_shrink(&ready, &options, &result, SHRINK_TRIES);
	print_failure(scenario, &result);
	fflush(stdout);
	return false;
}

static bool search_all(const struct scenario *scenario, const struct run_set *set)
{
	struct explore_options options = options_for(EXPLORE_EXHAUSTIVE);

	options.preemptions = set->preemptions;
	options.faults = set->faults;
	options.enough = set->enough;
	options.points = set->points;
	options.least = set->least;
	return run_one(scenario, EXPLORE_EXHAUSTIVE, "exhaustive", options);
}

static bool run_scenario(const struct scenario *scenario, const struct run_set *set, bool search)
{
	struct explore_options options;
	bool good = !search || search_all(scenario, set);

	if (scenario->vcpus > 2) {
		options = options_for(EXPLORE_PCT);
		options.depth = set->pct_depth;
		options.faults = set->faults;
		options.schedules = set->pct_schedules;
		good &= run_one(scenario, EXPLORE_PCT, "pct", options);
	}
	options = options_for(EXPLORE_RANDOM);
	options.schedules = set->random_schedules;
	return run_one(scenario, EXPLORE_RANDOM, "random", options) && good;
}

static bool run_table(const struct scenario_table *table, const struct run_set *set,
                      const char *name)
{
	unsigned int formats = table->each_format ? FORMATS : 1;
	bool good = true;

	for (const struct scenario *scenario = table->list; scenario->name; scenario++)
		for (format = 0; format < formats; format++)
			if (!name || strcmp(name, scenario->name) == 0)
				good &= run_scenario(scenario, set, table->search);
	return good;
}

bool run_all(const struct run_set *set, const char *name)
{
	clock_t started = clock();
	bool good = true;

	for (const struct scenario_table *table = scenario_tables; table->list; table++)
		good &= run_table(table, set, name);
	printf("# %s locks: %lu runs of scenarios, %lu schedules (%lu cut short at a known state), "
	       "%lu points, %lu states; %.0f schedules a second of processor time\n",
	       locks, totals.runs, totals.schedules, totals.pruned, totals.points, totals.states,
	       (double)totals.schedules * CLOCKS_PER_SEC / (double)(clock() - started));
	return good;
}

static const struct scenario *find_by_name(const char *name)
{
	for (const struct scenario_table *table = scenario_tables; table->list; table++)
		for (const struct scenario *scenario = table->list; scenario->name; scenario++)
			if (strcmp(scenario->name, name) == 0)
				return scenario;
	return NULL;
}

static const struct scenario *find(const char *name, const char *format_name)
{
	const struct scenario *scenario = find_by_name(name);

	for (format = 0; format < FORMATS && strcmp(format_names[format], format_name) != 0;)
		format++;
	if (!scenario || format == FORMATS) {
		fprintf(stderr, "model-test: no such scenario or format: %s %s\n", name,
		        format_name);
		exit(2);
	}
	return scenario;
}

int run_again(const char *name, const char *format_name, const char *choices, bool shrink)
{
	const struct scenario *scenario = find(name, format_name);
	struct scenario ready = booted(scenario);
	struct explore_options options = options_for(EXPLORE_REPLAY);
	struct explore_result result = {0};

	options.choices = choices;
	if (shrink) {
		result = explore_run(&ready, &options);
		if (result.failed) {
			result = explore_shrink(&ready, &options, &result, SHRINK_TRIES);
			print_failure(scenario, &result);
			options.choices = result.choices;
		}
	}
	options.timeline = true;
	struct explore_result again = explore_run(&ready, &options);

	printf("%s\n", again.failed ? again.what : "the run ended well");
	if (again.failed && !shrink)
		print_failure(scenario, &again);
	return again.failed;
}

static void bench_one(const struct scenario *scenario)
{
	struct explore_options options = options_for(EXPLORE_RANDOM);
	struct scenario ready = booted(scenario);
	clock_t started = clock();

	format = 0;
	options.schedules = BENCH_TRIES / scenario->vcpus;
	struct explore_result result = explore_run(&ready, &options);
	double seconds = (double)(clock() - started) / CLOCKS_PER_SEC;

	printf("bench model/%s  %.0f schedules/s of %lu points, %.0f points/s\n", scenario->name,
	       (double)result.schedules / seconds, result.points / result.schedules,
	       (double)result.points / seconds);
	fflush(stdout);
}

void run_bench(void)
{
	for (const struct scenario_table *table = scenario_tables; table->list; table++)
		for (const struct scenario *scenario = table->list; scenario->name; scenario++)
			if (table->search)
				bench_one(scenario);
}
