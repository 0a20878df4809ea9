/* SPDX-License-Identifier: MIT */
/*
 * The FS base by instruction: see fsbase.h.
 */
#include "arch/x86/fsbase.h"

#include <port/cpu.h>

#define CPUID_FEATURES       7u
#define CPUID_7_EBX_FSGSBASE (1u << 0)
#define CR4_FSGSBASE         (1ul << 16)

bool fsbase_usable;

void fsbase_detect(void)
{
	fsbase_usable = port_cpuid(0, 0).eax >= CPUID_FEATURES &&
	                (port_cpuid(CPUID_FEATURES, 0).ebx & CPUID_7_EBX_FSGSBASE);
	if (fsbase_usable)
		port_write_cr4(port_read_cr4() | CR4_FSGSBASE);
}

uint64_t fsbase_read(void)
{
	return port_read_fs_base();
}

void fsbase_write(uint64_t base)
{
	port_write_fs_base(base);
}
