/* SPDX-License-Identifier: MIT */
/*
 * Devices of the machine: see device.h. Mapped device memory is never returned.
 */
#include "xen/device.h"

#include <stdbool.h>
#include <stdint.h>

#include <xen/physdev.h>

#include "arch/x86/boot_layout.h"
#include "arch/x86/pt_format.h"
#include "xen/hooks.h"
#include "xen/hypercall.h"
#include "xen/pt_walk.h"
#include "xen/space.h"

/* As large as the one upper table that boot installed for the region allows. */
#ifdef __x86_64__
#define DEVICE_BYTES (512ull << 30)
#else
#define DEVICE_BYTES (64ull << 20)
#endif

static uint64_t device_used_bytes;

static bool ports_enabled;

int device_enable_ports(void)
{
	struct physdev_set_iopl op = {.iopl = 1};
	int result = (int)xen_op(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &op);

	if (result == 0)
		ports_enabled = true;
	return result;
}

int device_init_cpu(void)
{
	return ports_enabled ? device_enable_ports() : 0;
}

struct line {
	evtchn_handler *handler;
	void *arg;
	uint32_t pirq;
	bool needs_eoi;
};

#define LINE_COUNT_MAX 8u
static struct line lines[LINE_COUNT_MAX];
static unsigned int line_count;

static void line_event(void *arg)
{
	struct line *line = arg;
	struct physdev_eoi op = {.irq = line->pirq};

	line->handler(line->arg);
	if (line->needs_eoi)
		xen_op(__HYPERVISOR_physdev_op, PHYSDEVOP_eoi, &op);
}

int device_bind_line(unsigned int gsi, evtchn_handler *handler, void *arg)
{
	struct physdev_map_pirq map = {
	    .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = (int)gsi, .pirq = (int)gsi};
	struct physdev_irq_status_query status;
	port_t port;

	if (line_count == LINE_COUNT_MAX)
		host_panic("device: too many interrupt lines");
	int result = (int)xen_op(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, &map);

	if (result != 0)
		return result;
	struct line *line = &lines[line_count++];

	*line = (struct line){.handler = handler, .arg = arg, .pirq = (uint32_t)map.pirq};
	status.irq = line->pirq;
	if (xen_op(__HYPERVISOR_physdev_op, PHYSDEVOP_irq_status_query, &status) == 0)
		line->needs_eoi = status.flags & XENIRQSTAT_needs_eoi;
	return evtchn_bind_pirq(line->pirq, line_event, line, &port);
}

#define REQUESTS 64u

/* Entries for `count` frames from `first` on, at `va`, all in one leaf table. What a device's
 * frame may be is not ours to know: Xen may refuse it. */
static bool map_frames(vaddr_t va, mfn_t first, unsigned long count)
{
	static struct mmu_update requests[REQUESTS];
	uint64_t offset = pt_offset(va);
	pfn_t table = pt_find_table(xen_kernel_space.root, offset, 1);

	for (unsigned long i = 0; i < count; i++) {
		pte_t entry =
		    pte_from_mfn(MFN(first.v + i), PTE_PRESENT | PTE_WRITE | PTE_NX | PTE_FOREIGN |
		                                       PTE_ACCESSED | PTE_DIRTY);
		maddr_t slot = pt_entry_maddr(table, pt_index(offset, 1) + (unsigned int)i);

		requests[i] =
		    (struct mmu_update){.ptr = slot.v | MMU_NORMAL_PT_UPDATE, .val = entry.v};
	}
	return xen_call(__HYPERVISOR_mmu_update, (unsigned long)requests, count, 0, DOMID_SELF,
	                0) == 0;
}

void *device_map(maddr_t base, uint64_t bytes)
{
	uintptr_t start = XEN_DEVICE_BASE + (uintptr_t)device_used_bytes;
	mfn_t first = maddr_to_mfn(base);

	if ((base.v & (PAGE_BYTES - 1)) || bytes == 0 || bytes > DEVICE_BYTES - device_used_bytes)
		return NULL;
	unsigned long frames = (unsigned long)((bytes + PAGE_BYTES - 1) >> PAGE_SHIFT);

	for (unsigned long done = 0, count; done < frames; done += count) {
		vaddr_t va = {start + (done << PAGE_SHIFT)};

		count = (unsigned long)(pt_entry_reach(2) - (va.v & (pt_entry_reach(2) - 1))) >>
		        PAGE_SHIFT;
		if (count > frames - done)
			count = frames - done;
		if (count > REQUESTS)
			count = REQUESTS;
		if (xen_pte_prepare(&xen_kernel_space, va) != 0 ||
		    !map_frames(va, MFN(first.v + done), count))
			return NULL;
	}
	device_used_bytes += (uint64_t)frames << PAGE_SHIFT;
	return (void *)start;
}
