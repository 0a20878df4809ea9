/* SPDX-License-Identifier: MIT */
/* The devices null, zero and full; the nodes of random and urandom (random_dev.c). */
#include "kernel/fs/internal.h"
#include "kernel/task/give_way.h"

#define MEMDEV_MAJOR 1

static long null_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	(void)file;
	(void)uio;
	(void)pos;
	return 0;
}

static long null_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	size_t bytes = uio->left;

	(void)file;
	(void)pos;
	uio->left = 0;
	return (long)bytes;
}

long memdev_seek(struct file *file, int64_t offset, int whence)
{
	(void)offset;
	(void)whence;
	file->pos = 0;
	return 0;
}

#define PART_BYTES (GIVE_WAY_PAGES * PAGE_BYTES)

static __attribute__((noinline)) long zero_read_parts(struct uio *uio)
{
	long done = 0;

	while (uio->left > PART_BYTES) {
		long moved = uio_clear(uio, PART_BYTES);

		if (moved < 0)
			return done > 0 ? done : moved;
		done += moved;
		if ((size_t)moved < PART_BYTES || give_way())
			return done;
	}
	long rest = uio_clear(uio, uio->left);

	return rest < 0 && done > 0 ? done : done + rest;
}

static long zero_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	(void)file;
	(void)pos;
	return uio->left <= PART_BYTES ? uio_clear(uio, uio->left) : zero_read_parts(uio);
}

static long full_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	(void)file;
	(void)uio;
	(void)pos;
	return -ENOSPC;
}

static const struct file_ops null_ops = {
    .read = null_read, .write = null_write, .seek = memdev_seek};
static const struct file_ops zero_ops = {
    .read = zero_read, .write = null_write, .seek = memdev_seek};
static const struct file_ops full_ops = {
    .read = zero_read, .write = full_write, .seek = memdev_seek};

int memdev_init(void)
{
	static const struct {
		const char *name;
		uint32_t minor;
		const struct file_ops *ops;
	} devices[] = {
	    {"null", 3, &null_ops},
	    {"zero", 5, &zero_ops},
	    {"full", 7, &full_ops},
	    {"random", 8, &random_file_ops},
	    {"urandom", 9, &urandom_file_ops},
	};

	for (size_t i = 0; i < ARRAY_COUNT(devices); i++) {
		int result =
		    devfs_add(devices[i].name, 0666, abi_makedev(MEMDEV_MAJOR, devices[i].minor),
		              devices[i].ops, NULL);

		if (result != 0)
			return result;
	}
	return 0;
}
