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

#define CPUID_1_ECX_XSAVE         (1u << 26)
#define CR4_OSXSAVE               (1ul << 18)
#define LEAF_XSAVE                0xdu
#define LEAF_XSAVE_1_EAX_XSAVEOPT 1u
/* Components we hand to user mode: x87, SSE, AVX, AVX-512. */
#define COMPONENTS         0xe7u
#define MXCSR_OFFSET       24u
#define MXCSR_MASK_OFFSET  28u
#define MXCSR_MASK_DEFAULT 0xffbfu /* where the CPU says 0 */
#define FXSAVE_BYTES       512u
#define XSAVE_HEADER_BYTES 64u

static struct {
	bool xsave, xsaveopt;
	uint32_t bytes;
	uint64_t features;
	uint32_t control_mask;
} fpu;

/* The bits of MXCSR that the CPU has: it says so in what it saves. */
static uint32_t read_control_mask(void)
{
	static _Alignas(64) char area[FXSAVE_BYTES];
	uint32_t mask = 0;

	if (cpu_fxsave(area))
		memcpy(&mask, area + MXCSR_MASK_OFFSET, sizeof(mask));
	return mask != 0 ? mask : MXCSR_MASK_DEFAULT;
}

/* What fpu_reset() loads: where the header names no component the CPU reads no more. */
static _Alignas(64) char initial[FXSAVE_BYTES + XSAVE_HEADER_BYTES];

static void fill_initial(void *area, size_t bytes)
{
	uint16_t control = 0x037f; /* the state that FNINIT sets */
	uint32_t mxcsr = 0x1f80;   /* all exceptions masked */

	memset(area, 0, bytes);
	memcpy(area, &control, sizeof(control));
	memcpy((char *)area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

void fpu_init(void)
{
	fill_initial(initial, sizeof(initial));
	fpu.control_mask = read_control_mask();
	fpu.xsave = port_cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE;
	fpu.bytes = FXSAVE_BYTES;
	if (!fpu.xsave)
		return;
	/* A vcpu starts with x87 and SSE enabled, and the instructions work, though its CR4 does
	 * not say so; what CPUID says of an area's size counts only behind the first xsetbv. */
	port_write_cr4(port_read_cr4() | CR4_OSXSAVE);
	port_xsetbv(port_cpuid(LEAF_XSAVE, 0).eax & COMPONENTS);
	fpu.features = port_xgetbv();
	fpu.xsaveopt = port_cpuid(LEAF_XSAVE, 1).eax & LEAF_XSAVE_1_EAX_XSAVEOPT;
	fpu.bytes = port_cpuid(LEAF_XSAVE, 0).ebx; /* for what XCR0 enables now */
	if (fpu.bytes < FXSAVE_BYTES + XSAVE_HEADER_BYTES)
		host_panic("fpu: CPUID does not say how large an area is");
}

uint32_t fpu_area_bytes(void)
{
	return fpu.bytes;
}

uint32_t fpu_control_mask(void)
{
	return fpu.control_mask;
}

uint64_t fpu_features(void)
{
	return fpu.features;
}

void fpu_init_area(void *area)
{
	fill_initial(area, fpu.bytes);
}

void fpu_save(void *area)
{
	bool saved;

	if (fpu.xsaveopt)
		saved = cpu_xsaveopt(area);
	else
		saved = fpu.xsave ? cpu_xsave(area) : cpu_fxsave(area);
	if (!saved)
		host_panic("fpu: the area of a task cannot be written");
}

bool fpu_save_user(void *area)
{
	return fpu.xsave ? cpu_xsave(area) : cpu_fxsave(area);
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

void fpu_reset(void)
{
	fpu_restore(initial);
}

void fpu_set_trap(bool trap)
{
	const unsigned long args[5] = {trap};
	struct mc_batch batch = mc_begin();

	mc_call(&batch, __HYPERVISOR_fpu_taskswitch, args, NULL, 0, 0);
	mc_commit(&batch);
}
