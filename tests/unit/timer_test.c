/* SPDX-License-Identifier: MIT */
/* sources: kernel/task/timer.c */
/*
 * Kernel timers against the plainest possible oracle: random arming, re-arming, cancelling and
 * expiry, compared with a table of deadlines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/task/task.h"
#include "kernel/task/timer.h"

#define TIMERS 200
#define ROUNDS 200000

static struct timer timers[TIMERS];
static uint64_t expected[TIMERS]; /* deadline, or TIMER_NEVER */
static uint64_t now, last_fired;
static unsigned int fired;
static uint64_t requested = TIMER_NEVER;

/* The scheduler's part: remember the earliest that was asked for. */
void sched_timer_request(uint64_t deadline_ns)
{
	if (deadline_ns < requested)
		requested = deadline_ns;
}

static uint64_t earliest(void)
{
	uint64_t min = TIMER_NEVER;

	for (size_t i = 0; i < TIMERS; i++)
		min = expected[i] < min ? expected[i] : min;
	return min;
}

static void expire(struct timer *timer)
{
	size_t idx = (size_t)(timer - timers);

	assert_false(timer->armed);
	assert_true(expected[idx] <= now);
	assert_true(expected[idx] >= last_fired);
	last_fired = expected[idx];
	expected[idx] = TIMER_NEVER;
	fired++;
	/* Some arm themselves again, as interval timers do. */
	if (idx % 7 == 0) {
		expected[idx] = now + 1 + (uint64_t)rand() % 50;
		timer_arm(timer, expected[idx]);
	}
}

static void one_step(void)
{
	size_t idx = (size_t)rand() % TIMERS;

	switch (rand() % 4) {
	case 0:
	case 1:
		expected[idx] = now + (uint64_t)rand() % 1000;
		timer_arm(&timers[idx], expected[idx]);
		assert_true(requested <= expected[idx]);
		break;
	case 2:
		expected[idx] = TIMER_NEVER;
		timer_cancel(&timers[idx]);
		break;
	default:
		now += (uint64_t)rand() % 20;
		last_fired = 0;
		assert_false(timer_run_expired(now));
		assert_true(earliest() > now);
		break;
	}
	assert_int_equal(timer_next_deadline(), earliest());
}

static void test_against_table(void **state)
{
	(void)state;
	srand(1);
	for (size_t i = 0; i < TIMERS; i++) {
		expected[i] = TIMER_NEVER;
		timer_init(&timers[i], expire);
	}
	for (unsigned int i = 0; i < ROUNDS; i++)
		one_step();
	assert_true(fired > ROUNDS / 10);
	for (size_t i = 0; i < TIMERS; i++)
		timer_cancel(&timers[i]);
	assert_int_equal(timer_next_deadline(), TIMER_NEVER);
}

static void test_never_cancels(void **state)
{
	(void)state;
	timer_arm(&timers[1], 5);
	timer_arm(&timers[1], TIMER_NEVER);
	assert_int_equal(timer_next_deadline(), TIMER_NEVER);
	timer_cancel(&timers[1]);
}

static unsigned int runs;

static void count_run(struct timer *timer)
{
	(void)timer;
	runs++;
}

static void run_again(struct timer *timer)
{
	runs++;
	timer_arm(timer, 1);
}

/* However many are due, and whatever they ask for, one look runs a bounded number of them. */
static void test_one_look_is_bounded(void **state)
{
	static struct timer many[3 * TIMER_BATCH + 1];
	struct timer greedy;

	(void)state;
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		timer_init(&many[i], count_run);
		timer_arm(&many[i], 10);
	}
	for (unsigned int look = 1; look <= 3; look++) {
		assert_true(timer_run_expired(10));
		assert_int_equal(runs, look * TIMER_BATCH);
	}
	assert_false(timer_run_expired(10));
	assert_int_equal(runs, 3 * TIMER_BATCH + 1);
	runs = 0;
	timer_init(&greedy, run_again);
	timer_arm(&greedy, 1);
	assert_true(timer_run_expired(10));
	assert_int_equal(runs, TIMER_BATCH);
	timer_cancel(&greedy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_against_table),
	    cmocka_unit_test(test_never_cancels),
	    cmocka_unit_test(test_one_look_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
