/* SPDX-License-Identifier: MIT */
/*
 * Processor operations that need privilege, for the kernel. All are for the calling CPU.
 */
#ifndef PINFOLD_PV_CPU_H
#define PINFOLD_PV_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include <port/cpu.h>

#include "arch/x86/frame.h"
#include "pv/ops.h"

/* CPUID as the guest may see it: what a PV guest must not use is hidden. */
static inline struct pv_cpuid pv_cpuid(uint32_t leaf, uint32_t subleaf)
{
	return pv_cpu_ops.cpuid(leaf, subleaf);
}

/* Top of the kernel stack that the next entry from user mode shall use. Costs no hypercall. */
static inline void pv_cpu_set_kernel_stack(void *top)
{
	pv_cpu_ops.set_kernel_stack(top);
}

/* User mode's FS and GS bases. No hypercall where the CPU has the instructions or nothing
 * changes. */
static inline uint64_t pv_cpu_user_fs_base(void)
{
	return pv_cpu_ops.user_fs_base();
}
static inline void pv_cpu_set_user_fs_base(uint64_t base)
{
	pv_cpu_ops.set_user_fs_base(base);
}
static inline uint64_t pv_cpu_user_gs_base(void)
{
	return pv_cpu_ops.user_gs_base();
}
static inline void pv_cpu_set_user_gs_base(uint64_t base)
{
	pv_cpu_ops.set_user_gs_base(base);
}

/* Whether setting these bases would enter the hypervisor, so that it pays to collect. */
static inline bool pv_cpu_bases_enter(uint64_t fs_base, uint64_t gs_base)
{
	return pv_cpu_ops.bases_enter(fs_base, gs_base);
}

/* FPU, SSE and AVX state of user mode. The area has pv_fpu_area_bytes() bytes, aligned to 64. */
static inline uint32_t pv_fpu_area_bytes(void)
{
	return pv_cpu_ops.fpu_area_bytes();
}
/* The components (bits of XCR0) whose state an area holds; 0: a plain FXSAVE image. */
static inline uint64_t pv_fpu_features(void)
{
	return pv_cpu_ops.fpu_features();
}
/* The bits of MXCSR that the CPU has; others make a restore fail. */
static inline uint32_t pv_fpu_control_mask(void)
{
	return pv_cpu_ops.fpu_control_mask();
}
static inline void pv_fpu_init_area(void *area)
{
	pv_cpu_ops.fpu_init_area(area);
}
/* The CPU takes the initial state. A save may follow to any area that holds a state, or is
 * initial. */
static inline void pv_fpu_reset(void)
{
	pv_cpu_ops.fpu_reset();
}
/* Save to where the running state was restored from last, or to an area that is initial. */
static inline void pv_fpu_save(void *area)
{
	pv_cpu_ops.fpu_save(area);
}
/* Save to any area, a program's memory too (aligned to 64, the 64 bytes behind the first 512 are
 * zero): false if it cannot be written. */
static inline bool pv_fpu_save_user(void *area)
{
	return pv_cpu_ops.fpu_save_user(area);
}
static inline void pv_fpu_restore(const void *area)
{
	pv_cpu_ops.fpu_restore(area);
}
/* Restore a state that user mode could have written (signal return): false, and state unchanged,
 * if the CPU refuses it. */
static inline bool pv_fpu_restore_user(const void *area)
{
	return pv_cpu_ops.fpu_restore_user(area);
}

/* The faulting address of the page fault being handled. Read before events are enabled. */
static inline uintptr_t pv_cpu_fault_address(void)
{
	return pv_cpu_ops.fault_address();
}

/* One turn of a loop that waits for another CPU: a pause, or the processor's time given to the CPUs
 * that the hypervisor has not got round to. Events may be taken in the latter. */
static inline void pv_cpu_relax(void)
{
	port_relax();
}
static inline void pv_cpu_yield(void)
{
	pv_cpu_ops.yield();
}

/* End the machine. They do not return. */
_Noreturn static inline void pv_cpu_poweroff(void)
{
	pv_cpu_ops.poweroff();
	__builtin_unreachable();
}
_Noreturn static inline void pv_cpu_reboot(void)
{
	pv_cpu_ops.reboot();
	__builtin_unreachable();
}
_Noreturn static inline void pv_cpu_crash(void)
{
	pv_cpu_ops.crash();
	__builtin_unreachable();
}

#endif
