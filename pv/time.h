/* SPDX-License-Identifier: MIT */
/*
 * Clocks and the timer, for the kernel. All times are in nanoseconds.
 */
#ifndef PINFOLD_PV_TIME_H
#define PINFOLD_PV_TIME_H

#include <stdint.h>

/* Since boot; never goes back on one CPU nor between CPUs. */
uint64_t pv_time_monotonic_ns(void);

/* Since 1970-01-01 00:00 UTC. */
uint64_t pv_time_wall_ns(void);

/* Nanoseconds this CPU was not stolen from us, and those that it was. */
uint64_t pv_time_sched_clock_ns(void);
uint64_t pv_time_stolen_ns(void);

/* The timer event fires once at `deadline_ns` (monotonic) or at once when that is past. A new deadline replaces the old one. 0: never. */
void pv_timer_set(uint64_t deadline_ns);

/* The handler runs with events masked; it only marks work. */
void pv_timer_set_handler(void (*handler)(void));

#endif
