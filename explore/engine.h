/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the explorer share. Not for scenarios.
 *
 * The state lies in one mapping apart from the program's data, as the data of the code under test
 * is put back before each run and the trail must survive that.
 */
#ifndef PINFOLD_EXPLORE_ENGINE_H
#define PINFOLD_EXPLORE_ENGINE_H

#include <setjmp.h>

#include "explore/explore.h"

#define TRAIL_MAX 32768u
#define HELD_MAX  64u
#define PCT_DEPTH 16u

enum choice_kind { CHOICE_PLAIN, CHOICE_PREEMPTION, CHOICE_FAULT, CHOICE_NEXT };

struct choice {
	uint8_t taken, count; /* count: of the alternatives that the search has here */
	uint8_t vcpu;         /* that ran */
	uint8_t kind;         /* enum choice_kind */
	uint8_t target;       /* the vcpu that went on, if the choice was of one */
	unsigned int own;     /* its place among that vcpu's own choices */
	const char *label;
};

/* A choice by whose it is: it stays the same when others make more or fewer before it. */
struct wish {
	unsigned int vcpu, own, target, value;
	enum choice_kind kind;
};

enum vcpu_state { VCPU_READY, VCPU_LOCKED, VCPU_SLEEPING, VCPU_DONE };

struct vcpu {
	enum vcpu_state state;
	bool may_stay; /* asleep: the run may end so */
	/* Sets of vcpus, a bit each: those that go on before it, as it has looked in vain; and
	 * since its last look those that were ready all the time, that it made wait, that have
	 * run. */
	uint8_t after, ready, stopped, ran;
	const void *lock;     /* that it waits for */
	const char *doing;    /* the last point, wait or sleep */
	unsigned int choices; /* that it has made in this run */
	uintptr_t context;
	char *stack_top, *stack_used; /* the lowest place that a context was seen at */
	unsigned int held_count;
	const void *held[HELD_MAX];
};

/* Points that are not printed yet. */
struct timeline {
	char line[200];
	unsigned int vcpu, count;
	const char *last;
};

enum request { REQUEST_POINT, REQUEST_GIVE_WAY, REQUEST_CHOICE, REQUEST_END, REQUEST_ABANDON };

struct explorer {
	const struct scenario *scenario;
	const struct explore_options *options;
	struct explore_result result;
	struct choice trail[TRAIL_MAX];
	unsigned int trail_len;  /* choices made in this run */
	unsigned int replay_len; /* of them given */
	unsigned int preemptions, faults, steps;
	unsigned int waits, alone; /* in this run; of them one after the other by one vcpu */
	const struct wish *wishes; /* replay: beyond the trail, what is not calm */
	unsigned int wish_count;
	bool bound_hit; /* something was not explored as a bound was reached */
	bool circling;  /* do not prune: circle_look() is to judge */
	uint64_t rng;
	struct vcpu vcpus[EXPLORE_VCPUS];
	unsigned int running;
	uintptr_t main_context;
	bool in_run, on_vcpu, pruned;
	/* What the running vcpu asks of the scheduler. */
	enum request request;
	enum choice_kind choice_kind;
	unsigned int choice_count, answer;
	const char *label;
	/* PCT: priorities, and the steps at which the running vcpu falls back. */
	int priority[EXPLORE_VCPUS], lowest;
	unsigned int change[PCT_DEPTH], change_count;
	/* The search for livelocks: a state that was seen, when, and what went on since. */
	uint64_t circle_hash;
	unsigned int circle_wait, circle_preemptions;
	struct timeline timeline;
	jmp_buf failed;
};

extern struct explorer *ex;

/* explore.c: memory of its own. */
void *explore_map(size_t bytes);
void explore_unmap(void *area, size_t bytes);

/* strategy.c: how a choice is made beyond the given trail; the next trail of an exhaustive search
 * (false: none). */
void strategy_begin_run(void);
unsigned int strategy_choose(unsigned int count);
unsigned int strategy_schedule(const unsigned int *vcpus, unsigned int count);
/* A step of the running vcpu; it has looked in vain. */
void strategy_step(void);
void strategy_waits(unsigned int vcpu);
bool strategy_next_trail(void);

/* fair.c: who may go on. */
void fair_begin_run(void);
void fair_waits(unsigned int vcpu);
void fair_stops(unsigned int vcpu);
void fair_runs(unsigned int vcpu);
/* The others that can go on, in order from the running one. */
unsigned int fair_others(unsigned int list[EXPLORE_VCPUS]);
unsigned int fair_ready_mask(void);

/* locks.c: fails, and says what every vcpu waits for. */
_Noreturn void locks_fail(const char *why);

/* visited.c: true if this state was explored with as much left; whether a run goes round. */
void visited_begin(void);
bool visited_before(void);
void circle_look(void);

/* trail.c */
void trail_write(char *text, size_t size);
void trail_tell(char *text, size_t size);
bool trail_read(const char *text);

/* timeline.c */
void timeline_point(const char *what);
void timeline_end(void);

#endif
