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
#define XEN_PERCPU_PLACED_INFO  64

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <port/memory.h>
#include <port/percpu.h>

#include <xen/xen.h>
#include <xen/vcpu.h>

#include "arch/x86/units.h"
#include "xen/config.h"
#include "xen/counters.h"
#include "xen/ipi_inbox.h"
#include "xen/mc_buffer.h"

struct pt_space;

enum xen_lazy_mode {
	XEN_LAZY_NONE,
	XEN_LAZY_MMU, /* page-table updates collect */
	XEN_LAZY_CPU, /* a context switch collects */
};

/* What a CPU sleeps for (xen/pv_lock.h); the one who wakes it reads this. */
struct lock_wait {
	unsigned long lock; /* address; 0: nothing */
	uint32_t ticket;
	port_t port; /* that wakes it; 0: not bound */
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

	/* Where Xen keeps this vcpu's flags, once it has agreed (vcpu_info.h); never across a
	 * page, as the areas are aligned. */
	_Alignas(64) struct vcpu_info placed_vcpu_info;

	vcpu_t id;
	pfn_t gdt; /* its own, if it has one: secondaries, and the first with the second */
	bool has_gdt;
	volatile uint32_t starts; /* times that it has come up */
	bool initialised;         /* Xen has what it starts from */
	void *restart_stack;      /* where it begins when it comes up again */
	void *host_data;          /* the kernel's own area of this CPU */
	unsigned long host_marks; /* set by the kernel's event handlers here, taken by it here */
	struct mc_buffer mc;
	enum xen_lazy_mode lazy;

	/* Which space this CPU was asked to run on, and the one it is known to run on: the
	 * latter is set only when the hypercall that loads it has completed. NULL: the kernel's
	 * own. */
	struct pt_space *space_asked;
	struct pt_space *space_actual;

	/* Translations of one space that the open batch makes stale. */
	const struct pt_space *flush_space;
	uint32_t flush_page_count;
	vaddr_t flush_page;

	uint64_t user_fs_base, user_gs_base;
	uint64_t timer_deadline_ns;
	port_t timer_port;
	uint32_t event_next_word; /* where the event scan starts */
	/* The ports that notify this vcpu. Those of other vcpus lie in the same shared words. */
	unsigned long event_ports[XEN_PORT_COUNT_MAX / XEN_WORD_BITS];
	struct ipi_inbox ipi;
	struct lock_wait lock_wait;

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
XEN_PERCPU_CHECK(placed_vcpu_info, XEN_PERCPU_PLACED_INFO);

extern struct xen_cpu xen_cpus[XEN_CPU_COUNT_MAX];

/* The vcpus that take part, one bit each: set by a vcpu when it can take events, cleared when it is
 * about to stop. */
extern volatile unsigned long xen_online_mask;

static inline unsigned long xen_cpu_bit(const struct xen_cpu *cpu)
{
	return 1ul << cpu->id.v;
}

/* The calling CPU's area. Stable only while the caller cannot move to another CPU. */
static inline struct xen_cpu *this_cpu(void)
{
	return port_this_cpu();
}

#endif
#endif
