/* SPDX-License-Identifier: MIT */
/*
 * Memory that is shared with Xen or walked by the CPU: page-table entries, flags, event words. The
 * hosted build has a schedule point in each of these.
 */
#ifndef PINFOLD_PORT_MEMORY_H
#define PINFOLD_PORT_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Where every frame of the guest's memory is mapped, in order of pfn. */
#ifdef __x86_64__
#define PORT_DIRECT_MAP_BASE 0xffff880000000000ul
#else
#define PORT_DIRECT_MAP_BASE 0xc0000000ul
#endif

static inline uint64_t port_load64(const volatile uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline uint32_t port_load32(const volatile uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void port_store32(volatile uint32_t *p, uint32_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

static inline void port_store64(volatile uint64_t *p, uint64_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

/* A 64-bit entry that the CPU may walk at any time, in two stores: the half with the present bit
 * goes last when it is set, and first when it is cleared. */
static inline void port_store_pte_halves(volatile uint32_t half[2], uint64_t value)
{
	if (value & 1) {
		half[1] = (uint32_t)(value >> 32);
		__asm__ volatile("" ::: "memory");
		half[0] = (uint32_t)value;
	} else {
		half[0] = (uint32_t)value;
		__asm__ volatile("" ::: "memory");
		half[1] = (uint32_t)(value >> 32);
	}
}

/* The same in one store of 64 bits where there is one. */
static inline void port_store_pte64(volatile void *entry, uint64_t value)
{
#ifdef __x86_64__
	*(volatile uint64_t *)entry = value;
#else
	port_store_pte_halves(entry, value);
#endif
}

/* As above in one atomic step, and the old value. */
static inline uint64_t port_exchange_pte64(volatile void *entry, uint64_t value)
{
	return __atomic_exchange_n((volatile uint64_t *)entry, value, __ATOMIC_SEQ_CST);
}

static inline uint16_t port_load16(const volatile uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* Replace `old` by `value`; false, and nothing changed, if it was not `old`. */
static inline bool port_replace16(volatile uint16_t *p, uint16_t old, uint16_t value)
{
	return __atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_SEQ_CST,
	                                   __ATOMIC_SEQ_CST);
}

static inline uint8_t port_load8(const volatile uint8_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void port_store8(volatile uint8_t *p, uint8_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

/* Words of the event bitmaps, which Xen changes with locked instructions at the same time. */
static inline unsigned long port_load_word(const volatile unsigned long *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline unsigned long port_exchange_word(volatile unsigned long *p, unsigned long value)
{
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

/* Replace `old` by `value`; false, and nothing changed, if it was not `old`. */
static inline bool port_replace_word(volatile unsigned long *p, unsigned long old,
                                     unsigned long value)
{
	return __atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_SEQ_CST,
	                                   __ATOMIC_SEQ_CST);
}

static inline unsigned long port_and_word(volatile unsigned long *p, unsigned long mask)
{
	return __atomic_fetch_and(p, mask, __ATOMIC_SEQ_CST);
}

static inline unsigned long port_or_word(volatile unsigned long *p, unsigned long mask)
{
	return __atomic_fetch_or(p, mask, __ATOMIC_SEQ_CST);
}

/* Orders this CPU's stores and loads as the compiler sees them: Xen looks from the same CPU. */
static inline void port_compiler_barrier(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Read a word that may not be mapped: false if it is not. */
bool port_read_safe(const void *address, unsigned long *value);

#endif
