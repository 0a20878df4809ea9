/* SPDX-License-Identifier: MIT */
/*
 * User mode's extended state. Saved and restored eagerly, without a hypercall: contracts in
 * pv/cpu.h.
 */
#ifndef PINFOLD_XEN_FPU_H
#define PINFOLD_XEN_FPU_H

#include <stdbool.h>
#include <stdint.h>

/* Boot: which instructions the CPU has, and how large an area is. */
void fpu_init(void);

uint32_t fpu_area_bytes(void);
uint64_t fpu_features(void);
uint32_t fpu_control_mask(void);
void fpu_init_area(void *area);
void fpu_reset(void);
void fpu_save(void *area);
bool fpu_save_user(void *area);
void fpu_restore(const void *area);
bool fpu_restore_user(const void *area);

/* Make the next use of the FPU trap (vector 7), or not: for a kernel that switches state lazily.
 * Queued. */
void fpu_set_trap(bool trap);

#endif
