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

/* The process ignores the signal no longer: timers that it belongs to, and that rest as it was
 * ignored, send it. */
void posix_timers_signal_wanted(struct process *process, int signal);

#endif
