/* SPDX-License-Identifier: MIT */
/* sources: xen/start_info.c */
/*
 * start_info_check() over any page: one that it accepts keeps every promise that boot relies on.
 * The input is the structure, zeros where it is shorter.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <xen/xen.h>

#include "arch/x86/boot_layout.h"
#include "tests/fuzz/fuzz.h"
#include "xen/start.h"

/* [start, start + bytes) lies in the boot map, whose length is the domain's memory, and the sums
 * do not wrap. */
static bool in_boot_map(uint64_t start, unsigned __int128 bytes, uint64_t frames)
{
	unsigned __int128 end = (unsigned __int128)XEN_VIRT_BASE + (unsigned __int128)frames * 4096;

	return start >= XEN_VIRT_BASE && (unsigned __int128)start + bytes <= end &&
	       (unsigned __int128)start + bytes <= (unsigned __int128)1 << 64;
}

static void check_accepted(const struct start_info *info)
{
	uint64_t frames = info->nr_pages;

	PROMISE(frames > 0);
	PROMISE(memcmp(info->magic, "xen-", 4) == 0);
	PROMISE(info->pt_base % 4096 == 0 && info->mfn_list % 4096 == 0);
	PROMISE(info->nr_pt_frames >= 4);
	PROMISE(in_boot_map(info->pt_base, (unsigned __int128)info->nr_pt_frames * 4096, frames));
	PROMISE(in_boot_map(info->mfn_list, (unsigned __int128)frames * 8, frames));
	/* Boot takes all from the tables on for itself. */
	PROMISE((unsigned __int128)info->mfn_list + (unsigned __int128)frames * 8 <= info->pt_base);
	PROMISE(info->shared_info != 0 && info->shared_info % 4096 == 0);
	if (info->mod_start != 0) {
		PROMISE(in_boot_map(info->mod_start, info->mod_len, frames));
		PROMISE((unsigned __int128)info->mod_start + info->mod_len <= info->pt_base);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* On the heap, so that a read past it is seen. */
	struct start_info *info = calloc(1, sizeof(*info));
	const char *why;

	PROMISE(info);
	memcpy(info, data, size < sizeof(*info) ? size : sizeof(*info));
	why = start_info_check(info);
	if (why)
		PROMISE(strlen(why) > 0);
	else
		check_accepted(info);
	free(info);
	return 0;
}
