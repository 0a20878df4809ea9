/* SPDX-License-Identifier: MIT */
/*
 * A run's choices as text: those that were not calm, "place=value" with commas, "-" if none; and
 * in words.
 */
#include "explore/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void trail_write(char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < ex->trail_len && len + 12 < size; i++)
		if (ex->trail[i].taken != 0)
			len += (size_t)snprintf(text + len, size - len, "%s%u=%u", len ? "," : "",
			                        i, ex->trail[i].taken);
	if (len == 0)
		snprintf(text, size, "-");
}

bool trail_read(const char *text)
{
	memset(ex->trail, 0, sizeof(ex->trail));
	ex->replay_len = 0;
	if (strcmp(text, "-") == 0)
		return true;
	for (const char *at = text; *at;) {
		char *end;
		unsigned long place = strtoul(at, &end, 10), value;

		if (end == at || *end != '=' || place >= TRAIL_MAX || place < ex->replay_len)
			return false;
		at = end + 1;
		value = strtoul(at, &end, 10);
		if (end == at || (*end != ',' && *end != '\0') || value > UINT8_MAX)
			return false;
		ex->trail[place].taken = (uint8_t)value;
		ex->replay_len = (unsigned int)place + 1;
		at = *end ? end + 1 : end;
	}
	return true;
}

void trail_tell(char *text, size_t size)
{
	static const char *const kinds[] = {"", "preempted at ", "fault: ", ""};
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < ex->trail_len && len < size; i++) {
		const struct choice *choice = &ex->trail[i];

		if (choice->taken != 0)
			len += (size_t)snprintf(text + len, size - len, "#   %u=%u  vcpu %u %s%s\n",
			                        i, choice->taken, choice->vcpu, kinds[choice->kind],
			                        choice->label);
	}
}
