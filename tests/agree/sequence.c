/* SPDX-License-Identifier: MIT */
/*
 * Sequences of memory calls: see sequence.h. Frames have roles, so that many calls succeed: leaf
 * tables, tables of each level above, data; one call in eight ignores them. Linear page tables,
 * which the model leaves out, are avoided: only leaf tables get read-only entries, and they are
 * never used at another level.
 */
#include "tests/agree/sequence.h"

#include "lib/string.h"

#define PRESENT 1u
#define WRITE   2u
#define USER    4u

/* Which frames play which level; 0 is data. */
static const uint8_t role[AGREE_FRAMES] = {1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 0, 0, 0, 0};
/* The last is one of Xen's own slots at the top. */
static const uint16_t slots[6] = {0, 1, 2, 255, 511, 256};

static uint64_t state;

static unsigned int pick(unsigned int count)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)((state >> 11) % count);
}

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

static long write_some_entry(const struct agree_world *world)
{
	unsigned int table = pick(12);
	unsigned int level = role[table];
	unsigned int target = pick(8) == 0 ? pick(AGREE_FRAMES) : frame_of_role(level - 1);
	uint64_t flags = PRESENT | USER;

	if ((level > 2 && role[target] == 1) || role[target] == 4)
		target = frame_of_role(level - 1);
	/* A leaf maps data writable or anything read-only. */
	if (level > 1 || (pick(3) != 0 && role[target] == 0) || pick(8) == 0)
		flags |= WRITE;
	else if (pick(2) == 0)
		target = pick(AGREE_FRAMES);
	return world->write_entry(table, any_slot(table), target, flags);
}

static long one_call(const struct agree_world *world)
{
	unsigned int frame = pick(AGREE_FRAMES);
	unsigned int level = role[frame];

	switch (pick(8)) {
	case 0:
	case 1:
		return write_some_entry(world);
	case 2:
		frame = pick(12);
		return world->clear_entry(frame, any_slot(frame));
	case 3:
	case 4:
		return world->map_direct(frame, level == 0 || pick(4) == 0);
	case 5:
	case 6:
		if (level == 0 || ((level == 2 || level == 3) && pick(8) == 0))
			level = 1 + pick(3);
		return world->pin(frame, level);
	default:
		return world->unpin(frame);
	}
}

static size_t append_state(const struct agree_world *world, char *line, size_t size, size_t len)
{
	for (unsigned int table = 0; table < 12; table++)
		for (unsigned int i = 0; i < 5; i++) {
			unsigned int entry = world->read_entry(table, slots[i]);

			if (entry & PRESENT && len + 8 < size)
				len += (size_t)fmt_print(line + len, size - len, " %x%u%x", table,
				                         i, entry);
		}
	return len;
}

/* Unpin everything (saying which were pinned), then make every frame ordinary memory again. A
 * frame stays read-only as long as another table uses it, so more than one round may be needed. */
static bool clean(const struct agree_world *world, char *line, size_t size, size_t len)
{
	unsigned int left = AGREE_FRAMES;

	for (unsigned int i = 0; i < AGREE_FRAMES && len + 2 < size; i++)
		len += (size_t)fmt_print(line + len, size - len, "%s",
		                         world->unpin(i) == 0 ? "P" : "-");
	for (unsigned int round = 0; round < 5 && left > 0; round++) {
		left = 0;
		for (unsigned int i = 0; i < AGREE_FRAMES; i++)
			left += world->map_direct(i, true) != 0;
	}
	for (unsigned int i = 0; i < AGREE_FRAMES && left == 0; i++)
		world->clear_frame(i);
	return left == 0;
}

bool agree_run(const struct agree_world *world, uint64_t seed, char *line, size_t size)
{
	size_t len;

	state = seed * 0x9e3779b97f4a7c15ull | 1;
	len = (size_t)fmt_print(line, size, "agree %llu:", (unsigned long long)seed);
	for (unsigned int i = 0; i < AGREE_CALLS; i++) {
		long result = one_call(world);

		if (len + 8 < size)
			len += (size_t)fmt_print(line + len, size - len, " %ld", -result);
	}
	len += (size_t)fmt_print(line + len, size - len, " |");
	len = append_state(world, line, size, len);
	len += (size_t)fmt_print(line + len, size - len, " | ");
	return clean(world, line, size, len);
}
