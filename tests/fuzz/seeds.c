/* SPDX-License-Identifier: MIT */
/*
 * Writes the seeds of the fuzz targets: a few good inputs of each kind, from which the fuzzer
 * goes on.
 *
 * Use: seeds DIRECTORY     (DIRECTORY/TARGET is made for each target)
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <xen/xen.h>

#include "arch/x86/boot_layout.h"

static const char *directory;

static void write_seed(const char *target, const char *name, const void *data, size_t bytes)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%s", directory, target, name);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static void seed_start_info(void)
{
	struct start_info info = {
	    .magic = "xen-3.0-x86_64",
	    .nr_pages = 8192,
	    .shared_info = 0x7f000,
	    .mfn_list = XEN_VIRT_BASE + 0x500000,
	    .pt_base = XEN_VIRT_BASE + 0x520000,
	    .nr_pt_frames = 9,
	};

	write_seed("start_info_fuzz", "no-ramdisk", &info, sizeof(info));
	info.mod_start = XEN_VIRT_BASE + 0x300000;
	info.mod_len = 0x123456;
	info.flags = SIF_INITDOMAIN;
	strcpy((char *)info.cmd_line, "loglevel=7");
	write_seed("start_info_fuzz", "ramdisk", &info, sizeof(info));
}

struct elf_seed {
	uint32_t unseen;
	Elf64_Ehdr header;
	Elf64_Phdr ph[4];
	char text[64];
} __attribute__((packed));

static void seed_elf(void)
{
	struct elf_seed seed = {
	    .unseen = 0x3000,
	    .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
	                           EV_CURRENT},
	               .e_type = ET_EXEC,
	               .e_machine = EM_X86_64,
	               .e_version = EV_CURRENT,
	               .e_entry = 0x401000,
	               .e_phoff = sizeof(Elf64_Ehdr),
	               .e_ehsize = sizeof(Elf64_Ehdr),
	               .e_phentsize = sizeof(Elf64_Phdr),
	               .e_phnum = 2},
	    .ph = {{.p_type = PT_LOAD,
	            .p_flags = PF_R | PF_X,
	            .p_vaddr = 0x400000,
	            .p_filesz = 0x1200,
	            .p_memsz = 0x1200,
	            .p_align = 0x1000},
	           {.p_type = PT_LOAD,
	            .p_flags = PF_R | PF_W,
	            .p_offset = 0x2000,
	            .p_vaddr = 0x402000,
	            .p_filesz = 0x300,
	            .p_memsz = 0x5000,
	            .p_align = 0x1000},
	           {.p_type = PT_INTERP,
	            .p_flags = PF_R,
	            .p_offset = offsetof(struct elf_seed, text) - 4,
	            .p_filesz = 28,
	            .p_memsz = 28},
	           {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W}},
	    .text = "/lib64/ld-linux-x86-64.so.2",
	};

	write_seed("elf_fuzz", "static", &seed, sizeof(seed));
	seed.header.e_type = ET_DYN;
	seed.header.e_phnum = 4;
	seed.ph[0].p_align = 0x200000;
	write_seed("elf_fuzz", "dynamic", &seed, sizeof(seed));
}

struct archive {
	size_t bytes;
	char data[8192];
};

static void append(struct archive *archive, const char *magic, unsigned int mode, const char *name,
                   const char *text, unsigned int checksum)
{
	char *at = archive->data + archive->bytes;
	size_t name_bytes = strlen(name) + 1, text_bytes = strlen(text),
	       head = (110 + name_bytes + 3) / 4 * 4;

	sprintf(at, "%s%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", magic, 1, mode, 0,
	        0, 1, 1700000000, (unsigned int)text_bytes, 0, 0, 0, 0, (unsigned int)name_bytes,
	        checksum, name);
	memcpy(at + head, text, text_bytes);
	archive->bytes += head + (text_bytes + 3) / 4 * 4;
}

static void seed_cpio(void)
{
	static struct archive archive;

	archive.bytes = 1; /* nobody stops it */
	append(&archive, "070701", 040755, "bin", "", 0);
	append(&archive, "070701", 0100755, "bin/true", "#!/bin/sh\nexit 0\n", 0);
	append(&archive, "070701", 0120777, "sbin", "bin", 0);
	append(&archive, "070701", 0, "TRAILER!!!", "", 0);
	write_seed("cpio_fuzz", "one", archive.data, archive.bytes);
	archive.bytes += 500;
	append(&archive, "070702", 0100644, "sum", "abc", 'a' + 'b' + 'c');
	append(&archive, "070701", 0, "TRAILER!!!", "", 0);
	write_seed("cpio_fuzz", "two", archive.data, archive.bytes);
	archive.data[0] = 2;
	write_seed("cpio_fuzz", "stopped", archive.data, archive.bytes);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	directory = argv[1];
	seed_start_info();
	seed_elf();
	seed_cpio();
	return 0;
}
