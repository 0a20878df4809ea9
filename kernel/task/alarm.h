/* SPDX-License-Identifier: MIT */
/*
 * An alarm: a moment of a clock that comes, and comes again. It counts monotonic time, or real
 * time, which may be set: the alarm moves with it. How often a repeating one has come is found by
 * division when somebody wants to know (alarm_forward()), and only then is it armed anew, so that
 * no period is too short. Task context, with the kernel lock; nothing sleeps.
 */
#ifndef PINFOLD_KERNEL_TASK_ALARM_H
#define PINFOLD_KERNEL_TASK_ALARM_H

#include "kernel/task/timer.h"
#include "kernel/wait.h"

struct alarm {
	struct timer timer;
	struct wait_entry clock_set; /* on clock_set_wait while it waits for real time */
	bool realtime;
	uint64_t deadline_ns; /* of what it counts; stays when it has come */
	/* Deferred work, must not sleep; the alarm is not armed any more and may be armed again. */
	void (*expire)(struct alarm *alarm);
};

void alarm_init(struct alarm *alarm, void (*expire)(struct alarm *alarm));

/* Arm it for `ns` of the clock, which is one that clock_deadline() knows, or for `ns` from now:
 * that far away on the monotonic clock, however the other one is set meanwhile. */
void alarm_set(struct alarm *alarm, int clock, bool absolute, uint64_t ns);

/* Arm it for what its deadline is now. */
void alarm_rearm(struct alarm *alarm);

/* Harmless if not armed. */
void alarm_cancel(struct alarm *alarm);

static inline bool alarm_armed(const struct alarm *alarm)
{
	return alarm->timer.armed;
}

/* Time until its deadline; 0 if that is past. */
uint64_t alarm_remaining(const struct alarm *alarm);

/* Move the deadline by whole intervals (> 0) behind now. Returns by how many: how often it has
 * come; 0 if the deadline lies ahead. Does not arm it. */
uint64_t alarm_forward(struct alarm *alarm, uint64_t interval_ns);

/* The same for a deadline of any clock that shows `now_ns`. */
uint64_t deadline_forward(uint64_t *deadline_ns, uint64_t interval_ns, uint64_t now_ns);

#endif
