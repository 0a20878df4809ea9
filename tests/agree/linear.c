/* SPDX-License-Identifier: MIT */
/*
 * Linear page tables: entries of an upper table that lead to a table of its own level, itself or
 * another, beside entries of the usual kind. No table is in force. The first slot stays empty: see
 * memory.c.
 */
#include "tests/agree/calls.h"

#include "lib/string.h"

#define SLOTS  3u
#define TABLES 13u

static const uint8_t role[AGREE_FRAMES] = {1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 0, 0, 0};
static const uint8_t first_of[5] = {13, 0, 3, 7, 10};
static const uint8_t count_of[5] = {3, 3, 4, 3, 3};

static const struct agree_world *world;

static unsigned int some_of(unsigned int level)
{
	return first_of[level] + pick(count_of[level]);
}

static unsigned int some_upper(void)
{
	return 3 + pick(TABLES - 3);
}

static long set_entry(void)
{
	unsigned int table = some_upper(), target, idx = 1 + pick(SLOTS);
	uint64_t flags = PRESENT | USER | (pick(4) == 0 ? WRITE : 0);

	switch (pick(6)) {
	case 0:
		target = table;
		break;
	case 1:
	case 2:
	case 3:
		target = some_of(role[table]);
		break;
	case 4:
		target = some_of(role[table] - 1);
		flags |= WRITE;
		break;
	default:
		target = pick(AGREE_FRAMES);
		break;
	}
	add(" set%u.%u.%u.%x=", table, idx, target, (unsigned int)flags);
	return call_update(table, idx, entry_of(target, flags));
}

static long one_call(void)
{
	unsigned int frame = some_upper(), level = role[frame];

	switch (pick(10)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return set_entry();
	case 4:
	case 5:
		level = pick(8) == 0 ? 1 + pick(4) : level;
		add(" pin%u.%u=", frame, level);
		return call_pin(frame, level);
	case 6:
	case 7:
		add(" unpin%u=", frame);
		return call_unpin(frame);
	case 8:
		level = 1 + pick(SLOTS);
		add(" clear%u.%u=", frame, level);
		return call_update(frame, level, 0);
	default:
		frame = pick(AGREE_FRAMES);
		add(" map%u=", frame);
		return call_map_direct(frame, pick(3) == 0);
	}
}

static void add_entries(void)
{
	for (unsigned int table = 3; table < TABLES; table++)
		for (unsigned int i = 1; i <= SLOTS; i++) {
			uint64_t entry;

			memcpy(&entry, world->memory(table) + i * 8u, sizeof(entry));
			for (unsigned int n = 0; n < AGREE_FRAMES && (entry & PRESENT); n++)
				if ((entry & FRAME_MASK) >> 12 == world->mfn(n))
					add(" %x%u:%x:%x", table, i, n,
					    (unsigned int)(entry & 0x187));
		}
}

bool agree_linear(const struct agree_world *the_world)
{
	world = the_world;
	calls_begin(the_world);
	for (unsigned int i = 0; i < TABLES; i++)
		add_result(call_map_direct(i, false));
	for (unsigned int i = 0; i < AGREE_CALLS; i++)
		add_result(one_call());
	add(" |");
	add_entries();
	add(" | ");
	for (unsigned int i = 0; i < AGREE_FRAMES; i++)
		add("%s", call_unpin(i) == 0 ? "P" : "-");
	return frames_back();
}
