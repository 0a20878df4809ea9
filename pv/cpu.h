/* SPDX-License-Identifier: MIT */
/*
 * Processor operations that need privilege, for the kernel. All are for the calling CPU.
 */
#ifndef PINFOLD_PV_CPU_H
#define PINFOLD_PV_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/frame.h"

struct pv_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* CPUID as the guest may see it: what a PV guest must not use is hidden. */
struct pv_cpuid pv_cpuid(uint32_t leaf, uint32_t subleaf);

/* Top of the kernel stack that the next entry from user mode shall use. Costs no hypercall. */
void pv_cpu_set_kernel_stack(void *top);

/* User mode's FS and GS bases. No hypercall where the CPU has the instructions or nothing changes. */
uint64_t pv_cpu_user_fs_base(void);
void pv_cpu_set_user_fs_base(uint64_t base);
uint64_t pv_cpu_user_gs_base(void);
void pv_cpu_set_user_gs_base(uint64_t base);

/* FPU, SSE and AVX state of user mode. The area has pv_fpu_area_bytes() bytes, aligned to 64. */
uint32_t pv_fpu_area_bytes(void);
void pv_fpu_init_area(void *area);
void pv_fpu_save(void *area);
void pv_fpu_restore(const void *area);
/* Restore a state that user mode could have written (signal return): false, and state unchanged, if the CPU refuses it. */
bool pv_fpu_restore_user(const void *area);

/* The faulting address of the page fault being handled. Read before events are enabled. */
uintptr_t pv_cpu_fault_address(void);

/* End the machine. They do not return. */
_Noreturn void pv_cpu_poweroff(void);
_Noreturn void pv_cpu_reboot(void);
_Noreturn void pv_cpu_crash(void);

#endif
