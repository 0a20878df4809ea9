/* SPDX-License-Identifier: MIT */
/*
 * What the topics share: see sequence.h.
 */
#include "tests/agree/sequence.h"

#include <stdarg.h>

#include "lib/string.h"

static uint64_t state;

static struct {
	char text[AGREE_LINE_BYTES];
	size_t len;
} line;

unsigned int pick(unsigned int count)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % count;
}

void add(const char *format, ...)
{
	va_list args;

	if (line.len + 32 > sizeof(line.text))
		return;
	va_start(args, format);
	line.len +=
	    (size_t)fmt_vprint(line.text + line.len, sizeof(line.text) - line.len, format, args);
	va_end(args);
}

void add_result(long result)
{
	add("%ld%s", -result, line.text[line.len - 1] == '=' ? "" : " ");
}

bool agree_run_all(const struct agree_world *world, const struct agree_topic *topics,
                   unsigned long seeds, void (*print)(const char *line))
{
	for (const struct agree_topic *topic = topics; topic->name; topic++)
		for (unsigned long seed = 1; seed <= (seeds + topic->share - 1) / topic->share;
		     seed++) {
			state = seed * 0x9e3779b97f4a7c15ull | 1;
			line.len = 0;
			add("agree %s %lu:", topic->name, seed);
			bool clean = topic->run(world);

			print(line.text);
			if (!clean)
				return false;
		}
	return true;
}
