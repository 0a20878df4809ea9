/* SPDX-License-Identifier: MIT */
/*
 * Running scenarios: the sets that make test and make model run, and one run again.
 */
#ifndef PINFOLD_TESTS_MODEL_RUN_H
#define PINFOLD_TESTS_MODEL_RUN_H

#include <stdbool.h>

#include "explore/explore.h"

/* Scenarios, up to a NULL name. Those that are not searched run by PCT and at random. */
struct scenario_table {
	const struct scenario *list;
	bool search;      /* all schedules within bounds */
	bool each_format; /* else the first alone */
};

/* Ends with a NULL list. */
extern const struct scenario_table scenario_tables[];

/* How far a set goes. Points, unlike seconds, are the same on every machine. */
struct run_set {
	unsigned int preemptions;    /* exhaustive: up to this bound … */
	unsigned long enough;        /* … or the one that so many points end with … */
	unsigned long points;        /* … or so many points, whatever they end with */
	unsigned int least;          /* … but not to have completed this bound is a failure */
	unsigned int faults;         /* exhaustive: at most */
	unsigned long pct_schedules; /* PCT: from three vcpus on */
	unsigned int pct_depth;
	unsigned long random_schedules;
};

/* What the sources were when this program was built. */
extern const char model_commit[];

extern const struct run_set run_quick, run_standard;

/* All scenarios, or the one of that name, in all formats; true if all went well. */
bool run_all(const struct run_set *set, const char *name);

/* One run again with a timeline, made short before if `shrink`: the exit status. */
int run_again(const char *name, const char *format, const char *choices, bool shrink);

/* How many short schedules a second of processor time. */
void run_bench(void);

#endif
