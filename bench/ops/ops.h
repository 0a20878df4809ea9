/* SPDX-License-Identifier: MIT */
/*
 * The operations of the benchmark program: a table for each group.
 *
 * `run` is what is counted, once for each run. `before` and `after` frame each run, `set_up` and
 * `tear_down` all of them; none of these four is counted. A run may not leave the system other
 * than it found it: the next one would be another operation.
 */
#ifndef BENCH_OPS_H
#define BENCH_OPS_H

#include <stddef.h>

struct op {
	const char *name;
	unsigned int runs;
	unsigned long size; /* bytes or processes, for operations that come in sizes */
	void (*run)(void);
	void (*set_up)(void);
	void (*tear_down)(void);
	void (*before)(void);
	void (*after)(void);
	unsigned int processors; /* that it needs; 0 is 1 */
};

extern const struct op calls_ops[], signals_ops[], memory_ops[], process_ops[], switch_ops[],
    scale_ops[];

/* The operation at work. */
extern const struct op *op_now;

#define PAGE_BYTES 4096UL
#define KIB        1024UL
#define MIB        (1024UL * 1024)

/* Ends the operation: it cannot be run on this system. Prints what failed, and errno. */
_Noreturn void op_fail(const char *what);
void op_check(int is_true, const char *what);

/* Anonymous private memory, each page written once. */
void *op_map_touched(unsigned long bytes);
/* Writes the first byte of each page. */
void op_touch(void *start, unsigned long bytes);
/* Waits for that child and checks that it ended with 0. */
void op_wait_for(int pid);

#endif
