/* SPDX-License-Identifier: MIT */
/*
 * Spin locks that sleep in Xen.
 *
 * The waiter writes down what it waits for, looks at the lock, and polls; the one who unlocks
 * changes the lock, looks who waits, and kicks. In every order of these steps somebody must notice:
 * if the waiter sleeps when the lock has been given to it, nobody ever wakes it and the run is a
 * deadlock. A kick may come before the poll, which then does not sleep. A handler may wait for a
 * lock of its own while its vcpu waits for another one, and so use up a kick that was not meant for
 * it. Where a vcpu has no port it yields, and all the rest holds.
 */
#include "tests/model/scenarios.h"

#include "xen/evtchn.h"
#include "xen/pv_lock.h"

static struct spinlock outer, inner;
static unsigned int inside, total, wanted, handled;
static port_t event;

static void critical(void)
{
	CHECK(inside == 0);
	inside++;
	explore_point("inside");
	inside--;
	/* In turn: as many have gone in as tickets were served. */
	CHECK((uint16_t)outer.word == total);
	total++;
}

/* The locks are free and some vcpus have a port. */
static void bind(unsigned int vcpus)
{
	spinlock_init(&outer);
	spinlock_init(&inner);
	for (unsigned int i = 0; i < vcpus; i++) {
		CHECK(pv_lock_init_cpu((vcpu_t){i}) == 0);
		CHECK(pv_lock_init_cpu((vcpu_t){i}) == 0);
	}
}

static void check_kicks(void)
{
	struct xen_counters *counters;
	uint64_t sleeps = 0, kicks = 0;

	for (unsigned int i = 0; i < EXPLORE_VCPUS; i++) {
		counters = &xen_cpus[i].counters;
		sleeps += counters->lock_sleeps;
		kicks += counters->lock_kicks;
	}
	CHECK(kicks <= sleeps);
	CHECK(!spinlock_is_held(&outer) && !spinlock_is_held(&inner));
}

/* Each vcpu goes in twice. */

void lock_setup(void)
{
	bind(model.vcpu_count);
}

/* The last vcpu has none, and waits in turn with the others. */
void lock_no_port_setup(void)
{
	bind(1);
}

void lock_run(void)
{
	wanted += 2;
	for (unsigned int round = 0; round < 2; round++) {
		spinlock_lock(&outer);
		critical();
		spinlock_unlock(&outer);
	}
}

void lock_try_run(void)
{
	wanted++;
	if (!spinlock_trylock(&outer)) {
		spinlock_lock(&outer);
		CHECK(!spinlock_trylock(&outer));
	}
	critical();
	spinlock_unlock(&outer);
}

void lock_finish(void)
{
	check_kicks();
	CHECK(inside == 0);
	CHECK(total == (uint16_t)outer.word && total == wanted && total > model.vcpu_count - 1);
}

/* vcpu 0 waits for one lock; an event's handler there waits for another. Both are vcpu 1's. */

static void take_inner(void *arg)
{
	(void)arg;
	spinlock_lock(&inner);
	handled++;
	spinlock_unlock(&inner);
}

void lock_nested_setup(void)
{
	bind(model.vcpu_count);
	CHECK(evtchn_bind_ipi((vcpu_t){0}, take_inner, NULL, &event) == 0);
	spinlock_lock(&outer);
	spinlock_lock(&inner);
}

void lock_nested_wait(void)
{
	xen_irq_enable();
	spinlock_lock(&outer);
	spinlock_unlock(&outer);
	xen_irq_disable();
}

void lock_nested_give(void)
{
	evtchn_send(event);
	spinlock_unlock(&outer);
	spinlock_unlock(&inner);
}

void lock_nested_give_converse(void)
{
	evtchn_send(event);
	spinlock_unlock(&inner);
	spinlock_unlock(&outer);
}

/* Another that waits for the outer one, and has no handler. */
void lock_nested_also(void)
{
	spinlock_lock(&outer);
	spinlock_unlock(&outer);
}

void lock_nested_finish(void)
{
	xen_irq_enable();
	xen_irq_disable();
	CHECK(handled == 1);
	check_kicks();
}

/* A lock that a handler takes, too: with events masked everywhere else. */

static void take_outer(void *arg)
{
	(void)arg;
	spinlock_lock(&outer);
	critical();
	spinlock_unlock(&outer);
	handled++;
}

void lock_handler_setup(void)
{
	bind(model.vcpu_count);
	CHECK(evtchn_bind_ipi((vcpu_t){0}, take_outer, NULL, &event) == 0);
}

void lock_handler_run(void)
{
	xen_irq_enable();
	bool enabled = spinlock_lock_save(&outer);

	CHECK(enabled && !xen_irq_enabled());
	critical();
	spinlock_unlock_restore(&outer, enabled);
	CHECK(xen_irq_enabled());
	xen_irq_disable();
}

void lock_handler_send(void)
{
	evtchn_send(event);
	bool enabled = spinlock_lock_save(&outer);

	CHECK(!enabled);
	critical();
	spinlock_unlock_restore(&outer, enabled);
	CHECK(!xen_irq_enabled());
}

void lock_handler_also(void)
{
	bool enabled = spinlock_lock_save(&outer);

	critical();
	spinlock_unlock_restore(&outer, enabled);
}

void lock_handler_finish(void)
{
	xen_irq_enable();
	xen_irq_disable();
	CHECK(handled == 1 && total == model.vcpu_count + 1);
	check_kicks();
}
