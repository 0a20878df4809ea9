/* SPDX-License-Identifier: MIT */
/*
 * Reader of cpio archives in the "newc" format (with and without checksums), one after another,
 * zero padding between.
 */
#ifndef PINFOLD_KERNEL_FS_CPIO_H
#define PINFOLD_KERNEL_FS_CPIO_H

#include <stddef.h>
#include <stdint.h>

struct cpio_entry {
	const char *name; /* ends with a NUL, has none inside; points into the archive */
	size_t name_len;
	uint32_t ino, mode, uid, gid, link_count, mtime;
	uint32_t dev_major, dev_minor, rdev_major, rdev_minor;
	const uint8_t *data; /* into the archive */
	size_t bytes;
};

struct cpio_error {
	const char *what; /* NULL: the visitor stopped it */
	size_t offset;    /* of the header concerned */
};

/* Nonzero stops the reading. */
typedef int cpio_visitor(void *arg, const struct cpio_entry *entry);

/* Show every entry but trailers to the visitor. 0; what the visitor returned; or -EINVAL for what
 * is no archive. `error` is set when the result is not 0. */
int cpio_read(const void *archive, size_t bytes, cpio_visitor *visit, void *arg,
              struct cpio_error *error);

#endif
