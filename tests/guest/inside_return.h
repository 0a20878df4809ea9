/* SPDX-License-Identifier: MIT */
/*
 * Entries inside the last instructions of a return to the kernel (arch/x86/64/entry.S), as Xen
 * would make them.
 */
#ifndef PINFOLD_TESTS_GUEST_INSIDE_RETURN_H
#define PINFOLD_TESTS_GUEST_INSIDE_RETURN_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#define INSIDE_RESULTS 11u

/* The stub that is entered, and the flags that the frame of that entry has (IF: events were
 * enabled there). */
extern void (*entry_inside)(void);
extern uint64_t entry_inside_flags;

/* user_code.S: as if `entry_inside` came at `rip` of the return to here, with events enabled and
 * the return path's rax on the stack or restored. What the registers hold in the end, and how far
 * the stack pointer is off. */
void enter_inside_return(uintptr_t rip, bool rax_on_stack, uint64_t result[INSIDE_RESULTS],
                         struct vcpu_info *info);
extern char critical_start[], critical_iret[], critical_end[], rest_of_return[];

/* The results are those of a return that nothing came into. */
void check_inside_results(const uint64_t result[INSIDE_RESULTS]);

#endif
