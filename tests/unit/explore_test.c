/* SPDX-License-Identifier: MIT */
/*
 * The schedule explorer on toys whose answers are known.
 */
/* sources: explore/explore.c explore/fair.c explore/locks.c explore/shrink.c explore/strategy.c explore/timeline.c explore/trail.c explore/visited.c arch/x86/64/context.c arch/x86/64/context.S */
/* flags: -fno-sanitize=address */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "explore/explore.h"

/* All that a toy's run changes, but for what it counts about runs. */
static struct state {
	unsigned int value[4];
	unsigned int done[EXPLORE_VCPUS];
	bool held[2];
} state, saved;

static void save(void)
{
	saved = state;
}

static void restore(void)
{
	state = saved;
}

static uint64_t hash(void)
{
	return explore_hash(1, &state, sizeof(state));
}

static void clear(void)
{
	memset(&state, 0, sizeof(state));
}

static struct explore_options options_for(enum explore_strategy strategy)
{
	return (struct explore_options){.strategy = strategy,
	                                .preemptions = 100,
	                                .seed = 1,
	                                .save = save,
	                                .restore = restore,
	                                .hash = hash};
}

/* Programs made at random: loads, stores, sums, branches, a lock, a choice. */

#define PROGRAM_OPS 5u
#define FINALS_MAX  4096u

static uint8_t program[EXPLORE_VCPUS][PROGRAM_OPS];
static uint64_t finals[FINALS_MAX];
static unsigned int final_count;

static void take(unsigned int n)
{
	explore_point("lock");
	while (state.held[n])
		explore_lock_wait(&state.held[n]);
	state.held[n] = true;
	explore_lock_taken(&state.held[n]);
}

static void drop(unsigned int n)
{
	explore_point("unlock");
	state.held[n] = false;
	explore_lock_dropped(&state.held[n]);
}

static void run_program(void)
{
	unsigned int me = explore_vcpu(), reg = me + 1;

	for (unsigned int i = 0; i < PROGRAM_OPS; i++) {
		unsigned int op = program[me][i], at = op >> 3 & 1;

		if ((op & 7) == 6)
			take(at);
		explore_point("op");
		if ((op & 7) <= 1)
			reg = state.value[at];
		else if ((op & 7) <= 3)
			state.value[at] = reg;
		else if ((op & 7) == 4)
			reg = reg * 2 + choose(2, "a coin");
		else if ((op & 7) == 5 && reg % 2)
			i++;
		if ((op & 7) == 6) {
			reg += state.value[at];
			explore_point("in the lock");
			state.value[at] = reg;
			drop(at);
		}
	}
	state.done[me] = reg;
}

static void note_final(void)
{
	uint64_t final = hash();

	for (unsigned int i = 0; i < final_count; i++)
		if (finals[i] == final)
			return;
	assert_true(final_count < FINALS_MAX);
	finals[final_count++] = final;
}

static uint64_t sum_of_finals(void)
{
	uint64_t sum = final_count;

	for (unsigned int i = 0; i < final_count; i++)
		sum += finals[i];
	return sum;
}

/* With pruning the same final states are reached as without, in fewer steps. */
static void compare_pruning(unsigned int vcpus, unsigned int bound, unsigned long points[2])
{
	const struct scenario toy = {"programs",
	                             vcpus,
	                             clear,
	                             {run_program, run_program, run_program, run_program},
	                             note_final};
	uint64_t sums[2];

	for (unsigned int pruning = 0; pruning < 2; pruning++) {
		struct explore_options options = options_for(EXPLORE_EXHAUSTIVE);

		options.preemptions = bound;
		if (!pruning)
			options.hash = NULL;
		final_count = 0;
		struct explore_result result = explore_run(&toy, &options);

		assert_false(result.failed);
		assert_true(result.complete);
		assert_true(pruning || result.pruned == 0);
		sums[pruning] = sum_of_finals();
		points[pruning] += result.points;
	}
	assert_true(sums[0] == sums[1]);
}

static void test_pruning_is_sound(void **arg)
{
	unsigned long points[2] = {0, 0};
	uint32_t random = 12345;

	(void)arg;
	for (unsigned int n = 0; n < 80; n++) {
		unsigned int vcpus = n % 4 == 3 ? 3 : 2;

		for (unsigned int i = 0; i < sizeof(program); i++) {
			random = random * 1664525 + 1013904223;
			program[i / PROGRAM_OPS][i % PROGRAM_OPS] = (uint8_t)(random >> 24);
		}
		for (unsigned int bound = 0; bound + vcpus <= 5; bound++)
			compare_pruning(vcpus, bound, points);
		if (n == 0)
			compare_pruning(vcpus, 100, points);
	}
	assert_true(points[1] * 3 < points[0]);
}

/* A bug of depth 2: it shows when the second vcpu's one step comes between two of the first. */

#define LONG_STEPS 40u

static void body_between(void)
{
	for (unsigned int i = 0; i < LONG_STEPS; i++) {
		explore_point("step");
		state.value[0] = i;
	}
}

static void body_look(void)
{
	explore_point("look");
	if (state.value[0] == LONG_STEPS / 2)
		explore_fail("seen in between");
}

static const struct scenario between = {"between", 2, clear, {body_between, body_look}, NULL};

static void test_pct_keeps_its_promise(void **arg)
{
	const unsigned int searches = 100;
	struct explore_options options = options_for(EXPLORE_PCT);
	unsigned long schedules = 0;
	double chance = 0;

	(void)arg;
	options.depth = 2;
	options.schedules = 10000;
	for (unsigned int n = 0; n < searches; n++) {
		options.seed = 1000 + n;
		struct explore_result result = explore_run(&between, &options);

		assert_true(result.failed);
		schedules += result.schedules - 1; /* the first only shows how long a run is */
		chance = explore_pct_chance(2, result.steps_most, 2);
	}
	/* The mean of so many searches is not far from what is expected at most. */
	assert_true((double)schedules / searches < 1.3 / chance);

	options.depth = 1;
	assert_false(explore_run(&between, &options).failed);
}

static void test_deepening_finds_the_fewest(void **arg)
{
	struct explore_options options = options_for(EXPLORE_EXHAUSTIVE);
	struct explore_result result = explore_deepen(&between, &options);

	(void)arg;
	assert_true(result.failed);
	assert_int_equal(result.preemptions, 1);
}

static void test_deepening_ends_with_enough(void **arg)
{
	const struct scenario toy = {"steps", 2, clear, {run_program, run_program}, NULL};
	struct explore_options options = options_for(EXPLORE_EXHAUSTIVE);

	(void)arg;
	for (unsigned int i = 0; i < sizeof(program); i++)
		program[i / PROGRAM_OPS][i % PROGRAM_OPS] = i % 2 ? 2 : 4; /* stores and coins */
	options.enough = 1;
	assert_int_equal(explore_deepen(&toy, &options).bound, 0);
	options.least = 2;
	struct explore_result result = explore_deepen(&toy, &options);

	assert_true(result.complete && !result.unbounded);
	assert_int_equal(result.bound, 2);
	options.enough = 0;
	assert_true(explore_deepen(&toy, &options).unbounded);
}

/* Fails when the third vcpu has looked early and again two steps of the first later. */
static void body_noise(void)
{
	unsigned int me = explore_vcpu();

	for (unsigned int i = 0; i < 5; i++) {
		explore_point("noise");
		state.value[me] += 1 + choose(2, "something else");
	}
}

static void body_twice(void)
{
	unsigned int before = state.value[0];

	explore_point("first look");
	if (state.value[0] >= before + 2 && before > 0)
		explore_fail("noticed at %u", state.value[0]);
}

static const struct scenario twice = {
    "twice", 3, clear, {body_noise, body_noise, body_twice}, NULL};

static unsigned int deviations(const char *choices)
{
	unsigned int count = 0;

	for (; *choices; choices++)
		count += *choices == '=';
	return count;
}

/* Run with the n-th deviation left out. */
static bool fails_without(const char *choices, unsigned int n)
{
	struct explore_options options = options_for(EXPLORE_REPLAY);
	char text[EXPLORE_CHOICES_SIZE] = "";
	unsigned int i = 0;
	size_t len = 0;

	for (const char *at = choices; *at; i++) {
		size_t part = strcspn(at, ",");

		if (i != n) {
			if (len)
				text[len++] = ',';
			memcpy(text + len, at, part);
			len += part;
		}
		at += part + (at[part] == ',');
	}
	options.choices = len ? text : "-";
	return explore_run(&twice, &options).failed;
}

static void test_shrinker_is_minimal(void **arg)
{
	struct explore_options options = options_for(EXPLORE_RANDOM);

	(void)arg;
	options.schedules = 100000;
	for (options.seed = 1; options.seed < 40; options.seed += 2) {
		struct explore_result found = explore_run(&twice, &options);
		struct explore_result small = explore_shrink(&twice, &options, &found, 20000);

		assert_true(found.failed && small.failed);
		assert_true(deviations(small.choices) <= deviations(found.choices));
		for (unsigned int n = 0; n < deviations(small.choices); n++)
			assert_false(fails_without(small.choices, n));
		/* By a search that tries all: fewer preemptions do not do. */
		struct explore_options all = options_for(EXPLORE_EXHAUSTIVE);

		assert_int_equal(small.preemptions, explore_deepen(&twice, &all).preemptions);
	}
}

/* One choice of vcpu 1 matters, early among its own. Others shift its place in the whole, and no
 * search comes to it among so many. */
static void body_detours(void)
{
	for (unsigned int i = 0; i < 48; i++) {
		explore_point("step");
		if (choose(3, "a detour") == 2)
			for (unsigned int n = 0; n < 3; n++)
				state.value[0] += choose(2, "on the way");
	}
}

static void body_mark(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		explore_point("step");
		if (choose(4, "a mark") >= 2 && i == 2)
			state.value[3] = 1;
	}
}

static void body_coins(void)
{
	for (unsigned int i = 0; i < 18; i++) {
		explore_point("step");
		state.value[2] = state.value[2] * 2 + choose(2, "a coin");
	}
	if (state.value[3])
		explore_fail("marked");
}

static void test_shrinker_follows_a_shift(void **arg)
{
	const struct scenario toy = {
	    "shift", 3, clear, {body_detours, body_mark, body_coins}, NULL};
	struct explore_options options = options_for(EXPLORE_RANDOM);
	unsigned int most = 0;

	(void)arg;
	options.schedules = 100000;
	for (options.seed = 1; options.seed < 60; options.seed += 2) {
		struct explore_result found = explore_run(&toy, &options);
		struct explore_result small = explore_shrink(&toy, &options, &found, 500);

		assert_true(found.failed && small.failed);
		if (deviations(found.choices) > most)
			most = deviations(found.choices);
		assert_int_equal(deviations(small.choices), 1);
		assert_non_null(strstr(small.choices, "=2"));
		assert_true(small.schedules <= 3 * 500 + 3);
	}
	assert_true(most >= 20);
}

static void test_replay_is_the_same_run(void **arg)
{
	struct explore_options options = options_for(EXPLORE_RANDOM);
	static const char *const bad[] = {"", "x", "1", "1=", "1=2,", "5=1,4=1", "0=300"};

	(void)arg;
	options.schedules = 100000;
	struct explore_result found = explore_run(&twice, &options);

	assert_true(found.failed);
	options.strategy = EXPLORE_REPLAY;
	options.choices = found.choices;
	struct explore_result again = explore_run(&twice, &options);

	assert_string_equal(again.what, found.what);
	assert_string_equal(again.choices, found.choices);
	assert_int_equal(again.steps, found.steps);
	for (unsigned int i = 1; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options.choices = bad[i];
		again = explore_run(&twice, &options);
		assert_true(again.failed);
		assert_non_null(strstr(again.what, "choices"));
	}
}

/* Who waits for whom. */

static void body_locks(void)
{
	unsigned int first = explore_vcpu();

	take(first);
	take(1 - first);
	drop(1 - first);
	drop(first);
}

static void name_lock(const void *lock, char *text, size_t size)
{
	(void)size;
	strcpy(text, lock == &state.held[0] ? "A" : "B");
}

static void test_deadlock_is_named(void **arg)
{
	const struct scenario toy = {"locks", 2, clear, {body_locks, body_locks}, NULL};
	struct explore_options options = options_for(EXPLORE_EXHAUSTIVE);

	(void)arg;
	options.lock_name = name_lock;
	struct explore_result result = explore_deepen(&toy, &options);

	assert_true(result.failed);
	assert_string_equal(result.what,
	                    "deadlock: nobody can go on; vcpu 0 waits for B, which vcpu 1 holds; "
	                    "vcpu 1 waits for A, which vcpu 0 holds");
	assert_int_equal(result.preemptions, 1);
}

/* After you: each wishes, and waits as long as the other does. */
static void body_polite(void)
{
	unsigned int me = explore_vcpu();

	explore_point("wish");
	state.value[me] = 1;
	do
		explore_wait("after you");
	while (state.value[1 - me]);
	state.value[me] = 0;
}

/* Looks until the other has set a flag. */
static void body_spin(void)
{
	while (!state.value[0])
		explore_wait("the flag");
}

static void body_set(void)
{
	explore_point("set");
	state.value[0] = 1;
}

static void test_livelock_is_found(void **arg)
{
	const struct scenario polite = {"polite", 2, clear, {body_polite, body_polite}, NULL};
	const struct scenario spin = {"spin", 3, clear, {body_spin, body_spin, body_set}, NULL};
	struct explore_options options = options_for(EXPLORE_EXHAUSTIVE);

	(void)arg;
	options.preemptions = 2;
	struct explore_result result = explore_run(&polite, &options);

	assert_true(result.failed);
	assert_non_null(strstr(result.what, "livelock"));
	assert_non_null(strstr(result.what, "'after you'"));
	/* Who only waits is no livelock, in any strategy. */
	for (unsigned int strategy = 0; strategy < EXPLORE_REPLAY; strategy++)
		for (unsigned int pruning = 0; pruning < 2; pruning++) {
			options = options_for(strategy);
			options.preemptions = 3;
			options.depth = 3;
			options.schedules = 5000;
			if (!pruning)
				options.hash = NULL;
			result = explore_run(&spin, &options);
			assert_false(result.failed);
		}
}

static void body_sleep(void)
{
	explore_point("about to sleep");
	explore_sleep("sleeps", false);
}

static void body_wake(void)
{
	explore_point("wake");
	explore_wake(0);
}

static void body_keep(void)
{
	take(1);
}

static void test_sleeps(void **arg)
{
	const struct scenario keeps = {"keeps", 1, clear, {body_keep}, NULL};
	const struct scenario lost = {"lost", 2, clear, {body_sleep, body_wake}, NULL};
	struct explore_options options = options_for(EXPLORE_EXHAUSTIVE);

	(void)arg;
	assert_non_null(strstr(explore_run(&keeps, &options).what, "ends with 1 locks held"));
	/* The wake that comes before the sleep is lost: one preemption shows it. */
	struct explore_result result = explore_deepen(&lost, &options);

	assert_true(result.failed);
	assert_non_null(strstr(result.what, "vcpu 0 sleeps at 'sleeps'"));
}

static void body_faults(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < 6; i++)
		count += explore_fault("a fault");
	if (count > state.done[0])
		state.done[0] = count;
	if (count == 2)
		explore_fail("two faults");
}

static void test_faults_are_bounded(void **arg)
{
	const struct scenario toy = {"faults", 1, clear, {body_faults}, NULL};
	struct explore_options options = options_for(EXPLORE_EXHAUSTIVE);

	(void)arg;
	options.faults = 1;
	struct explore_result result = explore_run(&toy, &options);

	assert_false(result.failed);
	assert_int_equal(result.schedules, 7);
	assert_true(result.complete && !result.unbounded);
	options.faults = 2;
	result = explore_run(&toy, &options);
	assert_true(result.failed);
	assert_int_equal(result.faults, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pruning_is_sound),
	    cmocka_unit_test(test_pct_keeps_its_promise),
	    cmocka_unit_test(test_deepening_finds_the_fewest),
	    cmocka_unit_test(test_deepening_ends_with_enough),
	    cmocka_unit_test(test_shrinker_is_minimal),
	    cmocka_unit_test(test_shrinker_follows_a_shift),
	    cmocka_unit_test(test_replay_is_the_same_run),
	    cmocka_unit_test(test_deadlock_is_named),
	    cmocka_unit_test(test_livelock_is_found),
	    cmocka_unit_test(test_sleeps),
	    cmocka_unit_test(test_faults_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
