/* SPDX-License-Identifier: MIT */
/* sources: kernel/task/elf.c */
/*
 * The ELF reader over any file: what it accepts can be mapped as it says. The input is how many
 * bytes of the file are not shown (4 bytes), then those that are.
 */
#include <stdbool.h>
#include <string.h>

#include "kernel/task/elf.h"
#include "tests/fuzz/fuzz.h"

#define LIMIT 0x7ffffffff000ull
#define PAGE  4096u

static void check_segments(const struct elf_image *image, uint64_t file_bytes)
{
	uint64_t next = 0;

	PROMISE(image->segment_count > 0 && image->segment_count <= ELF_SEGMENTS_MAX);
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segment[i];

		PROMISE(segment->memory_bytes > 0 && segment->file_bytes <= segment->memory_bytes);
		PROMISE(segment->offset <= file_bytes &&
		        segment->file_bytes <= file_bytes - segment->offset);
		PROMISE(segment->address % PAGE == segment->offset % PAGE);
		PROMISE(segment->address >= next);
		PROMISE(segment->address < LIMIT &&
		        segment->memory_bytes <= LIMIT - segment->address);
		PROMISE((segment->prot & ~(ELF_PROT_READ | ELF_PROT_WRITE | ELF_PROT_EXEC)) == 0);
		next = segment->address + segment->memory_bytes;
	}
	PROMISE(image->low == image->segment[0].address && image->high == next);
}

static bool in_a_segment(const struct elf_image *image, uint64_t address, uint64_t bytes)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segment[i];

		if (address >= segment->address &&
		    address - segment->address <= segment->file_bytes &&
		    bytes <= segment->file_bytes - (address - segment->address))
			return true;
	}
	return false;
}

static void check_accepted(const struct elf_image *image, uint64_t file_bytes)
{
	check_segments(image, file_bytes);
	PROMISE(image->entry < LIMIT);
	PROMISE(image->align >= PAGE && (image->align & (image->align - 1)) == 0);
	PROMISE(image->header_bytes == 56 && image->header_count > 0);
	if (image->headers_address != 0)
		PROMISE(in_a_segment(image, image->headers_address,
		                     (uint64_t)image->header_bytes * image->header_count));
	if (image->interpreter_bytes != 0)
		PROMISE(image->interpreter_bytes >= 2 && image->interpreter_bytes <= PAGE &&
		        image->interpreter_offset <= file_bytes &&
		        image->interpreter_bytes <= file_bytes - image->interpreter_offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image, before;
	uint32_t unseen;
	enum elf_result result;

	if (size < sizeof(unseen))
		return 0;
	memcpy(&unseen, data, sizeof(unseen));
	data += sizeof(unseen);
	size -= sizeof(unseen);
	memset(&image, 0x5a, sizeof(image));
	before = image;
	result = elf_parse(data, size, (uint64_t)size + unseen, LIMIT, &image);
	PROMISE(strlen(elf_result_text(result)) > 0);
	if (result == ELF_OK)
		check_accepted(&image, (uint64_t)size + unseen);
	else
		PROMISE(memcmp(&image, &before, sizeof(image)) == 0);
	return 0;
}
