/* SPDX-License-Identifier: MIT */
/*
 * The schedule explorer: it decides every interleaving of a few vcpus, one run after the other.
 *
 * vcpus are coroutines on one thread. At each schedule point one of them is chosen to go on; every
 * choice there is, of schedules or of anything else (when an event comes, whether an allocation
 * fails), goes through choose(). A run is the string of its choices, and the same string gives the
 * same run.
 *
 * Strategies: exhaustive up to a number of preemptions (a switch away from a vcpu that could have
 * gone on), random, and replay.
 */
#ifndef PINFOLD_EXPLORE_EXPLORE_H
#define PINFOLD_EXPLORE_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLORE_VCPUS 4u

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

enum explore_strategy { EXPLORE_EXHAUSTIVE, EXPLORE_RANDOM, EXPLORE_REPLAY };

struct explore_options {
	enum explore_strategy strategy;
	unsigned int preemptions; /* exhaustive: at most */
	unsigned long schedules;  /* random: how many; exhaustive: give up after (0: never) */
	uint64_t seed;
	const char *choices; /* replay */
	bool timeline;       /* print what each vcpu does */
	/* The state that a run starts from: saved once after setup, put back before each run. */
	void (*save)(void);
	void (*restore)(void);
};

struct explore_result {
	unsigned long schedules;
	unsigned long points; /* schedule points passed, all runs */
	bool complete;        /* exhaustive: every schedule within the bound was run */
	bool failed;
	char what[400];     /* of the first failure */
	char choices[4096]; /* that lead to it */
};

/* Run a scenario until a failure or the end. */
struct explore_result explore_run(const struct scenario *scenario,
                                  const struct explore_options *options);

/* From inside a run. One of 0 … count - 1; 0 is the calm one. `label` is a literal. */
unsigned int choose(unsigned int count, const char *label);

/* A place where another vcpu may go on. */
void explore_point(const char *what);

/* The running vcpu looks for something again and again: others run, and it looks anew when one of
 * them has come further. A deadlock when nobody can go on. */
void explore_wait(const char *what);

/* The running vcpu sleeps until explore_wake() names it; it may be woken for nothing. With
 * `may_stay` the run may end while it sleeps: a vcpu that is not up. */
void explore_sleep(const char *what, bool may_stay);
void explore_wake(unsigned int vcpu);

unsigned int explore_vcpu(void);

/* True while bodies run; schedule points outside are nothing. */
bool explore_running(void);

/* The run has failed; does not return. */
void explore_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* One line of the timeline, if it is wanted. */
void explore_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Called when another vcpu is about to run, with its number. */
extern void (*explore_switch_hook)(unsigned int vcpu);

/* Called when no vcpu can go on: true if it has woken one (a timer that was to come). */
extern bool (*explore_idle_hook)(void);

#endif
