/* SPDX-License-Identifier: MIT */
/*
 * Translation: see p2m.h. The table of the guest is read only after boot, Xen's table always, so
 * there is no lock.
 */
#include "xen/p2m.h"

#include <stdint.h>

#include <port/memory.h>

#include <xen/memory.h>
#include <xen/xen.h>

#include "xen/hooks.h"
#include "xen/hypercall.h"

/* In the guest's table: the frame is not RAM of ours (top bit), or there is none (all ones). */
#define P2M_FOREIGN (1ul << (sizeof(unsigned long) * 8 - 1))

static struct {
	const unsigned long *mfn_list;
	unsigned long frame_count;
	const unsigned long *machine;
	unsigned long machine_count;
} p2m;

void p2m_init(const unsigned long *mfn_list, unsigned long frame_count)
{
	struct xen_machphys_mapping mapping;

	p2m.mfn_list = mfn_list;
	p2m.frame_count = frame_count;
	/* The header's constant is wrong for a 32-bit guest on a 64-bit Xen: ask (observed on
	 * 4.17). */
	if (xen_op(__HYPERVISOR_memory_op, XENMEM_machphys_mapping, &mapping) != 0)
		host_panic("p2m: Xen does not say where its table of the machine is");
	p2m.machine = (const unsigned long *)mapping.v_start;
	p2m.machine_count = mapping.max_mfn + 1;
}

void p2m_move(const unsigned long *mfn_list)
{
	p2m.mfn_list = mfn_list;
}

unsigned long p2m_frame_count(void)
{
	return p2m.frame_count;
}

mfn_t p2m_mfn(pfn_t pfn)
{
	if (pfn.v >= p2m.frame_count || (p2m.mfn_list[pfn.v] & P2M_FOREIGN))
		return MFN_NONE;
	return MFN(p2m.mfn_list[pfn.v]);
}

pfn_t p2m_pfn(mfn_t mfn)
{
	unsigned long pfn;

	if (mfn.v >= p2m.machine_count || !port_read_safe(&p2m.machine[mfn.v], &pfn))
		return PFN_NONE;
	if (pfn >= p2m.frame_count || p2m.mfn_list[pfn] != mfn.v)
		return PFN_NONE;
	return PFN(pfn);
}

pte_t pte_from_pfn(pfn_t pfn, uint64_t flags)
{
	if (!(flags & PTE_PRESENT))
		return (pte_t){((uint64_t)pfn.v << PAGE_SHIFT) | flags};
	mfn_t mfn = p2m_mfn(pfn);

	if (mfn_is_none(mfn))
		host_panic("p2m: an entry for a frame that is not there");
	return pte_from_mfn(mfn, flags);
}

pfn_t pte_pfn(pte_t pte)
{
	if (!pte_present(pte) || (pte.v & PTE_FOREIGN))
		return PFN_NONE;
	return p2m_pfn(pte_mfn(pte));
}
