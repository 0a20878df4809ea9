/* SPDX-License-Identifier: MIT */
/*
 * Says what a file is that the guest cannot run: a script, a dynamic program, another machine's.
 *
 * The file is whatever a user names, so every offset and length in it is checked against what was
 * read. What a loader must check beyond that is the guest kernel's, which never trusts this.
 */
#include "tools/pinfold/elf.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES    4096
#define INTERP_BYTES  256
#define PHDR_MAX      256
#define OSABI_LINUX   3
#define OSABI_FREEBSD 9

static const char *machine_name(unsigned int machine)
{
	switch (machine) {
	case EM_386:
		return "32-bit x86";
	case EM_ARM:
		return "32-bit ARM";
	case EM_AARCH64:
		return "64-bit ARM";
	case EM_RISCV:
		return "RISC-V";
	case EM_PPC64:
		return "64-bit PowerPC";
	case EM_S390:
		return "S/390";
	case EM_MIPS:
		return "MIPS";
	default:
		return NULL;
	}
}

static int explain_script(const char *head, size_t len, char *why, size_t why_bytes)
{
	size_t start = 2, end;

	while (start < len && (head[start] == ' ' || head[start] == '\t'))
		start++;
	for (end = start; end < len && end - start < INTERP_BYTES; end++) {
		if (strchr(" \t\n", head[end]) != NULL)
			break;
	}
	snprintf(why, why_bytes,
	         "is a script for %.*s, not a static x86-64 program (--add it and run its "
	         "interpreter in the guest)",
	         (int)(end - start), head + start);
	return -1;
}

/* What the first bytes tell: anything but a 64-bit little-endian x86-64 program is explained. */
static int check_header(const Elf64_Ehdr *header, size_t len, char *why, size_t why_bytes)
{
	const unsigned char *ident = header->e_ident;
	const char *name;

	if (len < EI_NIDENT + 4 || memcmp(ident, ELFMAG, SELFMAG) != 0) {
		snprintf(why, why_bytes, "is not an ELF program");
		return -1;
	}
	if (ident[EI_DATA] == ELFDATA2MSB) {
		snprintf(why, why_bytes, "is an ELF program for a big-endian machine, not x86-64");
		return -1;
	}
	name = machine_name(header->e_machine);
	if (header->e_machine == EM_X86_64 && ident[EI_CLASS] == ELFCLASS32)
		name = "x32 (32-bit pointers)";
	else if (header->e_machine == EM_X86_64)
		name = "x86-64";
	if (ident[EI_CLASS] == ELFCLASS32) {
		snprintf(why, why_bytes, "is a 32-bit ELF program (%s), not x86-64",
		         name == NULL ? "another machine" : name);
		return -1;
	}
	if (header->e_machine != EM_X86_64) {
		snprintf(why, why_bytes,
		         "is an ELF program for another machine (%s, %u), not x86-64",
		         name == NULL ? "number" : name, (unsigned int)header->e_machine);
		return -1;
	}
	if (len < sizeof(*header)) {
		snprintf(why, why_bytes, "is a damaged ELF file");
		return -1;
	}
	return 0;
}

static int check_kind(const Elf64_Ehdr *header, char *why, size_t why_bytes)
{
	const char *kind = NULL;

	if (header->e_ident[EI_OSABI] != ELFOSABI_NONE &&
	    header->e_ident[EI_OSABI] != OSABI_LINUX) {
		snprintf(why, why_bytes, "is an ELF program for another system (%s, %u), not Linux",
		         header->e_ident[EI_OSABI] == OSABI_FREEBSD ? "FreeBSD" : "number",
		         (unsigned int)header->e_ident[EI_OSABI]);
		return -1;
	}
	if (header->e_type == ET_REL)
		kind = "an object file";
	else if (header->e_type == ET_CORE)
		kind = "a core dump";
	else if (header->e_type == ET_DYN && header->e_entry == 0)
		kind = "a shared library";
	else if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		kind = "an ELF file of an unknown kind";
	if (kind != NULL) {
		snprintf(why, why_bytes, "is %s, not a program", kind);
		return -1;
	}
	return 0;
}

static int explain_interpreter(int fd, const Elf64_Phdr *segment, char *why, size_t why_bytes)
{
	char interpreter[INTERP_BYTES] = "";
	size_t want = segment->p_filesz;

	if (want >= sizeof(interpreter))
		want = sizeof(interpreter) - 1;
	if (pread(fd, interpreter, want, (off_t)segment->p_offset) <= 0)
		snprintf(interpreter, sizeof(interpreter), "an interpreter");
	snprintf(why, why_bytes, "is a dynamic ELF program (needs %s); link it with -static",
	         interpreter);
	return -1;
}

static int check_segments(int fd, const Elf64_Ehdr *header, char *why, size_t why_bytes)
{
	if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 ||
	    header->e_phnum > PHDR_MAX) {
		snprintf(why, why_bytes, "is a damaged ELF file");
		return -1;
	}
	for (unsigned int i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment;
		off_t offset = (off_t)(header->e_phoff + i * sizeof(segment));

		if (header->e_phoff > INT32_MAX ||
		    pread(fd, &segment, sizeof(segment), offset) != (ssize_t)sizeof(segment)) {
			snprintf(why, why_bytes, "is a damaged ELF file");
			return -1;
		}
		if (segment.p_type == PT_INTERP)
			return explain_interpreter(fd, &segment, why, why_bytes);
	}
	return 0;
}

int elf_check_static(int fd, char *why, size_t why_bytes)
{
	union {
		Elf64_Ehdr header;
		char bytes[HEAD_BYTES];
	} head;
	ssize_t len;

	memset(&head, 0, sizeof(head));
	len = pread(fd, head.bytes, sizeof(head.bytes), 0);
	if (len < 0) {
		snprintf(why, why_bytes, "cannot be read");
		return -1;
	}
	if (len == 0) {
		snprintf(why, why_bytes, "is an empty file");
		return -1;
	}
	if (len >= 2 && head.bytes[0] == '#' && head.bytes[1] == '!')
		return explain_script(head.bytes, (size_t)len, why, why_bytes);
	if (check_header(&head.header, (size_t)len, why, why_bytes) != 0 ||
	    check_kind(&head.header, why, why_bytes) != 0)
		return -1;
	return check_segments(fd, &head.header, why, why_bytes);
}
