/* SPDX-License-Identifier: MIT */
/*
 * Timers made by timer_create().
 */
#ifndef PINFOLD_KERNEL_TASK_POSIX_TIMER_H
#define PINFOLD_KERNEL_TASK_POSIX_TIMER_H

#include <stdint.h>

struct process;
struct seq;

/* Delete all of a process's: at exec and exit. */
void posix_timers_drop(struct process *process);

/* A few lines for each, for /proc. */
void posix_timers_show(struct seq *seq, const struct process *process);

/* itimer.c: the first moment after `now` that is `deadline_ns` plus a whole number of intervals;
 * *missed: how many it is past. */
uint64_t timer_next_interval(uint64_t deadline_ns, uint64_t interval_ns, uint64_t now,
                             uint64_t *missed);

#endif
