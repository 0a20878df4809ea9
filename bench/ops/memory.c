/* SPDX-License-Identifier: MIT */
/* Mappings: made, touched, protected, moved and taken away. */
#include "bench/ops/ops.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_NAME "/tmp/bench-file"

static unsigned char *memory, *other;
static int fd = -1;

static void run_mmap(void)
{
	void *start = op_map_touched(op_now->size);

	munmap(start, op_now->size);
}

static void map_memory(void)
{
	memory = op_map_touched(op_now->size);
}

static void unmap_memory(void)
{
	munmap(memory, op_now->size);
}

static void run_mprotect(void)
{
	int bad = mprotect(memory, op_now->size, PROT_READ);

	bad |= mprotect(memory, op_now->size, PROT_READ | PROT_WRITE);
	op_check(bad == 0, "mprotect");
}

/* Two places of that size, far enough apart to need tables of their own, that it moves between. */
static void map_two_places(void)
{
	unsigned long span = op_now->size + 64 * MIB;
	unsigned char *start =
	    mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	op_check(start != MAP_FAILED, "mmap");
	munmap(start, span);
	memory = mmap(start, op_now->size, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	op_check(memory == start, "mmap");
	op_touch(memory, op_now->size);
	other = start + span - op_now->size;
}

static void run_mremap(void)
{
	unsigned char *from = memory;

	op_check(mremap(from, op_now->size, op_now->size, MREMAP_MAYMOVE | MREMAP_FIXED, other) ==
	             other,
	         "mremap");
	memory = other;
	other = from;
}

static void write_file(void)
{
	static const char block[4096];

	fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	op_check(fd >= 0, FILE_NAME);
	for (unsigned long at = 0; at < op_now->size; at += sizeof(block))
		op_check(write(fd, block, sizeof(block)) == (ssize_t)sizeof(block), "write");
}

static void remove_file(void)
{
	close(fd);
	unlink(FILE_NAME);
}

static void read_pages(const unsigned char *start)
{
	for (unsigned long at = 0; at < op_now->size; at += PAGE_BYTES)
		(void)*(const volatile unsigned char *)(start + at);
}

static void run_file_map(void)
{
	unsigned char *start = mmap(NULL, op_now->size, PROT_READ, MAP_SHARED, fd, 0);

	op_check(start != MAP_FAILED, "mmap of a file");
	read_pages(start);
	munmap(start, op_now->size);
}

static void run_file_copy(void)
{
	unsigned char *start = mmap(NULL, op_now->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	op_check(start != MAP_FAILED, "mmap of a file");
	op_touch(start, op_now->size);
	munmap(start, op_now->size);
}

#define MMAP(text, bytes, times) \
	.name = "mmap-" text, .runs = (times), .size = (bytes), .run = run_mmap
#define MPROTECT(text, bytes, times)                                                     \
	.name = "mprotect-" text, .runs = (times), .size = (bytes), .run = run_mprotect, \
	.set_up = map_memory, .tear_down = unmap_memory

const struct op memory_ops[] = {
    {MMAP("4K", PAGE_BYTES, 200)},
    {MMAP("1M", MIB, 20)},
    {MMAP("64M", 64 * MIB, 2)},
    {MPROTECT("4K", PAGE_BYTES, 200)},
    {MPROTECT("64M", 64 * MIB, 2)},
    {.name = "mremap-1M",
     .runs = 20,
     .size = MIB,
     .run = run_mremap,
     .set_up = map_two_places,
     .tear_down = unmap_memory},
    {.name = "file-read-1M",
     .runs = 20,
     .size = MIB,
     .run = run_file_map,
     .set_up = write_file,
     .tear_down = remove_file},
    {.name = "file-write-1M",
     .runs = 20,
     .size = MIB,
     .run = run_file_copy,
     .set_up = write_file,
     .tear_down = remove_file},
    {0},
};
