/* SPDX-License-Identifier: MIT */
/*
 * Alarms: see alarm.h.
 */
#include "kernel/task/alarm.h"

#include "kernel/linux/abi_task.h"
#include "kernel/task/clock.h"
#include "pv/time.h"

uint64_t deadline_forward(uint64_t *deadline_ns, uint64_t interval_ns, uint64_t now_ns)
{
	uint64_t count;

	if (now_ns < *deadline_ns)
		return 0;
	count = (now_ns - *deadline_ns) / interval_ns + 1;
	*deadline_ns += count * interval_ns;
	return count;
}

static uint64_t clock_now(const struct alarm *alarm)
{
	return alarm->realtime ? clock_realtime_ns() : pv_time_monotonic_ns();
}

static void timer_expired(struct timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	wait_dequeue(&alarm->clock_set);
	alarm->expire(alarm);
}

static void timer_start(struct alarm *alarm)
{
	uint64_t deadline_ns;

	clock_deadline(alarm->realtime ? ABI_CLOCK_REALTIME : ABI_CLOCK_MONOTONIC,
	               alarm->deadline_ns, &deadline_ns);
	timer_arm(&alarm->timer, deadline_ns);
}

static bool clock_was_set(struct wait_entry *entry, uint32_t events)
{
	(void)events;
	timer_start(container_of(entry, struct alarm, clock_set));
	return false;
}

void alarm_init(struct alarm *alarm, void (*expire)(struct alarm *alarm))
{
	timer_init(&alarm->timer, timer_expired);
	list_init(&alarm->clock_set.node);
	alarm->realtime = false;
	alarm->deadline_ns = 0;
	alarm->expire = expire;
}

void alarm_rearm(struct alarm *alarm)
{
	wait_dequeue(&alarm->clock_set);
	if (alarm->realtime)
		wait_enqueue_callback(&clock_set_wait, &alarm->clock_set, clock_was_set, false);
	timer_start(alarm);
}

void alarm_set(struct alarm *alarm, int clock, bool absolute, uint64_t ns)
{
	alarm->realtime = absolute && clock_can_be_set(clock);
	alarm->deadline_ns = absolute ? ns : clock_after(ns);
	alarm_rearm(alarm);
}

void alarm_cancel(struct alarm *alarm)
{
	wait_dequeue(&alarm->clock_set);
	timer_cancel(&alarm->timer);
}

uint64_t alarm_remaining(const struct alarm *alarm)
{
	uint64_t now = clock_now(alarm);

	return alarm->deadline_ns > now ? alarm->deadline_ns - now : 0;
}

uint64_t alarm_forward(struct alarm *alarm, uint64_t interval_ns)
{
	return deadline_forward(&alarm->deadline_ns, interval_ns, clock_now(alarm));
}
