/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader. It trusts nothing: each field is read by offset from a buffer of known length,
 * each sum is checked for overflow. It knows no kernel function, so that hosted tests and the
 * fuzzer run it as it is.
 */
#include "kernel/task/elf.h"

#include "lib/string.h"

#define EI_CLASS      4
#define EI_DATA       5
#define EI_VERSION    6
#define CLASS_64      2
#define DATA_LITTLE   1
#define TYPE_EXEC     2
#define TYPE_DYN      3
#define MACHINE_AMD64 62
#define PT_LOAD       1
#define PT_INTERP     3
#define PF_X          1u
#define PF_W          2u
#define PF_R          4u
#define INTERP_MAX    4096u
#define PAGE          4096ull

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct program_header {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

_Static_assert(sizeof(struct elf_header) == 64, "Elf64_Ehdr");
_Static_assert(sizeof(struct program_header) == 56, "Elf64_Phdr");

static enum elf_result header_check(const struct elf_header *header)
{
	if (memcmp(header->ident, "\177ELF", 4) != 0)
		return ELF_NOT_ELF;
	if (header->ident[EI_CLASS] != CLASS_64)
		return ELF_OTHER_CLASS;
	if (header->ident[EI_DATA] != DATA_LITTLE || header->machine != MACHINE_AMD64)
		return ELF_OTHER_MACHINE;
	if (header->type != TYPE_EXEC && header->type != TYPE_DYN)
		return ELF_OTHER_TYPE;
	if (header->phentsize != sizeof(struct program_header) || header->phnum == 0)
		return ELF_BROKEN;
	return ELF_OK;
}

static unsigned int prot_from_flags(uint32_t flags)
{
	return (flags & PF_R ? ELF_PROT_READ : 0) | (flags & PF_W ? ELF_PROT_WRITE : 0) |
	       (flags & PF_X ? ELF_PROT_EXEC : 0);
}

static enum elf_result segment_add(struct elf_image *image, const struct program_header *ph,
                                   uint64_t file_bytes, uint64_t address_limit)
{
	struct elf_segment *segment = &image->segment[image->segment_count];

	if (ph->memsz == 0)
		return ph->filesz == 0 ? ELF_OK : ELF_BROKEN;
	if (ph->filesz > ph->memsz || ph->offset > file_bytes ||
	    ph->filesz > file_bytes - ph->offset)
		return ELF_BROKEN;
	if (ph->vaddr >= address_limit || ph->memsz > address_limit - ph->vaddr)
		return ELF_BROKEN;
	if ((ph->vaddr ^ ph->offset) & (PAGE - 1))
		return ELF_BROKEN;
	if (ph->vaddr < image->high)
		return ELF_BROKEN;
	if (image->segment_count == ELF_SEGMENTS_MAX)
		return ELF_TOO_LONG;
	*segment = (struct elf_segment){
	    .address = ph->vaddr,
	    .memory_bytes = ph->memsz,
	    .file_bytes = ph->filesz,
	    .offset = ph->offset,
	    .prot = prot_from_flags(ph->flags),
	};
	if (image->segment_count == 0)
		image->low = ph->vaddr;
	image->high = ph->vaddr + ph->memsz;
	if (ph->align > image->align && (ph->align & (ph->align - 1)) == 0)
		image->align = ph->align;
	image->segment_count++;
	return ELF_OK;
}

static enum elf_result interpreter_set(struct elf_image *image, const struct program_header *ph,
                                       uint64_t file_bytes)
{
	if (image->interpreter_bytes != 0)
		return ELF_OK; /* the first one counts */
	if (ph->filesz < 2 || ph->filesz > INTERP_MAX || ph->offset > file_bytes ||
	    ph->filesz > file_bytes - ph->offset)
		return ELF_BROKEN;
	image->interpreter_offset = ph->offset;
	image->interpreter_bytes = ph->filesz;
	return ELF_OK;
}

/* Where the program headers are once the segments are loaded. */
static void headers_locate(struct elf_image *image, uint64_t phoff)
{
	uint64_t bytes = (uint64_t)image->header_bytes * image->header_count;

	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segment[i];

		if (phoff >= segment->offset && phoff - segment->offset <= segment->file_bytes &&
		    bytes <= segment->file_bytes - (phoff - segment->offset)) {
			image->headers_address = segment->address + (phoff - segment->offset);
			return;
		}
	}
}

enum elf_result elf_parse(const void *bytes, size_t len, uint64_t file_bytes,
                          uint64_t address_limit, struct elf_image *out)
{
	struct elf_image image = {.align = PAGE};
	struct elf_header header;
	enum elf_result result;

	if (len < 4 || memcmp(bytes, "\177ELF", 4) != 0)
		return ELF_NOT_ELF;
	if (len < sizeof(header))
		return ELF_BROKEN;
	memcpy(&header, bytes, sizeof(header));
	result = header_check(&header);
	if (result != ELF_OK)
		return result;
	if (header.phoff > len ||
	    (uint64_t)header.phnum * sizeof(struct program_header) > len - header.phoff)
		return ELF_TOO_LONG;
	image.relocatable = header.type == TYPE_DYN;
	image.entry = header.entry;
	image.header_bytes = header.phentsize;
	image.header_count = header.phnum;
	for (unsigned int i = 0; i < header.phnum; i++) {
		struct program_header ph;

		memcpy(&ph, (const uint8_t *)bytes + header.phoff + i * sizeof(ph), sizeof(ph));
		if (ph.type == PT_LOAD)
			result = segment_add(&image, &ph, file_bytes, address_limit);
		else if (ph.type == PT_INTERP)
			result = interpreter_set(&image, &ph, file_bytes);
		if (result != ELF_OK)
			return result;
	}
	if (image.segment_count == 0 || image.entry >= address_limit)
		return ELF_BROKEN;
	headers_locate(&image, header.phoff);
	*out = image;
	return ELF_OK;
}

const char *elf_result_text(enum elf_result result)
{
	static const char *const text[] = {
	    [ELF_OK] = "an x86-64 ELF program",
	    [ELF_NOT_ELF] = "not an ELF file",
	    [ELF_OTHER_CLASS] = "a 32-bit ELF file",
	    [ELF_OTHER_MACHINE] = "an ELF file for another machine",
	    [ELF_OTHER_TYPE] = "an ELF file, but not a program",
	    [ELF_BROKEN] = "a broken ELF file",
	    [ELF_TOO_LONG] = "an ELF file with too many or too distant program headers",
	};

	return text[result];
}
