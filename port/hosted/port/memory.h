/* SPDX-License-Identifier: MIT */
/*
 * Memory that is shared with Xen or walked by the CPU, with a schedule point before each access.
 *
 * The direct map lies wherever the hosted program has put the guest's memory.
 */
#ifndef PINFOLD_PORT_MEMORY_H
#define PINFOLD_PORT_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <port/schedule.h>

extern uintptr_t port_direct_map_base;
#define PORT_DIRECT_MAP_BASE port_direct_map_base

static inline uint64_t port_load64(const volatile uint64_t *p)
{
	port_schedule_point("load64");
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline uint32_t port_load32(const volatile uint32_t *p)
{
	port_schedule_point("load32");
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline void port_store32(volatile uint32_t *p, uint32_t value)
{
	port_schedule_point("store32");
	__atomic_store_n(p, value, __ATOMIC_SEQ_CST);
}

static inline void port_store64(volatile uint64_t *p, uint64_t value)
{
	port_schedule_point("store64");
	__atomic_store_n(p, value, __ATOMIC_SEQ_CST);
}

/* As on a CPU with 64-bit stores. */
static inline void port_store_pte64(volatile void *entry, uint64_t value)
{
	port_store64((volatile uint64_t *)entry, value);
}

static inline uint64_t port_exchange_pte64(volatile void *entry, uint64_t value)
{
	port_schedule_point("exchange64");
	return __atomic_exchange_n((volatile uint64_t *)entry, value, __ATOMIC_SEQ_CST);
}

static inline uint16_t port_load16(const volatile uint16_t *p)
{
	port_schedule_point("load16");
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline bool port_replace16(volatile uint16_t *p, uint16_t old, uint16_t value)
{
	port_schedule_point("replace16");
	return __atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_SEQ_CST,
	                                   __ATOMIC_SEQ_CST);
}

static inline uint8_t port_load8(const volatile uint8_t *p)
{
	port_schedule_point("load8");
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline void port_store8(volatile uint8_t *p, uint8_t value)
{
	port_schedule_point("store8");
	__atomic_store_n(p, value, __ATOMIC_SEQ_CST);
}

static inline unsigned long port_load_word(const volatile unsigned long *p)
{
	port_schedule_point("load word");
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline unsigned long port_exchange_word(volatile unsigned long *p, unsigned long value)
{
	port_schedule_point("exchange word");
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

static inline bool port_replace_word(volatile unsigned long *p, unsigned long old,
                                     unsigned long value)
{
	port_schedule_point("replace word");
	return __atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_SEQ_CST,
	                                   __ATOMIC_SEQ_CST);
}

static inline unsigned long port_and_word(volatile unsigned long *p, unsigned long mask)
{
	port_schedule_point("and word");
	return __atomic_fetch_and(p, mask, __ATOMIC_SEQ_CST);
}

static inline unsigned long port_or_word(volatile unsigned long *p, unsigned long mask)
{
	port_schedule_point("or word");
	return __atomic_fetch_or(p, mask, __ATOMIC_SEQ_CST);
}

/* Where the order of plain accesses matters, the world may change between them. */
static inline void port_compiler_barrier(void)
{
	port_schedule_point("barrier");
}

/* Supplied by the hosted program, which knows what counts as mapped. */
bool port_read_safe(const void *address, unsigned long *value);

#endif
