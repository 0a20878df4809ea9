/* SPDX-License-Identifier: MIT */
/*
 * Batches, lazy modes, and how often a switch enters Xen (M11, M12, M13).
 */
#include "tests/guest/test.h"

#include <xen/version.h>

#include "pv/boot.h"
#include "pv/irq.h"
#include "pv/lazy.h"
#include "pv/mmu.h"
#include "xen/multicall.h"
#include "xen/p2m.h"
#include "xen/pt_walk.h"
#include "xen/segments.h"

#define PAGES 300u

/* A call that changes nothing and cannot be merged. */
static void queue_nothing(struct mc_batch *batch)
{
	static const unsigned long args[5] = {XENVER_version, 0};

	mc_call(batch, __HYPERVISOR_xen_version, args, NULL, 0, 0);
}

static void one_entry_goes_alone(void)
{
	struct xen_counters before, after;
	struct mc_batch batch;

	pv_counters(&before);
	batch = mc_begin();
	queue_nothing(&batch);
	mc_commit(&batch);
	pv_counters(&after);
	CHECK_EQUAL(after.hypercalls[__HYPERVISOR_multicall],
	            before.hypercalls[__HYPERVISOR_multicall]);
	CHECK_EQUAL(after.hypercalls[__HYPERVISOR_xen_version],
	            before.hypercalls[__HYPERVISOR_xen_version] + 1);

	pv_counters(&before);
	batch = mc_begin();
	queue_nothing(&batch);
	queue_nothing(&batch);
	mc_commit(&batch);
	pv_counters(&after);
	CHECK_EQUAL(xen_counters_entries(&after), xen_counters_entries(&before) + 1);
	CHECK_EQUAL(after.hypercalls[__HYPERVISOR_multicall],
	            before.hypercalls[__HYPERVISOR_multicall] + 1);
}

static unsigned int called, called_wrong;

static void count_call(void *arg, bool ok)
{
	if (!ok || (uintptr_t)arg != called)
		called_wrong++;
	called++;
}

/* Fill the space's leaf table through a batch that already holds `offset` entries, callbacks in
 * between. */
static void fill_at_offset(struct pt_space *space, pfn_t frame, unsigned int offset)
{
	struct mc_batch batch = mc_begin();
	pfn_t leaf = pt_find_table(space->root, TEST_ADDRESS, 1);
	uintptr_t expected = 0;

	called = called_wrong = 0;
	for (unsigned int i = 0; i < offset; i++)
		queue_nothing(&batch);
	for (unsigned int i = 1; i < PAGES; i++) {
		mc_mmu_update(&batch, pt_entry_maddr(leaf, i),
		              pte_from_pfn(frame, PTE_PRESENT | PTE_USER | PTE_NX));
		if (i % 7 == offset % 7)
			mc_callback(&batch, count_call, (void *)expected++);
		if (i % 11 == 0)
			queue_nothing(&batch);
	}
	mc_commit(&batch);
	CHECK_EQUAL(called, expected);
	CHECK_EQUAL(called_wrong, 0);
}

/* A buffer that runs full is issued wherever that happens; nothing is lost or doubled. */
static void full_buffer_at_every_offset(void)
{
	struct pt_space space;
	pfn_t frame = test_space(&space, true);

	for (unsigned int offset = 0; offset <= MC_ENTRIES_MAX; offset++) {
		fill_at_offset(&space, frame, offset);
		for (unsigned int i = 1; i < PAGES; i++) {
			vaddr_t va = VADDR(TEST_ADDRESS + i * PAGE_BYTES);

			if (pv_pte_pfn(xen_pte_read(&space, va)).v != frame.v) {
				CHECK_EQUAL(i, PAGES);
				break;
			}
		}
		pv_lazy_mmu_enter();
		for (unsigned int i = 1; i < PAGES; i++)
			xen_pte_set(&space, VADDR(TEST_ADDRESS + i * PAGE_BYTES), PTE_NONE,
			            XEN_FLUSH_PAGE);
		pv_lazy_mmu_leave();
		CHECK_EQUAL(xen_pte_read(&space, VADDR(TEST_ADDRESS + (PAGES - 1) * PAGE_BYTES)).v,
		            0);
	}
	test_space_end(&space);
}

/* 100 entries in lazy mode: one array, and one flush with it. */
static void lazy_mmu_merges(void)
{
	struct pt_space space;
	pfn_t frame = test_space(&space, true);
	uint64_t before = entries_so_far();

	pv_lazy_mmu_enter();
	for (unsigned int i = 1; i <= 100; i++)
		xen_pte_set(&space, VADDR(TEST_ADDRESS + i * PAGE_BYTES),
		            pv_pte_make(frame, PTE_PRESENT | PTE_USER | PTE_NX), XEN_FLUSH_NONE);
	CHECK_EQUAL(entries_so_far(), before);
	pv_lazy_mmu_leave();
	CHECK_EQUAL(entries_so_far(), before + 1);
	pv_lazy_mmu_enter();
	for (unsigned int i = 1; i <= 100; i++)
		xen_pte_set(&space, VADDR(TEST_ADDRESS + i * PAGE_BYTES), PTE_NONE, XEN_FLUSH_PAGE);
	pv_lazy_mmu_leave();
	CHECK_EQUAL(entries_so_far(), before + 2);
	test_space_end(&space);
}

static void lazy_masks_events(void)
{
	pv_irq_enable();
	pv_lazy_mmu_enter();
	CHECK(!pv_irq_enabled());
	pv_lazy_mmu_leave();
	CHECK(pv_irq_enabled());
	pv_irq_disable();
}

/* A switch between processes is one entry, bases included; to where we are, none. */
static void switch_enters_once(void)
{
	struct pt_space one, two;
	uint64_t before;

	test_space(&one, true);
	test_space(&two, true);
	before = entries_so_far();
	xen_space_switch(&one);
	CHECK_EQUAL(entries_so_far(), before + 1);
	xen_space_switch(&one);
	CHECK_EQUAL(entries_so_far(), before + 1);
	pv_lazy_cpu_enter();
	xen_space_switch(&two);
	CHECK(this_cpu()->space_asked == &two && this_cpu()->space_actual == &one);
	segments_set_user_gs_base(0x1234000);
	CHECK_EQUAL(entries_so_far(), before + 1);
	pv_lazy_cpu_leave();
	CHECK(this_cpu()->space_actual == &two);
	CHECK_EQUAL(entries_so_far(), before + 2);
	segments_set_user_gs_base(0);
	test_space_end(&one);
	test_space_end(&two);
}

/* Asked for another, still running on the old one: retiring the old one waits for the load. */
static void retire_while_asked_away(void)
{
	struct pt_space one, two;

	test_space(&one, true);
	test_space(&two, false);
	xen_space_activate(&two);
	pv_lazy_cpu_enter();
	xen_space_switch(&two);
	CHECK(this_cpu()->space_actual == &one);
	xen_space_retire(&one);
	CHECK(this_cpu()->space_actual == &two);
	pv_lazy_cpu_leave();
	test_space_end(&one);
	test_space_end(&two);
}

const struct guest_test batch_tests[] = {
    {"M11-single-call-bypass", one_entry_goes_alone},
    {"M11-full-buffer-at-every-offset", full_buffer_at_every_offset},
    {"M12-lazy-mmu-merges", lazy_mmu_merges},
    {"M12-lazy-masks-events", lazy_masks_events},
    {"M12-switch-enters-once", switch_enters_once},
    {"M13-retire-while-asked-away", retire_while_asked_away},
    {NULL, NULL},
};
