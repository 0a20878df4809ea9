/* SPDX-License-Identifier: MIT */
/*
 * The rules: see table_rules.h. All by recursion over the tables as they are.
 */
#include "tests/unit/table_rules.h"

#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include <port/memory.h>

#include "xen/config.h"
#include "xen/multicall.h"
#include "xen/pin.h"
#include "xen/table_pool.h"

unsigned int rules_locks_most;

const struct spinlock *rules_lock_required;

static const unsigned int *level_bits(void)
{
	static const unsigned int four[] = {0, 9, 9, 9, 9}, pae[] = {0, 9, 9, 2},
	                          two[] = {0, 10, 10};

	return port_pt_format->levels == 4 ? four : port_pt_format->levels == 3 ? pae : two;
}

unsigned int rules_entry_count(unsigned int level)
{
	return 1u << level_bits()[level];
}

uint64_t rules_reach(unsigned int level)
{
	uint64_t reach = 4096;

	for (unsigned int i = 1; i < level; i++)
		reach <<= level_bits()[i];
	return reach;
}

/* The table that a present entry points to; PFN_NONE for Xen's own. */
static pfn_t pointed_to(uint64_t entry)
{
	return entry & PTE_PRESENT ? fake_entry_pfn(entry) : PFN_NONE;
}

static void assert_read_only_below(pfn_t table, unsigned int level)
{
	assert_false(fake.writable[table.v]);
	if (level == 1)
		return;
	for (unsigned int i = 0; i < rules_entry_count(level); i++) {
		pfn_t below = pointed_to(fake_entry_read(table, i));

		if (!pfn_is_none(below))
			assert_read_only_below(below, level - 1);
	}
}

static bool leads_to(pfn_t table, unsigned int level, pfn_t wanted)
{
	if (table.v == wanted.v)
		return true;
	for (unsigned int i = 0; level > 1 && i < rules_entry_count(level); i++) {
		pfn_t below = pointed_to(fake_entry_read(table, i));

		if (!pfn_is_none(below) && leads_to(below, level - 1, wanted))
			return true;
	}
	return false;
}

/* Xen has validated it as part of something. */
static bool in_use(pfn_t frame)
{
	for (unsigned long pfn = 0; pfn < FAKE_FRAME_COUNT; pfn++)
		if (fake.pinned[pfn] && leads_to(PFN(pfn), fake.pinned[pfn], frame))
			return true;
	return false;
}

static void assert_unreferenced(pfn_t frame)
{
	for (unsigned long pfn = 0; pfn < FAKE_FRAME_COUNT; pfn++)
		if (fake.pinned[pfn])
			assert_false(leads_to(PFN(pfn), fake.pinned[pfn], frame));
	assert_false(leads_to(fake_pfn(fake.root), port_pt_format->levels, frame));
	if (fake.user_root.v != 0)
		assert_false(leads_to(fake_pfn(fake.user_root), port_pt_format->levels, frame));
}

static void assert_locked(pfn_t table)
{
	const struct pt_frame *frame = &fake.frames[table.v];

	if (CONFIG_SPLIT_TABLE_LOCKS && frame->level == 1 && !port_ticket_held(&frame->lock))
		fail_msg("leaf table %lu is remapped or pinned without its lock", table.v);
}

static void judge_remap(pfn_t frame, bool writable)
{
	if (writable)
		assert_unreferenced(frame);
	else
		assert_int_equal(fake.frames[frame.v].flags & PT_FRAME_TABLE, PT_FRAME_TABLE);
	assert_locked(frame);
}

static void judge_ext(const struct mmuext_op *op)
{
	pfn_t table = fake_pfn(MFN(op->arg1.mfn));

	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE: {
		unsigned int level = (unsigned int)(op->cmd - MMUEXT_PIN_L1_TABLE) + 1;

		/* A table on its way into the pool is pinned while it is one already. */
		assert_true(level == port_pt_format->levels ||
		            (CONFIG_SPLIT_TABLE_LOCKS && level == 1) || in_use(table));
		assert_read_only_below(table, level);
		if (in_use(table))
			break;
		assert_locked(table);
		break;
	}
	case MMUEXT_NEW_BASEPTR:
	case MMUEXT_NEW_USER_BASEPTR:
		if (op->arg1.mfn != 0)
			assert_read_only_below(table, port_pt_format->levels);
		break;
	default:
		break;
	}
}

/* An entry of a table above the leaves never comes to point to a table that is writable. */
static void judge_entry(const struct mmu_update *update)
{
	pfn_t table = fake_pfn(maddr_to_mfn((maddr_t){update->ptr}));

	assert_false(pfn_is_none(table));
	assert_int_equal(update->ptr & 3, MMU_NORMAL_PT_UPDATE);
	assert_int_equal(fake.frames[table.v].flags & PT_FRAME_TABLE, PT_FRAME_TABLE);
	if (fake.frames[table.v].level > 1 && (update->val & PTE_PRESENT))
		assert_false(fake.writable[pointed_to(update->val).v]);
}

static long judge(const struct fake_request *request)
{
	unsigned int held = fake_frame_locks_held();

	if (!CONFIG_SPLIT_TABLE_LOCKS && rules_lock_required &&
	    !port_ticket_held(rules_lock_required))
		fail_msg("a table is remapped or pinned without the lock of its space");
	if (held > rules_locks_most)
		rules_locks_most = held;
	if (request->op == __HYPERVISOR_update_va_mapping) {
		uint64_t offset = request->va.v - PORT_DIRECT_MAP_BASE;

		if (offset < FAKE_FRAME_COUNT * PAGE_BYTES)
			judge_remap(PFN((unsigned long)(offset >> PAGE_SHIFT)),
			            request->update.val & PTE_WRITE);
	} else if (request->op == __HYPERVISOR_mmuext_op) {
		judge_ext(&request->ext);
	} else if (request->op == __HYPERVISOR_mmu_update) {
		judge_entry(&request->update);
	}
	return 0;
}

void rules_start(const struct pt_format *format)
{
	if (table_pool_frames() > 0)
		xen_tables_reclaim(); /* of the machine before */
	fake_start(format);
	xen_spaces_set_apart(format == &fake_formats[FAKE_FORMAT_APART]);
	fake.judge = judge;
	rules_lock_required = NULL;
	rules_locks_most = 0;
	xen_kernel_space =
	    (struct pt_space){.root = fake.kernel_root, .user_root = PFN_NONE, .pinned = true};
}

unsigned int rules_tops(void)
{
	return port_pt_format->user_top && !xen_spaces_apart() ? 2 : 1;
}

static void check_kernel_half(const struct pt_space *space)
{
	const unsigned int levels = port_pt_format->levels;
	unsigned int first = (unsigned int)(port_pt_format->user_end / rules_reach(levels));
	pfn_t ours = space->root, kernels = fake.kernel_root;

	if (levels == 3) {
		/* One entry, and the table below it is a copy. */
		if (fake_entry_read(ours, 3) == fake_entry_read(kernels, 3))
			fail_msg("the kernel's level-2 table is shared");
		assert_int_equal(fake_entry_read(ours, 3) & ~PTE_FRAME_MASK, PTE_PRESENT);
		ours = pointed_to(fake_entry_read(ours, 3));
		kernels = pointed_to(fake_entry_read(kernels, 3));
		first = 0;
	}
	for (unsigned int i = first; i < rules_entry_count(levels == 3 ? 2 : levels); i++) {
		uint64_t kernel_entry = fake_entry_read(kernels, i);
		bool xens = (kernel_entry & PTE_PRESENT) && pfn_is_none(pointed_to(kernel_entry));

		if (xens && fake_entry_read(ours, i) != 0)
			fail_msg("entry %u is Xen's own", i);
		else if (!xens)
			assert_int_equal(fake_entry_read(ours, i), kernel_entry);
	}
}

static void check_tops_in_step(const struct pt_space *space)
{
	unsigned int users =
	    (unsigned int)(port_pt_format->user_end / rules_reach(port_pt_format->levels));

	assert_int_equal(rules_tops(), 1 + !pfn_is_none(space->user_root));
	if (rules_tops() == 1)
		return;
	for (unsigned int i = 0; i < rules_entry_count(port_pt_format->levels); i++) {
		uint64_t is = fake_entry_read(space->user_root, i);
		uint64_t must = i < users ? fake_entry_read(space->root, i) : 0;

		if (is != must)
			fail_msg("the tops are out of step: entry %u is %#llx in the user's, must "
			         "be %#llx",
			         i, (unsigned long long)is, (unsigned long long)must);
	}
}

/* User mode's top has user space and nothing else. */
static void check_no_kernel_half(const struct pt_space *space)
{
	for (unsigned int i = 256; i < 512; i++)
		if (fake_entry_read(space->root, i) != 0)
			fail_msg("entry %u of user mode's top is the kernel's", i);
}

void rules_check_space(const struct pt_space *space)
{
	assert_true(mc_idle());
	assert_int_equal(fake_frame_locks_held(), 0);
	assert_false(port_ticket_held(&space->lock));
	check_tops_in_step(space);
	if (xen_spaces_apart())
		check_no_kernel_half(space);
	else
		check_kernel_half(space);
}

static void for_each_below(pfn_t table, unsigned int level, uint64_t base, rules_table_fn *fn,
                           void *arg)
{
	for (unsigned int i = 0; i < rules_entry_count(level); i++) {
		uint64_t at = base + i * rules_reach(level), entry = fake_entry_read(table, i);

		if (at >= port_pt_format->user_end || !(entry & PTE_PRESENT))
			continue;
		pfn_t below = pointed_to(entry);

		if (level > 2)
			for_each_below(below, level - 1, at, fn, arg);
		fn(arg, below, level - 1, at);
	}
}

void rules_for_each_table(const struct pt_space *space, rules_table_fn *fn, void *arg)
{
	for_each_below(space->root, port_pt_format->levels, 0, fn, arg);
}
