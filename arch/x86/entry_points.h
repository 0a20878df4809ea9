/* SPDX-License-Identifier: MIT */
/*
 * Where Xen enters the kernel: the stubs of the width's entry.S, and which vector each is for.
 */
#ifndef PINFOLD_ARCH_X86_ENTRY_POINTS_H
#define PINFOLD_ARCH_X86_ENTRY_POINTS_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/callback.h>
#include <xen/xen.h>

#define ENTRY_TRAP_COUNT 20u

typedef void entry_stub(void);

struct entry_trap {
	uint8_t vector;
	bool from_user; /* user mode may use the gate by instruction: int3, into, int 0x80 */
	entry_stub *entry;
};

extern const struct entry_trap entry_traps[ENTRY_TRAP_COUNT];

entry_stub entry_upcall, entry_failsafe, entry_nmi;

/* A callback's address as this width writes it. */
void entry_callback_address(xen_callback_t *address, entry_stub *stub);

/* Register what this width has for the syscall instruction; nothing on i386. */
void entry_register_syscall(void (*register_callback)(uint16_t type, entry_stub *stub,
                                                      uint16_t flags));

#endif
