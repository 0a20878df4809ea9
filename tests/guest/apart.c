/* SPDX-License-Identifier: MIT */
/*
 * Spaces with user mode's top table alone, while the kernel stays on its own (M4, M8, M12, M13):
 * what differs from the spaces of the other tests.
 */
#include "tests/guest/test.h"

#include "pv/mmu.h"
#include "xen/p2m.h"
#include "xen/pin.h"
#include "xen/pt_walk.h"
#include "xen/table_pool.h"

/* tests/guest/user_code.S: a system call; reads of the kernel's memory. */
extern const char user_regs[], user_regs_end[];
extern const char user_read_kernel[], user_read_kernel_end[];
extern const char user_read_direct_map[], user_read_direct_map_end[];

static void release_frame(pte_t pte, void *arg)
{
	(void)arg;
	host_table_free(pv_pte_pfn(pte));
}

/* No address of a space's is one of the kernel's, and the top has nothing but user space. */
static void no_half_too_many(void)
{
	struct pt_space space;

	xen_spaces_set_apart(true);
	test_space(&space, true);
	CHECK(pfn_is_none(space.user_root) && pin_is_live(space.root));
	CHECK(!try_store((void *)TEST_ADDRESS, 1));
	for (unsigned int i = 0; i < pt_entry_count(4); i++) {
		uint64_t offset = (uint64_t)i << pt_level_shift(4);

		if (i > 0 && !pt_in_hole(offset))
			CHECK_EQUAL(pt_entry_read(space.root, i).v, 0);
		if (offset < PT_FORMAT.user_end)
			CHECK_EQUAL(pt_entry_read(xen_kernel_space.root, i).v, 0);
	}
	test_space_end(&space);
	xen_spaces_set_apart(false);
}

/* Entries change while the space is in force, and when it is not; inside lazy mode and outside. */
static void entries_of_a_space_apart(void)
{
	uint64_t flags = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX;
	vaddr_t va = VADDR(TEST_ADDRESS);
	struct pt_space space;

	xen_spaces_set_apart(true);
	pfn_t first = test_space(&space, true), second = host_table_alloc();
	uint64_t before = entries_so_far();

	xen_pte_set(&space, va, pv_pte_make(second, flags), XEN_FLUSH_PAGE);
	CHECK_EQUAL(pv_pte_pfn(xen_pte_read(&space, va)).v, second.v);
	CHECK_EQUAL(entries_so_far(), before + 1);
	CHECK(pv_user_reach(&space, va, true) == xen_pfn_to_virt(second));
	CHECK(pv_user_reached(&space, va, true) == xen_pfn_to_virt(second));
	pv_lazy_mmu_enter();
	xen_pte_set(&space, va, pv_pte_make(first, flags), XEN_FLUSH_PAGE);
	pv_lazy_mmu_leave();
	CHECK_EQUAL(pv_pte_pfn(xen_pte_read(&space, va)).v, first.v);
	/* As Xen has changed it, and in spite of the bits that Xen adds. */
	CHECK(pv_user_reached(&space, va, false) == NULL);
	CHECK(pv_user_reach(&space, va, true) == xen_pfn_to_virt(first));
	CHECK(pv_user_reached(&space, va, true) == xen_pfn_to_virt(first));
	xen_space_switch(NULL);
	xen_pte_set(&space, va, pv_pte_make(second, flags), XEN_FLUSH_PAGE);
	CHECK_EQUAL(xen_pte_prepare(&space, VADDR(0x7fff00000000)), 0);
	xen_space_switch(&space);
	CHECK_EQUAL(pv_pte_pfn(xen_pte_read(&space, va)).v, second.v);
	xen_tables_trim(&space, VADDR(0), (vaddr_t){PV_USER_END});
	host_table_free(first);
	test_space_end(&space);
	xen_spaces_set_apart(false);
}

/* A switch is one entry, whether the space that is left is one or none. */
static void switch_apart_enters_once(void)
{
	struct pt_space one, two;
	uint64_t before;

	xen_spaces_set_apart(true);
	test_space(&one, true);
	test_space(&two, true);
	before = entries_so_far();
	xen_space_switch(&one);
	xen_space_switch(NULL);
	xen_space_switch(&two);
	xen_space_switch(&two);
	CHECK_EQUAL(entries_so_far(), before + 3);
	CHECK(this_cpu()->space_actual == &two);
	/* The one in force, and one that is not: both are ended as any. */
	xen_space_dissolve(&two, release_frame, NULL);
	CHECK(this_cpu()->space_actual == NULL);
	xen_space_dissolve(&one, release_frame, NULL);
	CHECK_EQUAL(table_pool_frames(), 2 * 4);
	xen_spaces_set_apart(false);
	CHECK_EQUAL(table_pool_frames(), 0);
}

#define RUN(code) run_user_code(user_##code, (size_t)(user_##code##_end - user_##code))

/* User mode runs on each of several spaces at the same address, and it is its own code each time;
 * there is nothing of the kernel's for it. */
static void user_mode_on_spaces_apart(void)
{
	xen_spaces_set_apart(true);
	for (unsigned int round = 0; round < 2; round++) {
		struct cpu_frame frame = RUN(regs);

		CHECK_EQUAL(frame.vector, FRAME_SYSCALL);
		CHECK_EQUAL(frame.rip, TEST_ADDRESS + (uintptr_t)(user_regs_end - user_regs));
		CHECK_EQUAL(RUN(read_kernel).vector, TRAP_PAGE_FAULT);
		CHECK_EQUAL(RUN(read_direct_map).vector, TRAP_PAGE_FAULT);
	}
	xen_spaces_set_apart(false);
}

const struct guest_test apart_tests[] = {
    {"M8-apart-one-half-each", no_half_too_many},
    {"M4-apart-entries", entries_of_a_space_apart},
    {"M12-apart-switch-enters-once", switch_apart_enters_once},
    {"M13-apart-user-mode", user_mode_on_spaces_apart},
    {NULL, NULL},
};
