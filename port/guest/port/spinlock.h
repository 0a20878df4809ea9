/* SPDX-License-Identifier: MIT */
/*
 * The word of a spin lock and the steps on it. How one waits is the layer's affair:
 * xen/pv_lock.h.
 *
 * A ticket lock: the upper half of the word is the next ticket to be given out, the lower half the
 * one that is served. Zero is free. Up to 65535 may wait.
 */
#ifndef PINFOLD_PORT_SPINLOCK_H
#define PINFOLD_PORT_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <port/cpu.h>

struct spinlock {
	uint32_t word;
};

/* How often a waiter looks before it sleeps: not much longer than a sleep and its end cost, as with
 * more vcpus than processors a longer look only takes time from the holder. */
#define PORT_SPIN_COUNT 128u

#define PORT_TICKET_ONE 0x10000u

/* Draw a ticket: true if it is served at once, and the lock so the caller's. */
static inline bool port_ticket_take(struct spinlock *lock, uint16_t *ticket)
{
	uint32_t old = __atomic_fetch_add(&lock->word, PORT_TICKET_ONE, __ATOMIC_SEQ_CST);

	*ticket = (uint16_t)(old >> 16);
	return *ticket == (uint16_t)old;
}

/* Draw one only if it is served at once. */
static inline bool port_ticket_try(struct spinlock *lock)
{
	uint32_t old = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

	return (uint16_t)(old >> 16) == (uint16_t)old &&
	       __atomic_compare_exchange_n(&lock->word, &old, old + PORT_TICKET_ONE, false,
	                                   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* The holder passes the lock on to the next ticket, `*next`: true if that is given out already.
 * A full barrier: what is read after it was not read before. */
static inline bool port_ticket_pass(struct spinlock *lock, uint16_t *next)
{
	/* The lower half is the holder's to change; its last step must not carry into the upper. */
	uint32_t word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
	uint32_t step = (uint16_t)word == UINT16_MAX ? 1u - PORT_TICKET_ONE : 1u;
	uint32_t now = __atomic_add_fetch(&lock->word, step, __ATOMIC_SEQ_CST);

	*next = (uint16_t)now;
	return *next != (uint16_t)(now >> 16);
}

/* Whether a ticket is served. */
static inline bool port_ticket_served(const struct spinlock *lock, uint16_t ticket)
{
	return (uint16_t)__atomic_load_n(&lock->word, __ATOMIC_ACQUIRE) == ticket;
}

/* Whether anyone holds it. For checks: the answer may be old. */
static inline bool port_ticket_held(const struct spinlock *lock)
{
	uint32_t word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

	return (uint16_t)(word >> 16) != (uint16_t)word;
}

/* A moment, or all, of the wait until a ticket is served. */
static inline void port_spin_wait(const struct spinlock *lock, uint16_t ticket)
{
	(void)lock, (void)ticket;
	port_relax();
}

#endif
