/* SPDX-License-Identifier: MIT */
/*
 * Spin locks of more vcpus than there are processors (N12): what each vcpu of the test does.
 *
 * A holder gives its processor away while it holds the lock, so that others sleep for it; while
 * they wait they answer calls whose function takes another lock, and so wait inside a wait.
 */
#include "tests/guest/lock.h"

#include <stdint.h>

#include "tests/guest/test.h"
#include "xen/ipi.h"
#include "xen/pv_lock.h"

/* Each turn may cost a sleep, which takes as long as the machine below needs to wake a
 * processor. */
#define ROUNDS     40u
#define CALL_EVERY 8u

static struct spinlock outer, inner;
/* Changed under the locks alone, in steps that another vcpu could fall between. */
static volatile unsigned long entered, calls;
static volatile unsigned long calls_made[XEN_CPU_COUNT_MAX];

static void take_inner(void *arg)
{
	(void)arg;
	spinlock_lock(&inner);
	calls = calls + 1;
	spinlock_unlock(&inner);
}

static void hold_inner(void)
{
	bool enabled = spinlock_lock_save(&inner);
	unsigned long seen = calls;

	xen_yield();
	CHECK_EQUAL(calls, seen);
	spinlock_unlock_restore(&inner, enabled);
}

void lock_test_begin(void)
{
	spinlock_init(&outer);
	spinlock_init(&inner);
	entered = calls = 0;
}

void lock_test_run(void)
{
	unsigned int me = this_cpu()->id.v;

	calls_made[me] = 0;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		if (round % CALL_EVERY == 0) {
			ipi_call_one((vcpu_t){(me + 1) % LOCK_TEST_VCPUS}, take_inner, NULL, false);
			calls_made[me]++;
		}
		spinlock_lock(&outer);
		unsigned long seen = entered;

		if (round % CALL_EVERY == 1)
			xen_yield();
		if (round % CALL_EVERY == 2)
			hold_inner();
		CHECK_EQUAL(entered, seen);
		entered = seen + 1;
		spinlock_unlock(&outer);
	}
}

void lock_test_end(void)
{
	uint64_t sleeps = 0, kicks = 0;
	unsigned long made = 0;

	for (unsigned int i = 0; i < LOCK_TEST_VCPUS; i++) {
		sleeps += xen_cpus[i].counters.lock_sleeps;
		kicks += xen_cpus[i].counters.lock_kicks;
		made += calls_made[i];
	}
	CHECK_EQUAL(entered, LOCK_TEST_VCPUS * ROUNDS);
	CHECK_EQUAL(calls, made);
	CHECK(!spinlock_is_held(&outer) && !spinlock_is_held(&inner));
	CHECK(sleeps > 0 && kicks > 0);
	say("# locks taken %lu times: %lu sleeps, %lu kicks", entered + calls,
	    (unsigned long)sleeps, (unsigned long)kicks);
}
