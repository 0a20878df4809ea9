/* SPDX-License-Identifier: MIT */
/*
 * Segments: see segments.h. Bases are MSRs, which a PV guest sets by hypercall; where the CPU has
 * the FSGSBASE instructions and Xen lets us use them, FS needs none. A call in lazy CPU mode is
 * queued.
 */
#include "xen/segments.h"

#include <xen/errno.h>

#include "arch/x86/fsbase.h"
#include "arch/x86/segments.h"
#include "xen/direct_map.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/percpu.h"
#include "xen/space.h"
#include "xen/tlb.h"

int segments_load_gdt(const pfn_t *frames, unsigned int entry_count)
{
	unsigned long mfns[16];
	unsigned int frame_count = (entry_count + 511) / 512;

	if (frame_count > sizeof(mfns) / sizeof(mfns[0]))
		host_panic("segments: GDT too large");
	for (unsigned int i = 0; i < frame_count; i++)
		mfns[i] = p2m_mfn(frames[i]).v;
	return (int)xen_call2(__HYPERVISOR_set_gdt, (unsigned long)mfns, entry_count);
}

int segments_make_gdt(struct xen_cpu *cpu)
{
	/* Present, ring 3, data, read-only, accessed, 32 bits; the limit in bytes is the number. */
	const uint64_t number = 0x0040f10000000000ull | cpu->id.v;
	pfn_t frame;

	if (cpu->has_gdt)
		return 0;
	frame = host_table_alloc();
	if (pfn_is_none(frame))
		return -XEN_ENOMEM;
	((uint64_t *)xen_pfn_to_virt(frame))[SEGMENTS_CPU_SELECTOR >> 3] = number;
	if (xen_update_va(VADDR(xen_pfn_to_virt(frame)),
	                  pte_from_pfn(frame, PTE_PRESENT | PTE_ACCESSED | PTE_NX),
	                  tlb_page_flags(&xen_kernel_space)) != 0)
		host_panic("segments: a GDT cannot be made read-only");
	cpu->gdt = frame;
	cpu->has_gdt = true;
	return 0;
}

int segments_update_descriptor(pfn_t table, unsigned int idx, uint64_t descriptor)
{
	uint64_t address = mfn_to_maddr(p2m_mfn(table)).v + idx * 8u;

	if (sizeof(unsigned long) == 4)
		return (int)xen_call(__HYPERVISOR_update_descriptor, (unsigned long)address,
		                     (unsigned long)(address >> 32), (unsigned long)descriptor,
		                     (unsigned long)(descriptor >> 32), 0);
	return (int)xen_call2(__HYPERVISOR_update_descriptor, (unsigned long)address,
	                      (unsigned long)descriptor);
}

void segments_load_ldt(const void *table, unsigned int entry_count)
{
	struct mmuext_op op = {.cmd = MMUEXT_SET_LDT};
	struct mc_batch batch = mc_begin();

	op.arg1.linear_addr = (unsigned long)table;
	op.arg2.nr_ents = entry_count;
	mc_mmuext(&batch, &op);
	mc_commit(&batch);
}

static void set_base(unsigned int which, uint64_t base)
{
	const unsigned long args[5] = {which, (unsigned long)base};
	if (!XEN_SEGMENT_BASES)
		return;
	struct mc_batch batch = mc_begin();

	mc_call(&batch, __HYPERVISOR_set_segment_base, args, NULL, 0, 0);
	mc_commit(&batch);
}

uint64_t segments_user_fs_base(void)
{
	/* User mode may have changed it with an instruction of its own. */
	return fsbase_usable ? fsbase_read() : this_cpu()->user_fs_base;
}

void segments_set_user_fs_base(uint64_t base)
{
	if (fsbase_usable) {
		fsbase_write(base);
		return;
	}
	if (this_cpu()->user_fs_base == base)
		return;
	set_base(XEN_BASE_FS, base);
	this_cpu()->user_fs_base = base;
}

bool segments_bases_enter(uint64_t fs_base, uint64_t gs_base)
{
	const struct xen_cpu *cpu = this_cpu();

	return cpu->user_gs_base != gs_base || (!fsbase_usable && cpu->user_fs_base != fs_base);
}

uint64_t segments_user_gs_base(void)
{
	return this_cpu()->user_gs_base;
}

void segments_set_user_gs_base(uint64_t base)
{
	if (this_cpu()->user_gs_base == base)
		return;
	set_base(XEN_BASE_GS_USER, base);
	this_cpu()->user_gs_base = base;
}

void segments_init_cpu(void *percpu)
{
	if (XEN_SEGMENT_BASES && port_hypercall(__HYPERVISOR_set_segment_base, XEN_BASE_GS_KERNEL,
	                                        (unsigned long)percpu, 0, 0, 0) != 0)
		host_panic("segments: Xen refused the kernel's GS base");
	fsbase_detect();
}
