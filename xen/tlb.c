/* SPDX-License-Identifier: MIT */
/*
 * Flushes: see tlb.h. A CPU holds translations of the space it actually runs on and of no other:
 * a switch drops the old ones (space.c), and the mask of a space says who that is.
 */
#include "xen/tlb.h"

#include <port/memory.h>

#include "xen/percpu.h"
#include "xen/space.h"

static struct mmuext_op make(unsigned int command, vaddr_t va, const unsigned long *mask)
{
	struct mmuext_op op = {.cmd = command};
	struct xen_counters *counters = &this_cpu()->counters;

	if (command == MMUEXT_INVLPG_LOCAL || command == MMUEXT_INVLPG_MULTI ||
	    command == MMUEXT_INVLPG_ALL) {
		op.arg1.linear_addr = va.v;
		counters->flush_page++;
	} else {
		counters->flush_all++;
	}
	if (mask)
		set_xen_guest_handle(op.arg2.vcpumask, (const void *)mask);
	return op;
}

static void queue(struct mc_batch *batch, unsigned int command, vaddr_t va,
                  const unsigned long *mask)
{
	struct mmuext_op op = make(command, va, mask);

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

/* With one vcpu online, only that one holds translations; who brings up another waits for it. */
static bool alone(const struct xen_cpu *cpu)
{
	return port_load_word(&xen_online_mask) == xen_cpu_bit(cpu);
}

static bool held_here(const struct xen_cpu *cpu, const struct pt_space *space)
{
	/* The one asked for is in force by the time that what is queued now is carried out, and the
	 * switch to it drops what the CPU holds of another. */
	return space == &xen_kernel_space || cpu->space_asked == space;
}

/*
 * Who must drop it is known only when the change has been made: a vcpu may begin to use the space
 * meanwhile, and its load may come before the change. So Xen is given the space's own mask,
 * which it reads behind the changes of the same batch.
 */
static const unsigned long *live_mask(const struct pt_space *space)
{
	return (const unsigned long *)&space->cpus;
}

static struct mmuext_op page_op(const struct pt_space *space, vaddr_t va)
{
	if (alone(this_cpu()))
		return make(MMUEXT_INVLPG_LOCAL, va, NULL);
	if (space == &xen_kernel_space)
		return make(MMUEXT_INVLPG_ALL, va, NULL);
	return make(MMUEXT_INVLPG_MULTI, va, live_mask(space));
}

static void flush_page(struct mc_batch *batch, const struct pt_space *space, vaddr_t va)
{
	struct mmuext_op op = page_op(space, va);

	mc_mmuext(batch, &op);
}

bool tlb_page_op(const struct pt_space *space, vaddr_t va, struct mmuext_op *op)
{
	const struct xen_cpu *cpu = this_cpu();

	if (alone(cpu) && !held_here(cpu, space))
		return false;
	*op = page_op(space, va);
	return true;
}

static void flush(struct mc_batch *batch, const struct pt_space *space)
{
	if (alone(this_cpu()))
		tlb_flush_local(batch);
	else if (space == &xen_kernel_space)
		tlb_flush_all(batch);
	else
		tlb_flush_mask(batch, live_mask(space));
}

unsigned long tlb_page_flags(const struct pt_space *space)
{
	this_cpu()->counters.flush_page++;
	if (alone(this_cpu()))
		return UVMF_INVLPG | UVMF_LOCAL;
	if (space == &xen_kernel_space)
		return UVMF_INVLPG | UVMF_ALL;
	return UVMF_INVLPG | UVMF_MULTI | (unsigned long)live_mask(space);
}

void tlb_note_stale(struct mc_batch *batch, const struct pt_space *space, vaddr_t va)
{
	struct xen_cpu *cpu = this_cpu();

	if (alone(cpu) && !held_here(cpu, space))
		return;
	if (cpu->flush_space != space)
		tlb_settle(batch);
	cpu->flush_space = space;
	cpu->flush_page = va;
	cpu->flush_page_count++;
}

void tlb_note_all_stale(struct mc_batch *batch, const struct pt_space *space)
{
	/* Two addresses are as good as all. */
	tlb_note_stale(batch, space, (vaddr_t){0});
	tlb_note_stale(batch, space, (vaddr_t){0});
}

void tlb_settle(struct mc_batch *batch)
{
	struct xen_cpu *cpu = this_cpu();
	uint32_t count = cpu->flush_page_count;

	cpu->flush_page_count = 0;
	if (count == 0 || (alone(cpu) && !held_here(cpu, cpu->flush_space)))
		return;
	if (count == 1)
		flush_page(batch, cpu->flush_space, cpu->flush_page);
	else
		flush(batch, cpu->flush_space);
}

void xen_flush_space(struct pt_space *space)
{
	if (alone(this_cpu()) && !held_here(this_cpu(), space))
		return;
	/* With no batch open all changes have been made: who begins to use the space from here on
	 * loads what is new. */
	if (!mc_open() && space != &xen_kernel_space && port_load_word(&space->cpus) == 0)
		return;
	struct mc_batch batch = mc_begin();

	flush(&batch, space);
	mc_commit(&batch);
}
