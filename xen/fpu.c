/* SPDX-License-Identifier: MIT */
/*
 * Extended state: see fpu.h. The layout of an area is the processor's (FXSAVE image, XSAVE header,
 * components).
 */
#include "xen/fpu.h"

#include <stdint.h>

#include <port/cpu.h>

#include <xen/xen.h>

#include "arch/x86/fpu.h"
#include "lib/string.h"
#include "xen/hooks.h"
#include "xen/multicall.h"

#define CPUID_1_ECX_XSAVE (1u << 26)
#define CR4_OSXSAVE       (1ul << 18)
#define LEAF_XSAVE        0xdu
/* Components we hand to user mode: x87, SSE, AVX, AVX-512. */
#define COMPONENTS         0xe7u
#define FXSAVE_BYTES       512u
#define XSAVE_HEADER_BYTES 64u

static struct {
	bool xsave;
	uint32_t bytes;
} fpu;

void fpu_init(void)
{
	fpu.xsave = port_cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE;
	fpu.bytes = FXSAVE_BYTES;
	if (!fpu.xsave)
		return;
	/* Xen starts a vcpu with the instructions off and the x87 alone enabled, whatever CPUID
	 * says of OSXSAVE. */
	port_write_cr4(port_read_cr4() | CR4_OSXSAVE);
	port_xsetbv(port_cpuid(LEAF_XSAVE, 0).eax & COMPONENTS);
	fpu.bytes = port_cpuid(LEAF_XSAVE, 0).ebx; /* for what XCR0 enables now */
}

uint32_t fpu_area_bytes(void)
{
	return fpu.bytes;
}

uint64_t fpu_features(void)
{
	return fpu.xsave ? port_xgetbv() : 0;
}

void fpu_init_area(void *area)
{
	uint16_t control = 0x037f; /* the state that FNINIT sets */
	uint32_t mxcsr = 0x1f80;   /* all exceptions masked */

	memset(area, 0, fpu.bytes);
	memcpy(area, &control, sizeof(control));
	memcpy((char *)area + 24, &mxcsr, sizeof(mxcsr));
}

void fpu_save(void *area)
{
	if (fpu.xsave)
		cpu_xsave(area);
	else
		cpu_fxsave(area);
}

bool fpu_restore_user(const void *area)
{
	return fpu.xsave ? cpu_xrstor(area) : cpu_fxrstor(area);
}

void fpu_restore(const void *area)
{
	if (!fpu_restore_user(area))
		host_panic("fpu: the CPU refuses a state that it saved itself");
}

void fpu_set_trap(bool trap)
{
	const unsigned long args[5] = {trap};
	struct mc_batch batch = mc_begin();

	mc_call(&batch, __HYPERVISOR_fpu_taskswitch, args, NULL, 0, 0);
	mc_commit(&batch);
}
