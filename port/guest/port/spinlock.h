/* SPDX-License-Identifier: MIT */
/*
 * A spin lock for the layer's own short critical sections.
 */
#ifndef PINFOLD_PORT_SPINLOCK_H
#define PINFOLD_PORT_SPINLOCK_H

#include <stdint.h>

struct spinlock {
	uint32_t held;
};

static inline void spinlock_init(struct spinlock *lock)
{
	lock->held = 0;
}

static inline void spinlock_lock(struct spinlock *lock)
{
	while (__atomic_exchange_n(&lock->held, 1u, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
}

static inline void spinlock_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->held, 0u, __ATOMIC_RELEASE);
}

#endif
