/* SPDX-License-Identifier: MIT */
/*
 * The upper levels: leaf tables under several slots of several trees, upper entries that lose
 * and regain the right to write, user tops loaded alone and left, changes by address on such a
 * path, and what the kernel and user mode then reach there.
 *
 * Two tops have the kernel's half and can be in force, one has none and is user mode's only. Frames
 * keep their roles throughout, so that data is never a table.
 */
#include "tests/agree/calls.h"

#include "lib/string.h"

#define SLOTS       3u
#define TABLES      12u
#define FIRST_TOP   9u
#define USER_TOP    11u /* without the kernel's half */
#define DATA        12u
#define MARK_OFFSET 3200u /* what tells data frames apart; no table has an entry there */
#define CALLS       AGREE_CALLS

static const uint8_t role[AGREE_FRAMES] = {1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 4, 0, 0, 0, 0};
static const uint8_t first_of[5] = {DATA, 0, 3, 7, FIRST_TOP};
static const uint8_t count_of[5] = {4, 3, 4, 2, 3};

static const struct agree_world *world;
static bool has_user_top;
static uint8_t target_of[TABLES][SLOTS]; /* what was asked for last */

static unsigned int some_of(unsigned int level)
{
	return first_of[level] + pick(count_of[level]);
}

/* Mostly the first, where there is something. */
static unsigned long some_slot(unsigned int count)
{
	return pick(2) ? 0 : pick(count);
}

static unsigned long some_address(void)
{
	return some_slot(2) << 39 | some_slot(2) << 30 | some_slot(SLOTS) << 21 |
	       some_slot(SLOTS) << 12;
}

/* Mostly what is usual; sometimes a bit that Xen may not want, or that it has for itself. */
static uint64_t some_flags(unsigned int level)
{
	static const uint64_t odd[] = {ACCESSED,   DIRTY,      ACCESSED | DIRTY, 1ull << 9,
	                               1ull << 11, 1ull << 58, 1ull << 52,       NO_EXECUTE,
	                               GLOBAL,     LARGE};
	uint64_t flags = PRESENT;
	flags |= pick(2) ? WRITE : 0;
	flags |= pick(4) ? USER : 0;
	if (pick(4) != 0)
		return flags;
	for (unsigned int i = 0; i < 2; i++)
		flags |= odd[pick(level == 1 ? 9 : 10)]; /* a leaf's is a cache attribute */
	return flags;
}

static void add_flags(uint64_t value)
{
	add("%x.%x", (unsigned int)(value & 0xfff), (unsigned int)(value >> 52));
}

static long set_entry(void)
{
	unsigned int table = pick(3) == 0 ? some_of(1) : 3 + pick(TABLES - 3);
	unsigned int level = role[table], idx = pick(SLOTS);
	struct mmu_update update = {.ptr = entry_address(table, idx)};

	/* The same frame with other rights, or another frame. */
	if (pick(3) == 0)
		target_of[table][idx] = (uint8_t)some_of(level - 1);
	if (pick(8) != 0)
		update.val = entry_of(target_of[table][idx], some_flags(level));
	add(" set%u.%u.%u:", table, idx, target_of[table][idx]);
	add_flags(update.val & ~FRAME_MASK);
	if (pick(6) == 0) {
		update.ptr |= MMU_PT_UPDATE_PRESERVE_AD;
		add("k");
	}
	add("=");
	return world->call(__HYPERVISOR_mmu_update, (unsigned long)&update, 1, 0, DOMID_SELF);
}

static long set_by_address(void)
{
	unsigned long address = some_address();
	unsigned int frame = pick(5) == 0 ? pick(FIRST_TOP) : some_of(0);
	uint64_t flags = some_flags(1);

	add(" va%lx.%u:", address, frame);
	add_flags(flags);
	add("=");
	return world->call(__HYPERVISOR_update_va_mapping, address,
	                   pick(6) ? entry_of(frame, flags) : 0, UVMF_NONE, 0);
}

/* One base table or both, in either order, or none for user mode. */
static long load_bases(void)
{
	struct mmuext_op ops[2] = {{.cmd = MMUEXT_NEW_USER_BASEPTR},
	                           {.cmd = MMUEXT_NEW_USER_BASEPTR}};
	unsigned int count = 1 + pick(2), done = 0;
	long result;

	add(" load");
	for (unsigned int i = 0; i < count; i++) {
		unsigned int top = some_of(4);

		if (top != USER_TOP && pick(3) == 0)
			ops[i].cmd = MMUEXT_NEW_BASEPTR;
		if (pick(3) != 0 || ops[i].cmd == MMUEXT_NEW_BASEPTR)
			ops[i].arg1.mfn = world->mfn(top);
		add("/%u.%u", ops[i].cmd, ops[i].arg1.mfn != 0 ? top : 0);
	}
	add("=");
	result = world->call(__HYPERVISOR_mmuext_op, (unsigned long)ops, count,
	                     (unsigned long)&done, DOMID_SELF);
	for (unsigned int i = 0; i < done; i++)
		if (ops[i].cmd == MMUEXT_NEW_USER_BASEPTR)
			has_user_top = ops[i].arg1.mfn != 0;
	return result;
}

/* What the kernel, or user mode, reads at an address of user space, and whether it may write. A
 * store to a leaf table would be emulated: only data is written. */
static void probe(void)
{
	struct mmuext_op flush = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};
	unsigned long address = some_address() + MARK_OFFSET;
	bool user = has_user_top && pick(2);
	uint32_t found = 0;

	world->call(__HYPERVISOR_mmuext_op, (unsigned long)&flush, 1, 0, DOMID_SELF);
	add(" %s%lx:", user ? "user" : "at", address >> 12);
	if (!(user ? world->user_load : world->load)(address, &found))
		add("- ");
	else if (found == 0)
		add("t ");
	else
		add("%u%s ", found,
		    (user ? world->user_store : world->store)(address, found) ? "w" : "r");
}

static long one_call(void)
{
	unsigned int frame = pick(AGREE_FRAMES);

	switch (pick(12)) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		return set_entry();
	case 5:
	case 6:
		return set_by_address();
	case 7:
		return load_bases();
	case 8:
		frame = pick(TABLES);
		add(" unpin%u=", frame);
		return call_unpin(frame);
	case 9:
	case 10:
		frame = pick(TABLES);
		add(" pin%u=", frame);
		return call_pin(frame, role[frame]);
	default:
		add(" map%u=", frame);
		return call_map_direct(frame, role[frame] == 0 ? pick(2) : pick(6) == 0);
	}
}

static void link_plainly(unsigned int table, unsigned int idx, unsigned int child, uint64_t flags)
{
	uint64_t entry = entry_of(child, PRESENT | USER | flags);

	target_of[table][idx] = (uint8_t)child;
	memcpy(world->memory(table) + idx * 8u, &entry, sizeof(entry));
}

/* Two trees over the same two leaf tables, one of them read-only; the third top leads to either. */
static void begin(void)
{
	for (unsigned int table = 0; table < TABLES; table++)
		for (unsigned int i = 0; i < SLOTS; i++)
			target_of[table][i] = (uint8_t)some_of(role[table] - 1u);
	for (unsigned int frame = DATA; frame < AGREE_FRAMES; frame++)
		memcpy(world->memory(frame) + MARK_OFFSET, &frame, sizeof(frame));
	for (unsigned int top = FIRST_TOP; top <= USER_TOP; top++)
		world->add_user_code(world->memory(top));
	for (unsigned int top = FIRST_TOP; top < USER_TOP; top++)
		world->copy_kernel_half(world->memory(top));
	for (unsigned int tree = 0; tree < 2; tree++) {
		link_plainly(FIRST_TOP + tree, 0, 7 + tree, WRITE);
		link_plainly(USER_TOP, tree, 7 + tree, pick(2) ? WRITE : 0);
		link_plainly(7 + tree, 0, 3 + tree, WRITE);
		link_plainly(3 + tree, 0, 0, tree ? 0 : WRITE);
		link_plainly(3 + tree, 1, 1, 0);
		link_plainly(tree, 0, DATA + tree, WRITE);
		link_plainly(tree, 1, DATA + 2, 0);
	}
	for (unsigned int i = 0; i < TABLES; i++)
		add_result(call_map_direct(i, false));
	for (unsigned int top = FIRST_TOP; top <= USER_TOP; top++)
		add_result(call_pin(top, 4));
	add_result(call_mmuext(MMUEXT_NEW_BASEPTR, FIRST_TOP));
	add_result(call_mmuext(MMUEXT_NEW_USER_BASEPTR, USER_TOP));
	has_user_top = true;
}

static void add_entries(void)
{
	for (unsigned int table = 0; table < TABLES; table++)
		for (unsigned int i = 0; i < SLOTS; i++) {
			uint64_t entry;

			memcpy(&entry, world->memory(table) + i * 8u, sizeof(entry));
			for (unsigned int n = 0; n < AGREE_FRAMES && (entry & PRESENT); n++)
				if ((entry & FRAME_MASK) >> 12 == world->mfn(n)) {
					add(" %x%u:%x:", table, i, n);
					/* The processor sets these when it likes. */
					add_flags(entry & ~(ACCESSED | DIRTY));
				}
		}
}

bool agree_upper(const struct agree_world *the_world)
{
	struct mmuext_op ops[2] = {{.cmd = MMUEXT_NEW_USER_BASEPTR}, {.cmd = MMUEXT_NEW_BASEPTR}};

	world = the_world;
	calls_begin(the_world);
	begin();
	for (unsigned int i = 0; i < CALLS; i++) {
		add_result(one_call());
		if (pick(3) == 0)
			probe();
	}
	add(" |");
	add_entries();
	add(" | ");
	ops[1].arg1.mfn = world->kernel_base;
	add_result(world->call(__HYPERVISOR_mmuext_op, (unsigned long)ops, 2, 0, DOMID_SELF));
	for (unsigned int i = 0; i < AGREE_FRAMES; i++)
		add("%s", call_unpin(i) == 0 ? "P" : "-");
	return frames_back();
}
