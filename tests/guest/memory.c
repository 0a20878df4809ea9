/* SPDX-License-Identifier: MIT */
/*
 * Boot layout and translation (M1, M2, M3).
 */
#include "tests/guest/test.h"

#include <xen/features.h>

#include "arch/x86/boot_layout.h"
#include "lib/string.h"
#include "pv/boot.h"
#include "pv/mmu.h"
#include "xen/boot_map.h"
#include "xen/p2m.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"

/* What Xen told us is there, and the console that this text comes through. */
static void boot_info(void)
{
	const struct xen_boot_info *boot = pv_boot_info();

	CHECK(boot->first_domain);
	CHECK(boot->frame_count >= 32 * 256);
	CHECK(boot->first_free.v > 0 && boot->first_free.v < boot->frame_count);
	CHECK(boot->xen_version[0] == '4');
	CHECK(!xen_has_feature(XENFEAT_writable_page_tables));
}

struct layout {
	unsigned long pages, tables, text, writable;
};

static bool count_entry(void *arg, const struct pt_place *place)
{
	struct layout *layout = arg;
	pfn_t pfn = pte_pfn(place->entry);

	layout->pages++;
	layout->writable += pte_writable(place->entry);
	layout->text += !(place->entry.v & PTE_NX);
	if (!pfn_is_none(pfn) && pin_is_live(pfn)) {
		layout->tables++;
		CHECK(!pte_writable(place->entry));
	}
	CHECK((place->entry.v & PTE_NX) || !pte_writable(place->entry));
	return true;
}

static bool count_table(void *arg, const struct pt_place *place)
{
	CHECK(pin_is_live(place->table));
	++*(unsigned long *)arg;
	return true;
}

/* W^X, and every page table read-only at the one place where it is mapped; executable is the
 * text and nothing else. */
static void boot_layout(void)
{
	struct layout layout = {0};
	unsigned long walked = 0;

	pt_walk(xen_kernel_space.root, PT_FORMAT.user_end, pt_reach(),
	        &(struct pt_visitor){.entry = count_entry, .arg = &layout});
	pt_walk(xen_kernel_space.root, 0, pt_reach(),
	        &(struct pt_visitor){.table = count_table, .arg = &walked});
	CHECK(layout.pages > pv_memory_extend(0));
	CHECK_EQUAL(layout.text, (unsigned long)(image_text_end - image_start) >> PAGE_SHIFT);
	CHECK(layout.writable > 0 && layout.tables >= walked);
}

static void boot_verify(void)
{
	boot_map_verify(); /* it panics if it finds anything */
}

/* The direct map reaches as far as was asked for, and grows by a table that is read-only by then;
 * beyond it nothing is mapped. */
static void direct_map_grows(void)
{
	unsigned long reach = pv_memory_extend(0), now;

	CHECK(reach >= host_frames_used() && reach < pv_boot_info()->frame_count);
	CHECK(try_store(pv_pfn_to_virt(PFN(reach - 1)), 1));
	CHECK(!try_store(pv_pfn_to_virt(PFN(reach)), 1));
	now = pv_memory_extend(reach + 1);
	CHECK(now > reach && pv_memory_extend(reach + 1) == now);
	CHECK(try_store(pv_pfn_to_virt(PFN(reach)), 1));
	CHECK(try_store(pv_pfn_to_virt(PFN(now - 1)), 1));
	boot_map_verify();
	CHECK_EQUAL(pv_memory_extend(~0ul), pv_boot_info()->frame_count);
	CHECK(try_store(pv_pfn_to_virt(PFN(pv_boot_info()->frame_count - 1)), 1));
	boot_layout();
}

static void store_refused(void)
{
	/* The kernel's text and constants, through both of their mappings, and the top table. A
	 * store to a leaf table would be emulated by Xen, so that is not what protects it. */
	CHECK(!try_store(image_start, 0));
	CHECK(!try_store(image_text_end, 0));
	CHECK(!try_store(pv_pfn_to_virt(pv_image_pfn(image_start)), 0));
	CHECK(!try_store(xen_pfn_to_virt(xen_kernel_space.root), 0));
}

static void translation(void)
{
	unsigned long count = pv_boot_info()->frame_count;

	for (unsigned long i = 0; i < count; i++) {
		mfn_t mfn = p2m_mfn(PFN(i));
		pte_t entry = pte_from_pfn(PFN(i), PTE_PRESENT);

		if (p2m_pfn(mfn).v != i || pte_mfn(entry).v != mfn.v || pte_pfn(entry).v != i) {
			CHECK_EQUAL(p2m_pfn(mfn).v, i);
			break;
		}
	}
	CHECK(mfn_is_none(p2m_mfn(PFN(count))));
	CHECK(mfn_is_none(p2m_mfn(PFN(~0ul))));
}

/* Frames that are not ours: Xen's own, the machine's low memory, holes, numbers beyond
 * everything. */
static void foreign_frames(void)
{
	pte_t foreign = pte_from_mfn(MFN(0xfee00), PTE_PRESENT | PTE_FOREIGN);

	CHECK(pfn_is_none(p2m_pfn(MFN(0xa0))) || p2m_mfn(p2m_pfn(MFN(0xa0))).v == 0xa0);
	CHECK(pfn_is_none(p2m_pfn(MFN(0xfee00))));
	CHECK(pfn_is_none(p2m_pfn(MFN(1ul << 36))));
	CHECK(pfn_is_none(p2m_pfn(MFN(~0ul))));
	CHECK(pfn_is_none(pte_pfn(foreign)));
	CHECK_EQUAL(pte_mfn(foreign).v, 0xfee00);
}

static void entries_not_present(void)
{
	CHECK_EQUAL(pte_from_pfn(PFN(5), PTE_SOFT0).v, 5 << PAGE_SHIFT | PTE_SOFT0);
	CHECK(pfn_is_none(pte_pfn(pte_from_pfn(PFN(5), 0))));
}

#define AREA_BYTES 700u

/* Around the size from which copies and fills go another way: every byte of it and none beside. */
static void large_copies(void)
{
	static unsigned char from[AREA_BYTES], to[AREA_BYTES];
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < AREA_BYTES; i++)
		from[i] = (unsigned char)(i * 7 + i / 256);
	for (size_t bytes = 240; bytes < 600; bytes++) {
		size_t offset = bytes % 16;

		CHECK(memset(to, 0xee, AREA_BYTES) == to);
		CHECK(memcpy(to + offset, from + 3, bytes) == to + offset);
		for (size_t i = 0; i < AREA_BYTES; i++)
			wrong += to[i] != (i - offset < bytes ? from[i - offset + 3] : 0xee);
		memset(to + offset, 0x1a5, bytes);
		for (size_t i = 0; i < AREA_BYTES; i++)
			wrong += to[i] != (i - offset < bytes ? 0xa5 : 0xee);
	}
	CHECK_EQUAL(wrong, 0);
}

const struct guest_test memory_tests[] = {
    {"large-copies", large_copies},
    {"M1-boot-info", boot_info},
    {"M2-layout-walk", boot_layout},
    {"M2-boot-check", boot_verify},
    {"M2-direct-map-grows", direct_map_grows},
    {"M2-stores-refused", store_refused},
    {"M3-translation", translation},
    {"M3-foreign-frames", foreign_frames},
    {"M3-not-present", entries_not_present},
    {NULL, NULL},
};
