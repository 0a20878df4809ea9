/* SPDX-License-Identifier: MIT */
/*
 * Entries, pinning, the rules of Xen that pinning rests on, flushes (M4, M5, M6, M8, M10).
 */
#include "tests/guest/test.h"

#include <xen/errno.h>

#include "arch/x86/uaccess.h"
#include "pv/boot.h"
#include "pv/mmu.h"
#include "xen/p2m.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/tlb.h"

static uint64_t word_of(pfn_t frame)
{
	return *(uint64_t *)xen_pfn_to_virt(frame);
}

static uint64_t user_word(uintptr_t address)
{
	uint64_t value = 0;

	CHECK_EQUAL(uaccess_copy(&value, (void *)address, sizeof(value)), 0);
	return value;
}

static long mmuext(unsigned int command, mfn_t mfn)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = mfn.v};

	return xen_call(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF, 0);
}

static long update(maddr_t entry, uint64_t value)
{
	struct mmu_update request = {.ptr = entry.v | MMU_NORMAL_PT_UPDATE, .val = value};

	return xen_call(__HYPERVISOR_mmu_update, (unsigned long)&request, 1, 0, DOMID_SELF, 0);
}

/* Not pinned: no hypercall for tables or entries. Pinned: none that is a plain store. */
static void unpinned_is_free(void)
{
	struct pt_space space;
	uint64_t before = entries_so_far();
	pfn_t frame = test_space(&space, false);

	for (uintptr_t i = 1; i < 100; i++)
		xen_pte_set(&space, VADDR(TEST_ADDRESS + i * PAGE_BYTES),
		            pv_pte_make(frame, PTE_PRESENT | PTE_USER), XEN_FLUSH_NONE);
	CHECK_EQUAL(entries_so_far(), before);
	test_space_end(&space);
	CHECK_EQUAL(entries_so_far(), before);
}

static void pin_and_unpin(void)
{
	struct pt_space space;
	uint64_t before;

	test_space(&space, true);
	before = entries_so_far();
	xen_space_activate(&space); /* it is */
	CHECK_EQUAL(entries_so_far(), before);
	CHECK(pin_is_live(space.root) && pin_is_live(space.user_root));
	CHECK(!pte_writable(xen_pte_read(&xen_kernel_space, VADDR(xen_pfn_to_virt(space.root)))));
	pfn_t root = space.root;

	xen_space_retire(&space);
	CHECK(!pin_is_live(root));
	CHECK(pte_writable(xen_pte_read(&xen_kernel_space, VADDR(xen_pfn_to_virt(root)))));
	CHECK(try_store(xen_pfn_to_virt(root), word_of(root)));
	xen_space_retire(&space); /* again: nothing to do */
	test_space_end(&space);
}

/* A failed exec: a space that was never active is torn down without a word to Xen. */
static void never_active(void)
{
	struct pt_space space;
	uint64_t before = entries_so_far();

	test_space(&space, false);
	xen_space_retire(&space);
	test_space_end(&space);
	CHECK_EQUAL(entries_so_far(), before);
}

/* What user mode can reach equals what the kernel says of it, whichever way the entry was set. */
static void entry_updates(void)
{
	struct pt_space space;
	pfn_t first = test_space(&space, true), second = host_table_alloc();
	vaddr_t va = VADDR(TEST_ADDRESS);
	uint64_t flags = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX;

	*(uint64_t *)xen_pfn_to_virt(first) = 1;
	*(uint64_t *)xen_pfn_to_virt(second) = 2;
	CHECK_EQUAL(user_word(TEST_ADDRESS), 1);
	xen_pte_set(&space, va, pv_pte_make(second, flags), XEN_FLUSH_PAGE);
	CHECK_EQUAL(user_word(TEST_ADDRESS), 2);
	pv_lazy_mmu_enter();
	xen_pte_set(&space, va, pv_pte_make(first, flags), XEN_FLUSH_PAGE);
	pv_lazy_mmu_leave();
	CHECK_EQUAL(user_word(TEST_ADDRESS), 1);
	xen_space_switch(NULL); /* by machine address now */
	xen_pte_set(&space, va, pv_pte_make(second, flags), XEN_FLUSH_PAGE);
	CHECK_EQUAL(pv_pte_pfn(xen_pte_read(&space, va)).v, second.v);
	xen_space_switch(&space);
	CHECK_EQUAL(user_word(TEST_ADDRESS), 2);
	host_table_free(first);
	test_space_end(&space);
}

/* A page made read-only refuses the store after the flush, and takes it again when it is
 * writable. */
static void flush_of_rights(void)
{
	struct pt_space space;
	pfn_t frame = test_space(&space, true);
	vaddr_t va = VADDR(TEST_ADDRESS);

	CHECK(try_store((void *)TEST_ADDRESS, 7));
	xen_pte_set(&space, va, pv_pte_make(frame, PTE_PRESENT | PTE_USER | PTE_NX),
	            XEN_FLUSH_PAGE);
	CHECK(!try_store((void *)TEST_ADDRESS, 8));
	xen_pte_set(&space, va, pv_pte_make(frame, PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX),
	            XEN_FLUSH_NONE);
	CHECK(try_store((void *)TEST_ADDRESS, 9));
	xen_pte_set(&space, va, PTE_NONE, XEN_FLUSH_PAGE);
	CHECK(!try_store((void *)TEST_ADDRESS, 10));
	CHECK_EQUAL(word_of(frame), 9);
	host_table_free(frame);
	test_space_end(&space);
}

static bool visit_count(void *arg, const struct pt_place *place)
{
	(void)place;
	++*(unsigned long *)arg;
	return true;
}

static unsigned long table_count(const struct pt_space *space)
{
	unsigned long count = 0;

	pt_walk(space->root, 0, PT_FORMAT.user_end,
	        &(struct pt_visitor){.table = visit_count, .arg = &count});
	return count;
}

/* Tables join and leave a pinned space one by one. */
static void tables_come_and_go(void)
{
	static const uintptr_t at[] = {0x200000, 0x40000000, 0x8000000000, 0x7fff00000000};
	struct pt_space space;
	pfn_t frame = test_space(&space, true);

	CHECK_EQUAL(table_count(&space), 4);
	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		CHECK_EQUAL(xen_pte_prepare(&space, VADDR(at[i])), 0);
		xen_pte_set(&space, VADDR(at[i]),
		            pv_pte_make(frame, PTE_PRESENT | PTE_USER | PTE_NX), XEN_FLUSH_NONE);
		CHECK_EQUAL(user_word(at[i]), word_of(frame));
	}
	CHECK_EQUAL(table_count(&space), 4 + 1 + 2 + 3 + 3);
	for (unsigned int i = 0; i < pt_entry_count(4) / 2; i++)
		CHECK_EQUAL(pt_entry_read(space.root, i).v & PTE_FRAME_MASK,
		            pt_entry_read(space.user_root, i).v & PTE_FRAME_MASK);
	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		xen_pte_set(&space, VADDR(at[i]), PTE_NONE, XEN_FLUSH_PAGE);
	xen_tables_trim(&space, VADDR(0), (vaddr_t){PV_USER_END});
	CHECK_EQUAL(table_count(&space), 4);
	CHECK_EQUAL(user_word(TEST_ADDRESS), word_of(frame));
	test_space_end(&space);
}

/* The rules, as Xen states them when they are broken. The layer's own calls never come here. */
static void rules_of_pinning(void)
{
	pfn_t table = host_table_alloc();
	mfn_t mfn = p2m_mfn(table);
	vaddr_t va = VADDR(xen_pfn_to_virt(table));
	pte_t writable = pte_from_pfn(table, PTE_PRESENT | PTE_WRITE | PTE_NX);
	pte_t read_only = pte_from_pfn(table, PTE_PRESENT | PTE_NX);

	expect_xen("Bad type");
	expect_xen("while pinning mfn");
	expect_xen("not pinned");
	expect_xen("already pinned");
	expect_xen("Could not get page type");
	expect_xen("Error getting mfn");
	CHECK_EQUAL(mmuext(MMUEXT_PIN_L1_TABLE, mfn), -XEN_EINVAL); /* a writable mapping exists */
	CHECK_EQUAL(mmuext(MMUEXT_UNPIN_TABLE, mfn), -XEN_EINVAL);
	CHECK_EQUAL(xen_update_va(va, read_only, UVMF_INVLPG), 0);
	CHECK_EQUAL(mmuext(MMUEXT_PIN_L1_TABLE, mfn), 0);
	CHECK_EQUAL(mmuext(MMUEXT_PIN_L1_TABLE, mfn), -XEN_EINVAL); /* pins do not count */
	CHECK(xen_update_va(va, writable, UVMF_INVLPG) != 0);
	CHECK_EQUAL(mmuext(MMUEXT_UNPIN_TABLE, mfn), 0);
	CHECK_EQUAL(xen_update_va(va, writable, UVMF_INVLPG), 0);
	host_table_free(table);
}

/* An UNPIN of the table in force succeeds; what fails is the read-write mapping after it. */
static void rule_of_the_table_in_force(void)
{
	struct pt_space space;
	pfn_t root;

	test_space(&space, true);
	root = space.root;
	CHECK_EQUAL(mmuext(MMUEXT_UNPIN_TABLE, p2m_mfn(root)), 0);
	expect_xen("Bad type");
	expect_xen("Could not get page type");
	expect_xen("Error getting mfn");
	CHECK(xen_update_va(VADDR(xen_pfn_to_virt(root)),
	                    pte_from_pfn(root, PTE_PRESENT | PTE_WRITE | PTE_NX), 0) != 0);
	CHECK_EQUAL(mmuext(MMUEXT_PIN_L4_TABLE, p2m_mfn(root)), 0);
	test_space_end(&space);
}

static void rule_of_xens_slots(void)
{
	maddr_t slot = pt_entry_maddr(xen_kernel_space.root, 256);
	uint64_t own = pt_entry_read(xen_kernel_space.root, 256).v;

	expect_xen("L4 update in Xen-private area");
	CHECK_EQUAL(update(slot, own), -XEN_EINVAL);
}

static void rule_of_tables_in_entries(void)
{
	pfn_t frame = host_table_alloc();
	maddr_t slot = pt_entry_maddr(xen_kernel_space.root, 300);

	/* A frame with a writable mapping cannot become a level-3 table. */
	expect_xen("Bad type");
	expect_xen("Attempt to create linear p.t. with write perms");
	CHECK(update(slot, pte_from_pfn(frame, PTE_PRESENT | PTE_WRITE | PTE_USER).v) != 0);
	CHECK_EQUAL(pt_entry_read(xen_kernel_space.root, 300).v, 0);
	host_table_free(frame);
}

static void flushes(void)
{
	unsigned long mask = 1;
	struct mc_batch batch = mc_begin();

	tlb_flush_local(&batch);
	tlb_flush_page_local(&batch, VADDR(image_start));
	tlb_flush_mask(&batch, &mask);
	tlb_flush_page_mask(&batch, VADDR(image_start), &mask);
	tlb_flush_all(&batch);
	tlb_flush_page_all(&batch, VADDR(image_start));
	uint64_t before = entries_so_far();

	mc_commit(&batch); /* a refusal would be a panic */
	CHECK_EQUAL(entries_so_far(), before + 1);
}

/* Many spaces in turn: what was pinned is unpinned, frames come back, Xen says nothing. */
static void many_spaces(void)
{
	struct xen_counters start, end;

	pv_counters(&start);
	for (unsigned int i = 0; i < 2000; i++) {
		struct pt_space space;

		test_space(&space, i % 3 != 0);
		if (i % 2 == 0)
			xen_space_switch(NULL);
		test_space_end(&space);
	}
	pv_counters(&end);
	CHECK_EQUAL(end.tables_pinned - start.tables_pinned,
	            end.tables_unpinned - start.tables_unpinned);
}

const struct guest_test table_tests[] = {
    {"M4-unpinned-costs-nothing", unpinned_is_free},
    {"M4-updates-every-way", entry_updates},
    {"M4-rights-and-flush", flush_of_rights},
    {"M5-M6-tables-come-and-go", tables_come_and_go},
    {"M6-pin-and-unpin", pin_and_unpin},
    {"M6-never-active", never_active},
    {"M6-rule-pin", rules_of_pinning},
    {"M6-rule-in-force", rule_of_the_table_in_force},
    {"M6-rule-xens-slots", rule_of_xens_slots},
    {"M6-rule-entries", rule_of_tables_in_entries},
    {"M6-many-spaces", many_spaces},
    {"M10-flushes", flushes},
    {NULL, NULL},
};
