/* SPDX-License-Identifier: MIT */
/*
 * Spin locks of vcpus that take turns on one thread: waiting is letting another one run.
 */
#ifndef PINFOLD_PORT_SPINLOCK_H
#define PINFOLD_PORT_SPINLOCK_H

#include <stdint.h>

#include <port/schedule.h>

struct spinlock {
	uint32_t held;
};

/* The lock is held and the caller wants it: returns when something has run since. */
void port_spin_wait(const struct spinlock *lock);

static inline void spinlock_init(struct spinlock *lock)
{
	lock->held = 0;
}

static inline void spinlock_lock(struct spinlock *lock)
{
	port_schedule_point("lock");
	while (lock->held)
		port_spin_wait(lock);
	lock->held = 1;
}

static inline void spinlock_unlock(struct spinlock *lock)
{
	port_schedule_point("unlock");
	lock->held = 0;
}

#endif
