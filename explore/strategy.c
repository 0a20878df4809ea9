/* SPDX-License-Identifier: MIT */
/*
 * How a choice is made where no trail says it: see explore.h.
 *
 * Exhaustive search is by replay: a run follows the trail of choices as far as it goes and takes 0
 * from there on; the next run changes the last choice that has an alternative left. An alternative
 * beyond a bound is not counted, so that the places of choices are the same in every strategy.
 */
#include "explore/engine.h"

#define PCT_FAULT_CHANCE 16u /* one choice beside the schedule in so many is not calm */

static uint64_t next_random(void)
{
	ex->rng ^= ex->rng << 13;
	ex->rng ^= ex->rng >> 7;
	ex->rng ^= ex->rng << 17;
	return ex->rng * 0x2545f4914f6cdd1dull >> 11;
}

static unsigned int random_below(unsigned int count)
{
	return (unsigned int)(next_random() % count);
}

static unsigned int random_or_calm(unsigned int count)
{
	return random_below(3) == 0 ? random_below(count) : 0;
}

/* New priorities, depth … depth + vcpus - 1 shuffled, and places of change. Before any run has
 * shown how long runs are there are none. */
static void begin_pct(void)
{
	unsigned int vcpus = ex->scenario->vcpus, depth = ex->options->depth;

	for (unsigned int i = 0; i < vcpus; i++) {
		unsigned int j = random_below(i + 1);

		ex->priority[i] = ex->priority[j];
		ex->priority[j] = (int)(depth + i);
	}
	ex->lowest = 0;
	ex->change_count = 0;
	for (unsigned int i = 0; i + 1 < depth && i < PCT_DEPTH && ex->result.steps_most > 0; i++)
		ex->change[ex->change_count++] =
		    1 + random_below((unsigned int)ex->result.steps_most);
}

void strategy_begin_run(void)
{
	if (ex->options->strategy == EXPLORE_PCT)
		begin_pct();
}

unsigned int strategy_choose(unsigned int count)
{
	if (ex->options->strategy == EXPLORE_RANDOM)
		return random_or_calm(count);
	if (ex->options->strategy == EXPLORE_PCT && random_below(PCT_FAULT_CHANCE) == 0)
		return random_below(count);
	return 0;
}

/* At a place of change the running vcpu falls behind: the k-th gives priority depth - k, all of
 * them below the initial ones. */
void strategy_step(void)
{
	if (ex->options->strategy != EXPLORE_PCT)
		return;
	for (unsigned int i = 0; i < ex->change_count; i++)
		if (ex->change[i] == ex->steps)
			ex->priority[ex->running] = (int)(ex->options->depth - 1 - i);
}

unsigned int strategy_schedule(const unsigned int *vcpus, unsigned int count)
{
	unsigned int best = 0;

	if (ex->options->strategy == EXPLORE_RANDOM)
		return random_or_calm(count);
	if (ex->options->strategy != EXPLORE_PCT)
		return 0;
	for (unsigned int i = 1; i < count; i++)
		if (ex->priority[vcpus[i]] > ex->priority[vcpus[best]])
			best = i;
	return best;
}

void strategy_waits(unsigned int vcpu)
{
	/* Else one that looks would keep those it looks for from running. */
	if (ex->options->strategy == EXPLORE_PCT)
		ex->priority[vcpu] = --ex->lowest;
}

bool strategy_next_trail(void)
{
	while (ex->trail_len > 0) {
		struct choice *last = &ex->trail[ex->trail_len - 1];

		if (last->taken + 1u < last->count) {
			last->taken++;
			ex->replay_len = ex->trail_len;
			return true;
		}
		ex->trail_len--;
	}
	return false;
}

double explore_pct_chance(unsigned int vcpus, unsigned long steps, unsigned int depth)
{
	double chance = 1.0 / vcpus;

	while (depth-- > 1)
		chance /= (double)steps;
	return chance;
}
