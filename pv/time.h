/* SPDX-License-Identifier: MIT */
/*
 * Clocks and the timer, for the kernel. All times are in nanoseconds.
 */
#ifndef PINFOLD_PV_TIME_H
#define PINFOLD_PV_TIME_H

#include <stdint.h>

#include <port/cpu.h>

#include "pv/ops.h"

/* Since boot; never goes back on one CPU nor between CPUs. */
static inline uint64_t pv_time_monotonic_ns(void)
{
	return pv_time_ops.monotonic_ns();
}

/* The CPU's own clock: cheap, for what passes on one CPU. */
static inline uint64_t pv_time_ticks(void)
{
	return port_tsc_relaxed();
}
/* A number of its ticks as time. */
static inline uint64_t pv_time_ticks_to_ns(uint64_t ticks)
{
	return pv_time_ops.ticks_to_ns(ticks);
}

/* Since 1970-01-01 00:00 UTC. */
static inline uint64_t pv_time_wall_ns(void)
{
	return pv_time_ops.wall_ns();
}

/* Nanoseconds this CPU was not stolen from us, and those that a CPU was. */
static inline uint64_t pv_time_sched_clock_ns(void)
{
	return pv_time_ops.sched_clock_ns();
}
static inline uint64_t pv_time_stolen_ns(unsigned int cpu)
{
	return pv_time_ops.stolen_ns(cpu);
}

/* The timer event fires once at `deadline_ns` (monotonic) or at once when that is past. A new
 * deadline replaces the old one. 0: never. */
static inline void pv_timer_set(uint64_t deadline_ns)
{
	pv_time_ops.timer_set(deadline_ns);
}

/* The handler runs with events masked; it only marks work. */
static inline void pv_timer_set_handler(void (*handler)(void))
{
	pv_time_ops.timer_set_handler(handler);
}

#endif
