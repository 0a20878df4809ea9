/* SPDX-License-Identifier: MIT */
/*
 * The hooks that the guest layer wants (xen/hooks.h), as small as they can be: one CPU, no memory
 * given back but page tables. Serves the minimal kernel and the kernels that test the layer on real
 * Xen.
 */
#ifndef PINFOLD_EXAMPLES_MINIMAL_HOST_H
#define PINFOLD_EXAMPLES_MINIMAL_HOST_H

#include <stdbool.h>

#include "arch/x86/frame.h"
#include "arch/x86/units.h"
#include "xen/hooks.h"

/* What the kernel does at an entry; NULL: it ends with a message. */
struct host_handlers {
	bool (*system_call)(struct cpu_frame *frame); /* as host_syscall() */
	bool (*trap)(struct cpu_frame *frame);        /* false: not mine */
	void (*nmi)(const struct cpu_frame *frame);   /* as host_nmi() */
	void (*secondary)(void);                      /* a vcpu has come up */
};

extern struct host_handlers host_handlers;

/* First thing in host_main(): frame records, and the layer's boot tables marked and checked. */
void host_memory_init(void);

/* Frames that are not free. */
unsigned long host_frames_used(void);

/* One line on the machine's console. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
