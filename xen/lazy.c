/* SPDX-License-Identifier: MIT */
/*
 * Lazy modes: see lazy.h. The token lives in the CPU's area as only one can be open there.
 */
#include "xen/lazy.h"

#include "xen/hooks.h"
#include "xen/tlb.h"

static struct mc_batch held[XEN_CPU_COUNT_MAX];

void xen_lazy_enter(enum xen_lazy_mode mode)
{
	struct mc_batch batch = mc_begin();
	struct xen_cpu *cpu = this_cpu();

	if (cpu->lazy != XEN_LAZY_NONE)
		host_panic("lazy mode entered twice");
	held[cpu->id.v] = batch;
	cpu->lazy = mode;
}

void xen_lazy_leave(enum xen_lazy_mode mode)
{
	struct xen_cpu *cpu = this_cpu();

	if (cpu->lazy != mode || mode == XEN_LAZY_NONE)
		host_panic("lazy mode left without entering it");
	tlb_settle(&held[cpu->id.v]);
	cpu->lazy = XEN_LAZY_NONE;
	mc_commit(&held[cpu->id.v]);
}

struct mc_batch *xen_lazy_batch(void)
{
	return &held[this_cpu()->id.v];
}

void xen_lazy_flush(void)
{
	enum xen_lazy_mode mode = this_cpu()->lazy;

	if (mode == XEN_LAZY_NONE)
		return;
	xen_lazy_leave(mode);
	xen_lazy_enter(mode);
}
