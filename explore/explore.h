/* SPDX-License-Identifier: MIT */
/*
 * The schedule explorer: it decides every interleaving of a few vcpus, one run after the other.
 *
 * vcpus are coroutines on one thread. At each schedule point one of them is chosen to go on; every
 * choice there is, of schedules or of anything else (when an event comes, whether an allocation
 * fails), goes through choose(). A run is the string of its choices, and the same string gives the
 * same run: "41=1,77=2" is a run whose choices 41 and 77 were 1 and 2 and all others 0, the calm
 * one; "-" is all calm.
 *
 * A preemption is a switch away from a vcpu that could have gone on. Strategies:
 * - exhaustive: every run with at most so many preemptions and faults. A run is cut short where it
 *   comes to a state that has been explored with at least as many left (explore/visited.c).
 * - PCT, probabilistic concurrency testing: vcpus have random priorities, the highest that is ready
 *   runs, and at depth - 1 random steps the running one falls behind all others. A bug that needs
 *   `depth` ordering constraints is found by each run with a chance of at least
 *   1 / (vcpus * steps^(depth - 1)).
 * - random, and replay.
 */
#ifndef PINFOLD_EXPLORE_EXPLORE_H
#define PINFOLD_EXPLORE_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLORE_VCPUS        4u
#define EXPLORE_CHOICES_SIZE 16384u

struct scenario {
	const char *name;
	unsigned int vcpus;
	/* Before each run the state is as this left it; it is called once for a format and not
	 * scheduled. */
	void (*setup)(void);
	/* What each vcpu does; NULL: nothing. */
	void (*body[EXPLORE_VCPUS])(void);
	/* After all bodies have ended, not scheduled: what must hold then. */
	void (*finish)(void);
};

enum explore_strategy { EXPLORE_EXHAUSTIVE, EXPLORE_RANDOM, EXPLORE_PCT, EXPLORE_REPLAY };

struct explore_options {
	enum explore_strategy strategy;
	unsigned int preemptions; /* exhaustive: at most */
	unsigned int faults;      /* exhaustive and PCT: at most */
	unsigned int depth;       /* PCT: of the bugs that are looked for, 1 or more */
	unsigned long schedules;  /* PCT, random: how many; exhaustive: give up after (0: never) */
	unsigned long points;     /* exhaustive: give up after so many (0: never) */
	unsigned long
	    enough; /* deepening: no further bound after so many points (0: all); see least */
	unsigned int least; /* the bound up to which it goes in any case */
	uint64_t seed;
	const char *choices; /* replay */
	bool timeline;       /* print what each vcpu does */
	/* The state that a run starts from: saved once after setup, put back before each run. */
	void (*save)(void);
	void (*restore)(void);
	/* A hash of all that save and restore care for; NULL: no pruning, no search for livelocks.
	 * Stacks and what the explorer itself knows are added to it. */
	uint64_t (*hash)(void);
	/* The name of a lock, for reports; may be NULL. */
	void (*lock_name)(const void *lock, char *text, size_t size);
};

struct explore_result {
	unsigned long schedules;
	unsigned long points;     /* schedule points passed, all runs */
	unsigned long steps_most; /* of the longest run */
	unsigned long states;     /* exhaustive: different ones that choices were made in */
	unsigned long pruned;     /* exhaustive: runs cut short at a state that was known */
	unsigned int bound;       /* exhaustive: the preemption bound that was completed last */
	bool complete;            /* exhaustive: every schedule within the bounds was run */
	bool unbounded;           /* … and no bound has kept anything back */
	bool failed;
	/* Of the first failure. */
	unsigned int preemptions, faults, steps;
	char what[600];
	char choices[EXPLORE_CHOICES_SIZE];
	char story[2000]; /* the choices that were not calm, a line each */
};

/* Run a scenario until a failure or the end. */
struct explore_result explore_run(const struct scenario *scenario,
                                  const struct explore_options *options);

/* Exhaustively with 0, 1, … options->preemptions preemptions; what gives up counts all. The
 * first failure found so has the fewest preemptions. */
struct explore_result explore_deepen(const struct scenario *scenario,
                                     const struct explore_options *options);

/*
 * Make the run that failed a short one that fails for the same reason (the same text but for its
 * numbers): as few preemptions as a search of `tries` schedules finds, and no choice that could be
 * calm without the failure going away. Options are those of the search that found it.
 */
struct explore_result explore_shrink(const struct scenario *scenario,
                                     const struct explore_options *options,
                                     const struct explore_result *failed, unsigned long tries);

/* The least chance of one PCT run to find a bug of that depth. */
double explore_pct_chance(unsigned int vcpus, unsigned long steps, unsigned int depth);

/* From inside a run. One of 0 … count - 1; 0 is the calm one. `label` is a literal. */
unsigned int choose(unsigned int count, const char *label);

/* Whether a fault that may happen here does. The strategies bound their number. */
bool explore_fault(const char *label);

/* A place where another vcpu may go on. */
void explore_point(const char *what);

/* The running vcpu looks for something again and again: others run, and it looks anew when they
 * have come further. Schedules are fair to who waits. A deadlock when nobody can go on, a livelock
 * when all go in a circle. */
void explore_wait(const char *what);

/* The running vcpu sleeps until explore_wake() names it; it may be woken for nothing. With
 * `may_stay` the run may end while it sleeps: a vcpu that is not up. */
void explore_sleep(const char *what, bool may_stay);
void explore_wake(unsigned int vcpu);

/* Locks, by address: the running vcpu wants one that is held, has taken or dropped one.
 * explore_lock_wait() returns when it was dropped; somebody else may have it by then. */
void explore_lock_wanted(const void *lock);
void explore_lock_taken(const void *lock);
void explore_lock_dropped(const void *lock);
void explore_lock_wait(const void *lock);
/* How many locks the running vcpu holds. */
unsigned int explore_locks_held(void);

unsigned int explore_vcpu(void);

/* True while bodies run; schedule points outside are nothing. */
bool explore_running(void);

/* The run has failed; does not return. */
void explore_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* One line of the timeline, if it is wanted. */
void explore_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool explore_timeline(void);

/* Mixes `bytes` at `data` into a hash. */
uint64_t explore_hash(uint64_t hash, const void *data, size_t bytes);

/* Called when another vcpu is about to run, with its number. */
extern void (*explore_switch_hook)(unsigned int vcpu);

/* Called when no vcpu can go on: true if it has woken one (a timer that was to come). */
extern bool (*explore_idle_hook)(void);

#endif
