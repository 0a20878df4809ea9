/* SPDX-License-Identifier: MIT */
/*
 * States that were seen.
 *
 * Pruning. What can follow from a state is determined by the state (of the program, of each vcpu's
 * stack and registers, of who waits for whom), by who runs and by how many preemptions and faults
 * are left. When an exhaustive search comes to a state in which a vcpu takes over, or is at a place
 * where another could, and it was there before with at least as many left, all that can follow was
 * explored or is going to be, and the run ends. Nothing is assumed about which accesses matter: the
 * whole state counts. Two states are taken as the same when 64 bits of hash are.
 *
 * Circles. Schedules are fair to those that wait by looking, so when the same state comes again
 * without a preemption, it will for ever: a livelock. It is looked for in runs with many waits.
 */
#include "explore/engine.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define TABLE_FIRST (1ul << 12)
#define TABLE_MAX   (1ul << 24) /* when that is full, more is explored than had to be */
#define WAITS_MANY  256u

struct seen {
	uint64_t hash;                /* 0: free */
	uint32_t run, trail_len;      /* when it was first seen */
	uint16_t faults, preemptions; /* left then */
};

struct table {
	struct seen *seen;
	size_t size, used;
};

static struct table *table;

/* Side by side where the processor has registers so wide. */
#define WIDE_IF_POSSIBLE __attribute__((target_clones("avx2", "default")))
typedef uint64_t lanes __attribute__((vector_size(32)));

static inline __attribute__((always_inline)) void mix(lanes *state, const char *at)
{
	lanes words;

	memcpy(&words, at, sizeof(words));
	*state ^= words;
	*state += *state << 21;
	*state ^= *state >> 29;
}

static uint64_t mix_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

WIDE_IF_POSSIBLE uint64_t explore_hash(uint64_t hash, const void *data, size_t bytes)
{
	const char *at = data, *end = at + bytes;
	lanes state[4];
	char rest[sizeof(state)] = {0};

	for (unsigned int i = 0; i < 4; i++)
		state[i] = (lanes){hash, hash ^ 1, ~hash, hash + i};
	for (; (size_t)(end - at) >= sizeof(state); at += sizeof(state))
		for (unsigned int i = 0; i < 4; i++)
			mix(&state[i], at + i * sizeof(lanes));
	memcpy(rest, at, (size_t)(end - at));
	for (unsigned int i = 0; i < 4; i++) {
		mix(&state[i], rest + i * sizeof(lanes));
		for (unsigned int n = 0; n < 4; n++)
			hash = mix_word(hash, state[i][n]);
	}
	return mix_word(hash, bytes);
}

static uint64_t visited_hash(void)
{
	uint64_t hash = ex->options->hash();

	for (unsigned int i = 0; i < ex->scenario->vcpus; i++) {
		struct vcpu *vcpu = &ex->vcpus[i];
		char *top = vcpu->stack_top, *sp = (char *)vcpu->context;
		const uint64_t state[3] = {
		    (uint64_t)vcpu->state | (uint64_t)vcpu->may_stay << 8 |
		        (uint64_t)vcpu->after << 16 | (uint64_t)vcpu->ready << 24 |
		        (uint64_t)vcpu->stopped << 32 | (uint64_t)vcpu->ran << 40,
		    (uintptr_t)vcpu->lock, (uintptr_t)sp};

		hash = explore_hash(hash, state, sizeof(state));
		hash = explore_hash(hash, vcpu->held, vcpu->held_count * sizeof(vcpu->held[0]));
		hash = explore_hash(hash, sp, (size_t)(top - sp));
		if (!vcpu->stack_used || sp < vcpu->stack_used)
			vcpu->stack_used = sp;
	}
	/* Who takes over from one that could have gone on is where a choice is still to come: the
	 * others that it has were offered a moment ago. After a wait they were not all. */
	const uint32_t next[2] = {ex->running, ex->request == REQUEST_POINT};

	hash = explore_hash(hash, next, sizeof(next));
	return hash ? hash : 1;
}

void visited_begin(void)
{
	if (!table)
		table = explore_map(sizeof(*table));
	if (!table->seen) {
		table->seen = explore_map(TABLE_FIRST * sizeof(struct seen));
		table->size = TABLE_FIRST;
	}
	if (table->used > 0)
		memset(table->seen, 0, table->size * sizeof(struct seen));
	table->used = 0;
}

/* The place of `hash`, or the free one where it belongs. */
static struct seen *place_of(struct seen *seen, size_t size, uint64_t hash)
{
	size_t at = hash & (size - 1);

	while (seen[at].hash != 0 && seen[at].hash != hash)
		at = (at + 1) & (size - 1);
	return &seen[at];
}

static void grow(void)
{
	size_t size = table->size * 4;
	struct seen *seen = explore_map(size * sizeof(*seen));

	for (size_t i = 0; i < table->size; i++)
		if (table->seen[i].hash != 0)
			*place_of(seen, size, table->seen[i].hash) = table->seen[i];
	munmap(table->seen, table->size * sizeof(*seen));
	table->seen = seen;
	table->size = size;
}

/* The run was here before, and has come back with calm choices alone: it would go round. */
static bool goes_round(const struct seen *seen)
{
	if (seen->run != (uint32_t)ex->result.schedules)
		return false;
	for (unsigned int i = seen->trail_len; i < ex->trail_len; i++)
		if (ex->trail[i].taken != 0)
			return false;
	return true;
}

/* A state that is not in the table. */
static void enter(struct seen *seen, uint64_t hash, uint16_t faults, uint16_t preemptions)
{
	if (table->used * 2 > table->size)
		return;
	*seen =
	    (struct seen){hash, (uint32_t)ex->result.schedules, ex->trail_len, faults, preemptions};
	table->used++;
	ex->result.states++;
}

bool visited_before(void)
{
	const struct explore_options *options = ex->options;
	uint16_t preemptions = (uint16_t)(options->preemptions - ex->preemptions);
	uint16_t faults = (uint16_t)(options->faults - ex->faults);

	/* What the trail gives was judged in an earlier run. */
	if (options->strategy != EXPLORE_EXHAUSTIVE || !options->hash || ex->circling ||
	    ex->trail_len < ex->replay_len)
		return false;
	if (table->used * 2 > table->size && table->size < TABLE_MAX)
		grow();
	uint64_t hash = visited_hash();
	struct seen *seen = place_of(table->seen, table->size, hash);

	if (seen->hash == 0) {
		enter(seen, hash, faults, preemptions);
		return false;
	}
	if (goes_round(seen)) {
		ex->circling = true;
		return false;
	}
	if (seen->faults >= faults && seen->preemptions >= preemptions)
		return true;
	if (seen->faults <= faults && seen->preemptions <= preemptions) {
		seen->faults = faults;
		seen->preemptions = preemptions;
	}
	return false;
}

void circle_look(void)
{
	char why[80];

	if (++ex->waits < WAITS_MANY || !ex->options->hash)
		return;
	uint64_t hash = visited_hash();

	/* Remembered at powers of two: any circle is found when it is not longer than that. */
	if ((ex->waits & (ex->waits - 1)) == 0) {
		ex->circle_hash = hash;
		ex->circle_wait = ex->waits;
		ex->circle_preemptions = ex->preemptions;
	} else if (hash == ex->circle_hash && ex->preemptions == ex->circle_preemptions) {
		snprintf(why, sizeof(why), "livelock: the same again after every %u waits",
		         ex->waits - ex->circle_wait);
		locks_fail(why);
	}
}
