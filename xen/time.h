/* SPDX-License-Identifier: MIT */
/*
 * Clocks from Xen's time records, the one-shot timer, stolen time. All in nanoseconds.
 */
#ifndef PINFOLD_XEN_TIME_H
#define PINFOLD_XEN_TIME_H

#include <stdint.h>

#include <xen/vcpu.h>
#include <xen/xen.h>

#include "arch/x86/units.h"

/* Boot, on each vcpu: its timer channel, its runstate record. The wall clock lies in the shared
 * page. */
void time_init(struct shared_info *shared);
void time_init_cpu(void);
/* The calling vcpu is about to go down: no timer of its own any more. */
void time_stop_cpu(void);

uint64_t time_monotonic_ns(void);
uint64_t time_wall_ns(void);
/* A number of ticks of the counter as nanoseconds, at its rate at boot: Xen corrects the rates
 * of vcpus by a little all the time, and what was counted must not shrink by that. */
uint64_t time_ticks_to_ns(uint64_t ticks);
uint64_t time_sched_clock_ns(void);
/* Of any vcpu: Xen keeps its record, and says when it is half written. */
uint64_t time_stolen_ns(vcpu_t vcpu);

/* One shot at `deadline_ns` of the monotonic clock, at once if that is past; 0: none. */
void time_timer_set(uint64_t deadline_ns);
void time_timer_set_handler(void (*handler)(void));

/* Counter ticks to nanoseconds by a record's scale (public/xen.h, struct vcpu_time_info). Pure. */
uint64_t time_scale(uint64_t ticks, uint32_t mul, int8_t shift);

/* A consistent copy of a runstate record that its own vcpu, or Xen, may be writing. */
struct vcpu_runstate_info time_read_runstate(const volatile struct vcpu_runstate_info *record);

#endif
