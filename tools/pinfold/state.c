/* SPDX-License-Identifier: MIT */
/*
 * QEMU's record of a machine, see state.h.
 *
 * Facts: QEMU's migration/ram.c, ram_save_setup() and parse_ramblock(). A piece of memory is a
 * byte with the length of its name, the name, its size and, when shared memory is left out, its
 * place, both of 8 bytes, the most significant first. The name of a device's memory is the device's
 * place in the machine and the object's name. The list is the first thing in the file.
 */
#include "tools/pinfold/state.h"

#include <string.h>
#include <unistd.h>

#define HEAD_BYTES  4096
#define NAME_SUFFIX "/chan"
#define SIZE_BYTES  8
#define PLACE_BYTES 8

static uint64_t read_number(const unsigned char *from)
{
	uint64_t number = 0;

	for (int i = 0; i < SIZE_BYTES; i++)
		number = number << 8 | from[i];
	return number;
}

bool state_detach(int state_fd, uint64_t channel_bytes)
{
	static const unsigned char nowhere[PLACE_BYTES];
	unsigned char head[HEAD_BYTES];
	ssize_t len = pread(state_fd, head, sizeof(head), 0);
	size_t name_len = 0;
	unsigned char *end, *name;

	if (len <= 0)
		return false;
	end = memmem(head, (size_t)len, NAME_SUFFIX, strlen(NAME_SUFFIX));
	if (end == NULL)
		return false;
	end += strlen(NAME_SUFFIX);
	/* Back to the byte that says how long the name is. */
	for (name = end; name > head && name[-1] != name_len; name--)
		name_len++;
	if (name == head || end + SIZE_BYTES + PLACE_BYTES > head + len ||
	    read_number(end) != channel_bytes)
		return false;
	return pwrite(state_fd, nowhere, PLACE_BYTES, end + SIZE_BYTES - head) == PLACE_BYTES;
}
