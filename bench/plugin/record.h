/* SPDX-License-Identifier: MIT */
/*
 * What was counted between two marks, by operation, and the file it is written to.
 *
 * One line each, a word for the kind and then pairs of name and number:
 *   op NAME runs N least N most N user N kernel N xen N firmware N [COUNTER N]…
 *   boot user N … (from the kernel's first instruction to the first of a program)
 *   value NAME N
 *   pc ADDRESS N (of the operation that is profiled)
 *   done (the last line, when the program came to its end)
 * Counters are sums over all runs; least and most are totals of instructions of one run.
 */
#ifndef BENCH_PLUGIN_RECORD_H
#define BENCH_PLUGIN_RECORD_H

#include <stdint.h>

/* The file to write, and the operation to profile or NULL. */
void record_open(const char *path, const char *profiled);
/* At a mark's first instruction. */
void record_mark(unsigned int cpu, void *unused);
/* The counter of executions of the instruction there; NULL when nothing is profiled. */
uint64_t *record_profile_counter(uint64_t va);
/* Writes the file. */
void record_close(void);

#endif
