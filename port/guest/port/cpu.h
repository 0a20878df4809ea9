/* SPDX-License-Identifier: MIT */
/*
 * Single instructions of the processor. Each function is one of them.
 */
#ifndef PINFOLD_PORT_CPU_H
#define PINFOLD_PORT_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct port_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* CPUID as Xen answers it for this guest: the prefix makes Xen emulate the instruction. */
static inline struct port_cpuid port_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct port_cpuid r;

	__asm__ volatile("ud2a; .ascii \"xen\"; cpuid"
	                 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
	                 : "0"(leaf), "2"(subleaf));
	return r;
}

static inline uint64_t port_tsc(void)
{
	uint32_t low, high;

	/* lfence: the time records are read before, the counter after. */
	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

/* The same without waiting for earlier loads: for what is compared with itself only. */
static inline uint64_t port_tsc_relaxed(void)
{
	unsigned long low, high; /* as wide as the registers: no widening */

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline void port_barrier_full(void)
{
	__sync_synchronize();
}

static inline void port_relax(void)
{
	__builtin_ia32_pause();
}

/* One turn of a loop that waits for another CPU's store. */
static inline void port_spin_pause(const char *why)
{
	(void)why;
	__builtin_ia32_pause();
}

/* Port access; Xen emulates it for a domain that may. */
static inline uint8_t port_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline uint32_t port_in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

/* Control register 4 as Xen lets the guest see and set it. */
static inline unsigned long port_read_cr4(void)
{
	unsigned long value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static inline void port_write_cr4(unsigned long value)
{
	__asm__ volatile("mov %0, %%cr4" ::"r"(value));
}

/* Which components of extended state are enabled; Xen checks and carries it out. */
static inline void port_xsetbv(uint64_t value)
{
	__asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t port_xgetbv(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

#ifdef __x86_64__
static inline uint64_t port_read_fs_base(void)
{
	uint64_t base;

	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

static inline void port_write_fs_base(uint64_t base)
{
	__asm__ volatile("wrfsbase %0" ::"r"(base));
}
#endif

#endif
