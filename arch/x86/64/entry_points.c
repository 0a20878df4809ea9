/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 entry points: see entry_points.h.
 */
#include "arch/x86/entry_points.h"

#include "arch/x86/frame.h"

entry_stub entry_divide_error, entry_debug, entry_breakpoint, entry_overflow, entry_bound,
    entry_invalid_opcode, entry_no_device, entry_double_fault, entry_invalid_tss, entry_no_segment,
    entry_stack_segment, entry_general_protection, entry_page_fault, entry_fpu_error,
    entry_alignment, entry_machine_check, entry_simd_error, entry_virtualization,
    entry_control_protection, entry_int80, entry_syscall;

const struct entry_trap entry_traps[ENTRY_TRAP_COUNT] = {
    {TRAP_DIVIDE_ERROR, false, entry_divide_error},
    {TRAP_DEBUG, false, entry_debug},
    {TRAP_BREAKPOINT, true, entry_breakpoint},
    {TRAP_OVERFLOW, true, entry_overflow},
    {TRAP_BOUND, false, entry_bound},
    {TRAP_INVALID_OPCODE, false, entry_invalid_opcode},
    {TRAP_NO_DEVICE, false, entry_no_device},
    {TRAP_DOUBLE_FAULT, false, entry_double_fault},
    {TRAP_INVALID_TSS, false, entry_invalid_tss},
    {TRAP_NO_SEGMENT, false, entry_no_segment},
    {TRAP_STACK_SEGMENT, false, entry_stack_segment},
    {TRAP_GENERAL_PROTECTION, false, entry_general_protection},
    {TRAP_PAGE_FAULT, false, entry_page_fault},
    {TRAP_FPU_ERROR, false, entry_fpu_error},
    {TRAP_ALIGNMENT, false, entry_alignment},
    {TRAP_MACHINE_CHECK, false, entry_machine_check},
    {TRAP_SIMD_ERROR, false, entry_simd_error},
    {TRAP_VIRTUALIZATION, false, entry_virtualization},
    {TRAP_CONTROL_PROTECTION, false, entry_control_protection},
    {TRAP_INT80, true, entry_int80},
};

void entry_callback_address(xen_callback_t *address, entry_stub *stub)
{
	*address = (xen_callback_t)stub;
}

void entry_register_syscall(void (*register_callback)(uint16_t type, entry_stub *stub,
                                                      uint16_t flags))
{
	register_callback(CALLBACKTYPE_syscall, entry_syscall, CALLBACKF_mask_events);
}
