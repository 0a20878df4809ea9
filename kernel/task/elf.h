/* SPDX-License-Identifier: MIT */
/*
 * Reading of ELF files as programs: a pure function over the first bytes of a file.
 */
#ifndef PINFOLD_KERNEL_TASK_ELF_H
#define PINFOLD_KERNEL_TASK_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS_MAX 32u
#define ELF_PROT_EXEC    4u /* the kernel's vm_prot values */
#define ELF_PROT_WRITE   2u
#define ELF_PROT_READ    1u

struct elf_segment {
	uint64_t address;      /* as linked */
	uint64_t memory_bytes; /* not 0; file_bytes of them come from the file */
	uint64_t file_bytes;
	uint64_t offset; /* in the file; same place in its page as `address` */
	unsigned int prot;
};

struct elf_image {
	bool relocatable; /* ET_DYN: may go anywhere; addresses below are relative to that */
	uint64_t entry;
	uint64_t low, high;       /* first and past the last byte of all segments */
	uint64_t align;           /* largest alignment wanted, a power of two, at least a page */
	uint64_t headers_address; /* of the program headers in memory, 0: not loaded */
	uint16_t header_bytes;    /* of one program header */
	uint16_t header_count;
	uint64_t interpreter_offset; /* of its path in the file */
	uint64_t interpreter_bytes;  /* with the NUL; 0: none */
	unsigned int segment_count;
	struct elf_segment segment[ELF_SEGMENTS_MAX]; /* ascending, not overlapping */
};

enum elf_result {
	ELF_OK,
	ELF_NOT_ELF,
	ELF_OTHER_CLASS,   /* 32-bit */
	ELF_OTHER_MACHINE, /* not x86-64, or not little-endian */
	ELF_OTHER_TYPE,    /* object file, core … */
	ELF_BROKEN,        /* a field contradicts another or the file's size */
	ELF_TOO_LONG,      /* the program headers lie beyond the bytes given, or are too many */
};

/*
 * Read the headers of a file of `file_bytes` bytes, the first `len` of which are at `bytes`.
 * `address_limit` is past the last byte where segments may lie. Fills *out only with ELF_OK.
 */
enum elf_result elf_parse(const void *bytes, size_t len, uint64_t file_bytes,
                          uint64_t address_limit, struct elf_image *out);

/* What the result is, for a message: "a 32-bit ELF file" and so on. */
const char *elf_result_text(enum elf_result result);

#endif
