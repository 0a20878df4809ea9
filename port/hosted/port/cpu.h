/* SPDX-License-Identifier: MIT */
/*
 * The processor's instructions, supplied by the hosted program as far as what it links uses them.
 */
#ifndef PINFOLD_PORT_CPU_H
#define PINFOLD_PORT_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include <port/schedule.h>

struct port_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

struct port_cpuid port_cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t port_tsc(void);

static inline uint64_t port_tsc_relaxed(void)
{
	return port_tsc();
}

static inline void port_barrier_full(void)
{
	port_schedule_point("full barrier");
	__sync_synchronize();
}

static inline void port_relax(void)
{
	port_schedule_point("relax");
}

/* Another vcpu must go on before this one can: returns when something has run since. */
void port_spin_pause(const char *why);

uint8_t port_in8(uint16_t port);
void port_out8(uint16_t port, uint8_t value);
uint32_t port_in32(uint16_t port);
void port_out32(uint16_t port, uint32_t value);

unsigned long port_read_cr4(void);
void port_write_cr4(unsigned long value);
void port_xsetbv(uint64_t value);
uint64_t port_xgetbv(void);

uint64_t port_read_fs_base(void);
void port_write_fs_base(uint64_t base);

#endif
