/* SPDX-License-Identifier: MIT */
/*
 * Flushes: see tlb.h. A CPU holds translations of the space it actually runs on and of no other:
 * loading a base pointer drops the old ones, and there is no PCID for a PV guest.
 */
#include "xen/tlb.h"

#include "xen/percpu.h"
#include "xen/space.h"

static void queue(struct mc_batch *batch, unsigned int command, vaddr_t va,
                  const unsigned long *mask)
{
	struct mmuext_op op = {.cmd = command};
	struct xen_counters *counters = &this_cpu()->counters;

	if (command == MMUEXT_INVLPG_LOCAL || command == MMUEXT_INVLPG_MULTI ||
	    command == MMUEXT_INVLPG_ALL) {
		op.arg1.linear_addr = va.v;
		counters->flush_page++;
	} else {
		counters->flush_local++;
	}
	if (mask)
		set_xen_guest_handle(op.arg2.vcpumask, (const void *)mask);
	mc_mmuext(batch, &op);
}

void tlb_flush_local(struct mc_batch *batch)
{
	queue(batch, MMUEXT_TLB_FLUSH_LOCAL, (vaddr_t){0}, NULL);
}

void tlb_flush_page_local(struct mc_batch *batch, vaddr_t va)
{
	queue(batch, MMUEXT_INVLPG_LOCAL, va, NULL);
}

void tlb_flush_mask(struct mc_batch *batch, const unsigned long *vcpu_mask)
{
	queue(batch, MMUEXT_TLB_FLUSH_MULTI, (vaddr_t){0}, vcpu_mask);
}

void tlb_flush_page_mask(struct mc_batch *batch, vaddr_t va, const unsigned long *vcpu_mask)
{
	queue(batch, MMUEXT_INVLPG_MULTI, va, vcpu_mask);
}

void tlb_flush_all(struct mc_batch *batch)
{
	queue(batch, MMUEXT_TLB_FLUSH_ALL, (vaddr_t){0}, NULL);
}

void tlb_flush_page_all(struct mc_batch *batch, vaddr_t va)
{
	queue(batch, MMUEXT_INVLPG_ALL, va, NULL);
}

static bool may_hold(const struct xen_cpu *cpu, const struct pt_space *space)
{
	/* The one asked for is in force by the time that what is queued now is carried out. */
	return space == &xen_kernel_space || cpu->space_actual == space ||
	       cpu->space_asked == space;
}

void tlb_note_stale(const struct pt_space *space, vaddr_t va)
{
	struct xen_cpu *cpu = this_cpu();

	if (!may_hold(cpu, space))
		return;
	cpu->flush_page = va;
	cpu->flush_page_count++;
}

void tlb_settle(struct mc_batch *batch)
{
	struct xen_cpu *cpu = this_cpu();

	if (cpu->flush_page_count == 1)
		tlb_flush_page_local(batch, cpu->flush_page);
	else if (cpu->flush_page_count > 1)
		tlb_flush_local(batch);
	cpu->flush_page_count = 0;
}

void xen_flush_space(struct pt_space *space)
{
	if (!may_hold(this_cpu(), space))
		return;
	struct mc_batch batch = mc_begin();

	tlb_flush_local(&batch);
	mc_commit(&batch);
}
