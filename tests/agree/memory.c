/* SPDX-License-Identifier: MIT */
/*
 * Entries of page tables, pins, and the mappings of tables, one call at a time.
 *
 * Frames have roles, so that many calls succeed: leaf tables, tables of each level above, data; one
 * call in eight ignores them.
 */
#include "tests/agree/sequence.h"

#include "lib/string.h"
#include "tests/agree/calls.h"

#define TABLES 12u

/* Which frames play which level; 0 is data. */
static const uint8_t role[AGREE_FRAMES] = {1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 0, 0, 0, 0};
/* The last is one of Xen's own slots at the top. Not the first of a table: when a pin is refused
 * behind the first entry of level 2, in the first of level 3, behind the first of level 4, then the
 * table of level 2 stays in use for some calls on Xen 4.17, or for good. */
static const uint16_t slots[6] = {1, 2, 3, 255, 511, 256};

static const struct agree_world *world;

/* The sequence. */

static unsigned int frame_of_role(unsigned int level)
{
	for (;;) {
		unsigned int frame = pick(AGREE_FRAMES);

		if (role[frame] == level)
			return frame;
	}
}

static unsigned int any_slot(unsigned int table)
{
	return slots[pick(role[table] == 4 ? 6 : 5)];
}

static long write_some_entry(void)
{
	unsigned int table = pick(TABLES);
	unsigned int level = role[table];
	unsigned int target = pick(8) == 0 ? pick(AGREE_FRAMES) : frame_of_role(level - 1);
	uint64_t flags = PRESENT | USER;

	/* A leaf maps data writable or anything read-only. */
	if (level > 1 ? pick(8) != 0 : (pick(3) != 0 && role[target] == 0) || pick(8) == 0)
		flags |= WRITE;
	else if (pick(2) == 0)
		target = pick(AGREE_FRAMES);
	add(" set%u.%u.%x=", table, target, (unsigned int)flags);
	return call_update(table, any_slot(table), world->mfn(target) << 12 | flags);
}

static long one_call(void)
{
	unsigned int frame = pick(AGREE_FRAMES);
	unsigned int level = role[frame];

	switch (pick(8)) {
	case 0:
	case 1:
		return write_some_entry();
	case 2:
		frame = pick(TABLES);
		add(" clear%u=", frame);
		return call_update(frame, any_slot(frame), 0);
	case 3:
	case 4:
		add(" map%u=", frame);
		return call_map_direct(frame, level == 0 || pick(4) == 0);
	case 5:
	case 6:
		if (level == 0 || pick(8) == 0)
			level = 1 + pick(4);
		add(" pin%u.%u=", frame, level);
		return call_pin(frame, level);
	default:
		add(" unpin%u=", frame);
		return call_unpin(frame);
	}
}

/* Each present entry: table, slot, rights, and which frame. */
static void add_entries(void)
{
	for (unsigned int table = 0; table < TABLES; table++)
		for (unsigned int i = 0; i < 5; i++) {
			uint64_t entry;

			memcpy(&entry, world->memory(table) + slots[i] * 8u, sizeof(entry));
			for (unsigned int n = 0; n < AGREE_FRAMES && (entry & PRESENT); n++)
				if ((entry & FRAME_MASK) >> 12 == world->mfn(n))
					add(" %x%u:%x:%x%s", table, i, n,
					    (unsigned int)(entry & 0x187),
					    entry & 1ull << 52 ? "k" : "");
		}
}

/* Unpin everything, saying which were pinned, then make every frame ordinary memory again. */
static bool clean(void)
{
	for (unsigned int i = 0; i < AGREE_FRAMES; i++)
		add("%s", call_unpin(i) == 0 ? "P" : "-");
	return frames_back();
}

bool agree_memory(const struct agree_world *the_world)
{
	world = the_world;
	calls_begin(the_world);
	for (unsigned int i = 0; i < AGREE_CALLS; i++)
		add_result(one_call());
	add(" |");
	add_entries();
	add(" | ");
	return clean();
}
