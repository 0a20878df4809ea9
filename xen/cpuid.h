/* SPDX-License-Identifier: MIT */
/*
 * CPUID for a PV guest: Xen's answer with everything hidden that the guest must not use.
 */
#ifndef PINFOLD_XEN_CPUID_H
#define PINFOLD_XEN_CPUID_H

#include <stdint.h>

struct cpuid_regs {
	uint32_t eax, ebx, ecx, edx;
};

/* A pure function of the question and the raw answer. */
struct cpuid_regs cpuid_filter(uint32_t leaf, uint32_t subleaf, struct cpuid_regs raw);

struct cpuid_regs xen_cpuid(uint32_t leaf, uint32_t subleaf);

#endif
