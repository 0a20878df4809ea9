/* SPDX-License-Identifier: MIT */
/*
 * The word of a spin lock as in the guest, with a schedule point in each step. The vcpus take
 * turns on one thread.
 */
#ifndef PINFOLD_PORT_SPINLOCK_H
#define PINFOLD_PORT_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <port/schedule.h>

/* The next ticket in the upper half, the served one in the lower. */
struct spinlock {
	uint32_t word;
};

/* The schedule decides how much happens before a look; the one before the sleep is enough. */
#define PORT_SPIN_COUNT 0u

#define PORT_TICKET_ONE 0x10000u

static inline bool port_ticket_held(const struct spinlock *lock)
{
	return (uint16_t)(lock->word >> 16) != (uint16_t)lock->word;
}

static inline bool port_ticket_take(struct spinlock *lock, uint16_t *ticket)
{
	port_schedule_point("lock");
	uint32_t old = lock->word;

	lock->word = old + PORT_TICKET_ONE;
	*ticket = (uint16_t)(old >> 16);
	if (*ticket != (uint16_t)old) {
		port_lock_wanted(lock);
		return false;
	}
	port_lock_taken(lock);
	return true;
}

static inline bool port_ticket_try(struct spinlock *lock)
{
	port_schedule_point("trylock");
	if (port_ticket_held(lock))
		return false;
	lock->word += PORT_TICKET_ONE;
	port_lock_taken(lock);
	return true;
}

static inline bool port_ticket_pass(struct spinlock *lock, uint16_t *next)
{
	port_schedule_point("unlock");
	*next = (uint16_t)(lock->word + 1);
	lock->word = (lock->word & 0xffff0000u) | *next;
	port_lock_dropped(lock);
	return port_ticket_held(lock);
}

/* Asked until it is true, which takes the lock. */
static inline bool port_ticket_served(const struct spinlock *lock, uint16_t ticket)
{
	port_schedule_point("look at a lock");
	if ((uint16_t)lock->word != ticket)
		return false;
	port_lock_taken(lock);
	return true;
}

/* Supplied by the hosted program: returns when the ticket is served. */
void port_spin_wait(const struct spinlock *lock, uint16_t ticket);

#endif
