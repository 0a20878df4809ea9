/* SPDX-License-Identifier: MIT */
/*
 * PAE tables of a 32-bit guest: entries of all levels, pins, the level-2 table of the kernel, which
 * serves one top only, tops without rights, linear tables; and tops in force.
 */
#include "tests/agree/calls.h"

#include "lib/string.h"

#define TABLES      13u
#define KERNEL_SLOT 3u
#define FIRST_KERNEL \
	7u /* tables of level 2 that begin as copies of the kernel's, one for each top */
#define FIRST_TOP 10u

static const uint8_t role[AGREE_FRAMES] = {1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 0, 0, 0};
static const uint8_t first_of[4] = {13, 0, 4, 10};
static const uint8_t count_of[4] = {3, 4, 3, 3};
/* The last of level 2 is Xen's in the kernel's table; a top has no more than the first four. */
static const uint16_t slots[6] = {0, 1, 2, 3, 4, 511};

static const struct agree_world *world;

static unsigned int some_of(unsigned int level)
{
	return first_of[level] + pick(count_of[level]);
}

static unsigned int some_slot(unsigned int table)
{
	return slots[pick(role[table] == 3 || pick(8) == 0 ? 6 : 4)];
}

/* A top's rights are in the settled cases: what is left of them in one that has been refused
 * depends on how far Xen came. */
static uint64_t some_flags(unsigned int level)
{
	static const uint64_t odd[] = {DIRTY, 1ull << 9, 1ull << 11, NO_EXECUTE, GLOBAL,
	                               LARGE, WRITE,     USER,       ACCESSED};
	uint64_t flags = PRESENT;

	if (level < 3)
		flags |= (pick(3) ? USER : 0) | (pick(3) ? WRITE : 0);
	if (pick(4) == 0)
		flags |= odd[pick(level == 3 ? 6 : 9)];
	/* A leaf's is a cache attribute. */
	return level == 1 ? flags & ~LARGE : flags;
}

static void add_flags(uint64_t value)
{
	add("%x%s", (unsigned int)(value & 0xfff), value & NO_EXECUTE ? "n" : "");
}

static long set_entry(void)
{
	unsigned int table = pick(TABLES), level = role[table], idx = some_slot(table);
	unsigned int target = pick(10) == 0 ? pick(AGREE_FRAMES) : some_of(level - 1);
	uint64_t flags = some_flags(level);

	/* The kernel's table to its place, or elsewhere. A pin that is refused because two tops
	 * share one would leave it in use for good. */
	if (level == 3 && idx == KERNEL_SLOT)
		target = FIRST_KERNEL + table - FIRST_TOP;
	else if (level > 1 && pick(12) == 0)
		target = level == 2 ? some_of(2) : FIRST_KERNEL + pick(3);
	add(" set%u.%u.%u:", table, idx, target);
	add_flags(flags);
	add("=");
	return call_update(table, idx, entry_of(target, flags));
}

static long one_call(void)
{
	unsigned int frame = pick(TABLES), level = role[frame];

	switch (pick(10)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return set_entry();
	case 4:
		level = some_slot(frame);
		add(" clear%u.%u=", frame, level);
		return call_update(frame, level, 0);
	case 5:
	case 6:
	case 7:
		/* A top only from what is to be one: see some_flags(). */
		if (pick(10) == 0)
			level = 1 + pick(2) + (pick(4) == 0 ? 2 : 0);
		if (level == 3)
			level = role[frame];
		add(" pin%u.%u=", frame, level);
		return call_pin(frame, level);
	case 8:
		add(" unpin%u=", frame);
		return call_unpin(frame);
	default:
		frame = pick(AGREE_FRAMES);
		add(" map%u=", frame);
		return call_map_direct(frame, role[frame] == 0 || pick(4) == 0);
	}
}

static void link_plainly(unsigned int table, unsigned int idx, unsigned int child, uint64_t flags)
{
	uint64_t entry = entry_of(child, PRESENT | flags);

	memcpy(world->memory(table) + idx * 8u, &entry, sizeof(entry));
}

static void begin(void)
{
	for (unsigned int i = FIRST_KERNEL; i < FIRST_TOP; i++)
		world->copy_kernel_half(world->memory(i));
	for (unsigned int top = FIRST_TOP; top < TABLES; top++) {
		if (pick(8) != 0)
			link_plainly(top, KERNEL_SLOT, FIRST_KERNEL + top - FIRST_TOP, 0);
		link_plainly(top, 0, 4 + pick(3), 0);
	}
	link_plainly(4, 0, 0, USER | WRITE);
	for (unsigned int i = 0; i < TABLES; i++)
		add_result(call_map_direct(i, false));
}

/* Without those flags that the processor sets in tables in force. */
static void add_entries(uint64_t hidden)
{
	for (unsigned int table = 0; table < TABLES; table++)
		for (unsigned int i = 0; i < 5; i++) {
			uint64_t entry;

			memcpy(&entry, world->memory(table) + slots[i] * 8u, sizeof(entry));
			for (unsigned int n = 0; n < AGREE_FRAMES && (entry & PRESENT); n++)
				if ((entry & FRAME_MASK) >> 12 == world->mfn(n)) {
					add(" %x%u:%x:", table, slots[i], n);
					add_flags(entry & ~hidden);
				}
		}
}

static bool agree_pae(const struct agree_world *the_world)
{
	world = the_world;
	calls_begin(the_world);
	begin();
	for (unsigned int i = 0; i < AGREE_CALLS; i++)
		add_result(one_call());
	add(" |");
	add_entries(0);
	add(" | ");
	for (unsigned int i = 0; i < AGREE_FRAMES; i++)
		add("%s", call_unpin(i) == 0 ? "P" : "-");
	return frames_back();
}

static void add_update(unsigned int table, unsigned int idx, unsigned int target, uint64_t flags)
{
	uint64_t entry;

	add_result(call_update(table, idx, entry_of(target, PRESENT | flags)));
	memcpy(&entry, world->memory(table) + idx * 8u, sizeof(entry));
	add("%x ", (unsigned int)entry & 0xfff);
}

static void make_tops(void)
{
	for (unsigned int i = 0; i < 3; i++) {
		world->copy_kernel_half(world->memory(FIRST_KERNEL + i));
		link_plainly(FIRST_TOP + i, KERNEL_SLOT, FIRST_KERNEL + i, 0);
	}
	for (unsigned int i = 0; i < TABLES; i++)
		call_map_direct(i, false);
}

/* Each rule of a top, as calls with nothing random in them. */
static bool agree_pae_settled(const struct agree_world *the_world)
{
	world = the_world;
	calls_begin(the_world);
	make_tops();
	add(" pins=");
	add_result(call_pin(FIRST_TOP, 3));
	add_result(call_pin(FIRST_TOP + 1, 4)); /* no level of this guest's, and no error */
	add_result(call_pin(FIRST_KERNEL, 2));  /* it is in use as the kernel's */
	add(" rights=");
	add_update(FIRST_TOP, 0, 4, 0);
	add_update(FIRST_TOP, 0, 4, WRITE | USER);
	add_update(FIRST_TOP, 1, 4, NO_EXECUTE);
	add_update(FIRST_TOP, 1, 4, LARGE);
	add(" kernel="); /* its entry stays, and it goes nowhere else */
	add_update(FIRST_TOP, KERNEL_SLOT, FIRST_KERNEL, 0);
	add_result(call_update(FIRST_TOP, KERNEL_SLOT, 0));
	add_update(FIRST_TOP, 1, FIRST_KERNEL, 0);
	add_update(FIRST_TOP, 4, 4, 0);
	add_update(FIRST_KERNEL, 511, 0, WRITE); /* Xen's */
	add(" linear=");
	add_update(FIRST_TOP, 1, FIRST_TOP, 0); /* not at the top */
	add_result(call_pin(4, 2));
	add_update(4, 1, 4, 0);
	add(" empty=");
	add_result(call_update(FIRST_TOP + 1, KERNEL_SLOT, 0));
	add_result(call_pin(FIRST_TOP + 1, 3));
	add_result(call_unpin(4));
	add_result(call_unpin(FIRST_TOP));
	add_update(FIRST_TOP, 1, 4, WRITE); /* an ordinary page again, as written */
	return frames_back();
}

/* Tops in force, with changes by address and of the tables that they lead to. Every frame keeps its
 * role, and the kernel's tables are left alone. */

static unsigned long some_address(void)
{
	return (unsigned long)pick(2) << 30 | (unsigned long)pick(2) << 21 |
	       (unsigned long)pick(3) << 12;
}

static uint64_t some_rights(void)
{
	return PRESENT | (pick(4) ? USER : 0) | (pick(2) ? WRITE : 0);
}

static long load_base(void)
{
	static const unsigned int commands[] = {MMUEXT_NEW_BASEPTR, MMUEXT_NEW_BASEPTR,
	                                        MMUEXT_NEW_BASEPTR, MMUEXT_NEW_USER_BASEPTR};
	unsigned int command = commands[pick(4)];
	unsigned int frame = pick(6) == 0 ? pick(FIRST_KERNEL) : FIRST_TOP + pick(3);

	/* Of the others none leads to the kernel: they are refused. */
	add(" base%u.%u=", command, frame);
	return call_mmuext(command, frame);
}

static long change(void)
{
	unsigned int table = pick(4) == 0 ? FIRST_TOP + pick(3) : pick(FIRST_KERNEL);
	unsigned int level = role[table], idx = level == 3 ? pick(3) : pick(2);
	uint64_t value = 0;

	if (pick(5) != 0)
		value = entry_of(some_of(level - 1), level == 3 ? PRESENT : some_rights());
	add(" set%u.%u.%x=", table, idx, (unsigned int)value & 7);
	return call_update(table, idx, value);
}

static long one_call_in_force(void)
{
	unsigned long address = some_address();
	unsigned int frame = pick(8) == 0 ? pick(FIRST_KERNEL) : some_of(0);
	uint64_t rights = some_rights();

	switch (pick(8)) {
	case 0:
	case 1:
		return load_base();
	case 2:
	case 3:
		return change();
	case 4:
		frame = FIRST_TOP + pick(3);
		add(" unpin%u=", frame);
		return call_unpin(frame);
	case 5:
		frame = pick(2) ? FIRST_TOP + pick(3) : pick(FIRST_KERNEL);
		add(" pin%u=", frame);
		return call_pin(frame, role[frame]);
	default:
		add(" va%lx.%u.%x=", address, frame, (unsigned int)rights);
		return call_map(address, pick(6) ? entry_of(frame, rights) : 0);
	}
}

static bool agree_pae_base(const struct agree_world *the_world)
{
	struct mmuext_op op = {.cmd = MMUEXT_NEW_BASEPTR};

	world = the_world;
	calls_begin(the_world);
	for (unsigned int i = 0; i < 3; i++) {
		link_plainly(FIRST_TOP + i, 0, 4 + pick(2), 0);
		link_plainly(4 + i, 0, pick(4), USER | WRITE);
	}
	make_tops();
	for (unsigned int i = 0; i < 2; i++)
		add_result(call_pin(FIRST_TOP + i, 3));
	for (unsigned int i = 0; i < AGREE_CALLS; i++)
		add_result(one_call_in_force());
	add(" |");
	add_entries(ACCESSED | DIRTY);
	add(" | ");
	op.arg1.mfn = (xen_pfn_t)world->kernel_base;
	add_result(world->call(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF));
	for (unsigned int i = 0; i < AGREE_FRAMES; i++)
		add("%s", call_unpin(i) == 0 ? "P" : "-");
	return frames_back();
}

/* Two tops with one table of the kernel's. The refusal leaves it in use for good: the last that is
 * done with these frames. */
static bool agree_pae_shared(const struct agree_world *the_world)
{
	world = the_world;
	calls_begin(the_world);
	make_tops();
	add_result(call_pin(FIRST_TOP, 3));
	add_result(call_update(FIRST_TOP + 1, KERNEL_SLOT, entry_of(FIRST_KERNEL, PRESENT)));
	add_result(call_pin(FIRST_TOP + 1, 3));
	add_result(call_pin(FIRST_TOP + 2, 3));
	add_result(call_unpin(FIRST_TOP + 2));
	add_result(call_unpin(FIRST_TOP));
	return true;
}

const struct agree_topic agree_pae_topics[] = {
    {"pae", 1, agree_pae},
    {"pae-base", 1, agree_pae_base},
    {"pae-settled", 1000000, agree_pae_settled},
    {"pae-shared", 1000000, agree_pae_shared},
    {0},
};
