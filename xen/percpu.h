/* SPDX-License-Identifier: MIT */
/*
 * The layer's area of each CPU. The entry code knows the offsets of the first words: XEN_PERCPU_*
 * below, checked here.
 */
#ifndef PINFOLD_XEN_PERCPU_H
#define PINFOLD_XEN_PERCPU_H

#define XEN_PERCPU_SELF         0
#define XEN_PERCPU_VCPU_INFO    8
#define XEN_PERCPU_KERNEL_STACK 16
#define XEN_PERCPU_SCRATCH      24
#define XEN_PERCPU_IRET_COUNT   32

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <port/percpu.h>

#include <xen/xen.h>
#include <xen/vcpu.h>

#include "arch/x86/units.h"
#include "xen/config.h"
#include "xen/counters.h"
#include "xen/mc_buffer.h"

struct pt_space;

enum xen_lazy_mode {
	XEN_LAZY_NONE,
	XEN_LAZY_MMU, /* page-table updates collect */
	XEN_LAZY_CPU, /* a context switch collects */
};

struct xen_cpu {
	/* Known to the entry code; 8 bytes each in both widths. */
	union {
		struct xen_cpu *self;
		uint64_t self_word;
	};
	union {
		struct vcpu_info *vcpu_info;
		uint64_t vcpu_info_word;
	};
	union {
		void *kernel_stack; /* top, for the next entry from user mode */
		uint64_t kernel_stack_word;
	};
	uint64_t scratch;
	uint64_t iret_count;

	vcpu_t id;
	struct mc_buffer mc;
	enum xen_lazy_mode lazy;

	/* Which space this CPU was asked to run on, and the one it is known to run on: the
	 * latter is set only when the hypercall that loads it has completed. NULL: the kernel's
	 * own. */
	struct pt_space *space_asked;
	struct pt_space *space_actual;

	/* Translations of space_actual that the open batch makes stale. */
	uint32_t flush_page_count;
	vaddr_t flush_page;

	uint64_t user_fs_base, user_gs_base;
	uint64_t timer_deadline_ns;
	uint32_t event_next_word; /* where the event scan starts */

	struct vcpu_runstate_info runstate;
	struct xen_counters counters;
};

#define XEN_PERCPU_CHECK(member, offset) \
	_Static_assert(offsetof(struct xen_cpu, member) == (offset), "known to the entry code")
XEN_PERCPU_CHECK(self, XEN_PERCPU_SELF);
XEN_PERCPU_CHECK(vcpu_info, XEN_PERCPU_VCPU_INFO);
XEN_PERCPU_CHECK(kernel_stack, XEN_PERCPU_KERNEL_STACK);
XEN_PERCPU_CHECK(scratch, XEN_PERCPU_SCRATCH);
XEN_PERCPU_CHECK(iret_count, XEN_PERCPU_IRET_COUNT);

extern struct xen_cpu xen_cpus[XEN_CPU_COUNT_MAX];

/* The calling CPU's area. Stable only while the caller cannot move to another CPU. */
static inline struct xen_cpu *this_cpu(void)
{
	return port_this_cpu();
}

#endif
#endif
