/* SPDX-License-Identifier: MIT */
/*
 * Spin locks for vcpus that Xen may take the processor from.
 *
 * Fair: a lock is passed on in the order in which it was asked for. Free, it costs one atomic
 * step to take and one to give back. Who waits looks for a while, then says which ticket of which
 * lock it waits for and sleeps in Xen, polling an event channel of its own that stays masked; who
 * gives a lock back wakes exactly the vcpu whose turn it is. So neither a holder nor the next in
 * turn that Xen has descheduled makes others burn their time.
 *
 * Any context; the caller stays on its CPU until it has given the lock back. A lock that an event
 * handler takes is taken with events masked everywhere (the forms with _save and _restore). Events
 * stay as the caller has them while it waits: a handler may run there and wait for another lock,
 * one that comes later in the order of locks, as the first may be its vcpu's meanwhile.
 */
#ifndef PINFOLD_XEN_PV_LOCK_H
#define PINFOLD_XEN_PV_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <port/spinlock.h>

#include "arch/x86/units.h"
#include "xen/irq_flag.h"

/* For each vcpu, by itself or by who brings it up, when event channels are there: 0, or Xen's
 * negative errno. Until then, and if it fails, that vcpu waits by yielding, so that the result may
 * be ignored. Again, when it comes up again, is nothing. */
int pv_lock_init_cpu(vcpu_t vcpu);

/* The slow halves of lock and unlock: the caller's ticket is not served yet; `ticket` has become
 * the served one and somebody has it. */
void pv_lock_wait(const struct spinlock *lock, uint16_t ticket);
void pv_lock_kick(const struct spinlock *lock, uint16_t ticket);

static inline void spinlock_init(struct spinlock *lock)
{
	lock->word = 0;
}

/* Whether anyone holds it. For checks. */
static inline bool spinlock_is_held(const struct spinlock *lock)
{
	return port_ticket_held(lock);
}

static inline void spinlock_lock(struct spinlock *lock)
{
	uint16_t ticket;

	if (!port_ticket_take(lock, &ticket))
		pv_lock_wait(lock, ticket);
}

/* Take it if that needs no waiting. */
static inline bool spinlock_trylock(struct spinlock *lock)
{
	return port_ticket_try(lock);
}

static inline void spinlock_unlock(struct spinlock *lock)
{
	uint16_t next;

	if (port_ticket_pass(lock, &next))
		pv_lock_kick(lock, next);
}

/* With events masked; true if they were enabled before, which is what the unlock wants back. */
static inline bool spinlock_lock_save(struct spinlock *lock)
{
	bool enabled = xen_irq_save();

	spinlock_lock(lock);
	return enabled;
}

static inline void spinlock_unlock_restore(struct spinlock *lock, bool enabled)
{
	spinlock_unlock(lock);
	xen_irq_restore(enabled);
}

#endif
