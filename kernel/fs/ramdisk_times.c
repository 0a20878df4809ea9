/* SPDX-License-Identifier: MIT */
/*
 * Times of the ramdisk's files that a cpio archive cannot hold: before 1970, after 2106, parts of a
 * second. The launcher puts them into a last entry, one record for each such file: seconds with a
 * sign, nanoseconds, the name, as text with one space between and a zero byte at the end. Nothing
 * here is trusted: a record that is none, or of a file that is not there, is passed over.
 */
#include "kernel/fs/internal.h"

/* Times saturate, as everywhere in kernel/fs. */
static int64_t time_from(bool before, uint64_t seconds, uint64_t nanoseconds)
{
	uint64_t most = INT64_MAX / NS_PER_SEC - 1;
	int64_t whole_ns = (int64_t)(MIN(seconds, most) * NS_PER_SEC);

	return (int64_t)nanoseconds + (before ? -whole_ns : whole_ns);
}

static void set_time(const char *record, const char *end)
{
	bool before = record[0] == '-';
	const char *seconds = record + before;
	const char *space = memchr(seconds, ' ', (size_t)(end - seconds));
	const char *name = space ? memchr(space + 1, ' ', (size_t)(end - space - 1)) : NULL;
	uint64_t whole, part;
	struct inode *inode;

	if (name == NULL || !str_parse_u64(seconds, space, &whole) ||
	    !str_parse_u64(space + 1, name, &part) || part >= NS_PER_SEC)
		return;
	inode = path_lookup(vfs_root(), name + 1, PATH_NOFOLLOW);
	if (is_err(inode))
		return;
	inode->mtime_ns = time_from(before, whole, part);
	inode_put(inode);
}

void ramdisk_set_times(const char *records, size_t bytes)
{
	const char *at = records, *end = records + bytes, *nul;

	while (at < end && (nul = memchr(at, 0, (size_t)(end - at))) != NULL) {
		set_time(at, nul);
		at = nul + 1;
	}
}
