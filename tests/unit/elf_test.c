/* SPDX-License-Identifier: MIT */
/* sources: kernel/task/elf.c */
/*
 * The ELF reader: a good file, each field made bad in turn, and random damage. The buffer lies at
 * the end of its allocation, so that the address sanitizer sees every read past it.
 */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/task/elf.h"

#define LIMIT      0x7fffffffe000ull
#define FILE_BYTES 0x5000u
#define HEAD_BYTES 4096u

struct sample {
	Elf64_Ehdr header;
	Elf64_Phdr ph[4];
	char rest[HEAD_BYTES - sizeof(Elf64_Ehdr) - 4 * sizeof(Elf64_Phdr)];
};

static void sample_make(struct sample *sample)
{
	memset(sample, 0, sizeof(*sample));
	memcpy(sample->header.e_ident, ELFMAG, SELFMAG);
	sample->header.e_ident[EI_CLASS] = ELFCLASS64;
	sample->header.e_ident[EI_DATA] = ELFDATA2LSB;
	sample->header.e_ident[EI_VERSION] = EV_CURRENT;
	sample->header.e_type = ET_EXEC;
	sample->header.e_machine = EM_X86_64;
	sample->header.e_version = EV_CURRENT;
	sample->header.e_entry = 0x401010;
	sample->header.e_phoff = sizeof(Elf64_Ehdr);
	sample->header.e_ehsize = sizeof(Elf64_Ehdr);
	sample->header.e_phentsize = sizeof(Elf64_Phdr);
	sample->header.e_phnum = 4;
	sample->ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
	                             .p_flags = PF_R,
	                             .p_vaddr = 0x400000,
	                             .p_filesz = 0x500,
	                             .p_memsz = 0x500,
	                             .p_align = 0x1000};
	sample->ph[1] = (Elf64_Phdr){.p_type = PT_LOAD,
	                             .p_flags = PF_R | PF_X,
	                             .p_offset = 0x1000,
	                             .p_vaddr = 0x401000,
	                             .p_filesz = 0x2000,
	                             .p_memsz = 0x2000,
	                             .p_align = 0x1000};
	sample->ph[2] = (Elf64_Phdr){.p_type = PT_LOAD,
	                             .p_flags = PF_R | PF_W,
	                             .p_offset = 0x3e10,
	                             .p_vaddr = 0x404e10,
	                             .p_filesz = 0x200,
	                             .p_memsz = 0x900,
	                             .p_align = 0x10000};
	sample->ph[3] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
}

static enum elf_result parse(const void *bytes, size_t len, struct elf_image *image)
{
	void *exact = malloc(len ? len : 1);
	enum elf_result result;

	memcpy(exact, bytes, len);
	result = elf_parse(exact, len, FILE_BYTES, LIMIT, image);
	free(exact);
	return result;
}

static enum elf_result parse_sample(const struct sample *sample)
{
	struct elf_image image;

	return parse(sample, sizeof(*sample), &image);
}

static void test_good_file(void **state)
{
	struct sample sample;
	struct elf_image image;

	(void)state;
	sample_make(&sample);
	assert_int_equal(parse(&sample, sizeof(sample), &image), ELF_OK);
	assert_false(image.relocatable);
	assert_int_equal(image.entry, 0x401010);
	assert_int_equal(image.low, 0x400000);
	assert_int_equal(image.high, 0x404e10 + 0x900);
	assert_int_equal(image.align, 0x10000);
	assert_int_equal(image.headers_address, 0x400040);
	assert_int_equal(image.header_count, 4);
	assert_int_equal(image.header_bytes, sizeof(Elf64_Phdr));
	assert_int_equal(image.interpreter_bytes, 0);
	assert_int_equal(image.segment_count, 3);
	assert_int_equal(image.segment[0].prot, ELF_PROT_READ);
	assert_int_equal(image.segment[1].prot, ELF_PROT_READ | ELF_PROT_EXEC);
	assert_int_equal(image.segment[2].prot, ELF_PROT_READ | ELF_PROT_WRITE);
	assert_int_equal(image.segment[2].offset, 0x3e10);
	assert_int_equal(image.segment[2].file_bytes, 0x200);
	assert_int_equal(image.segment[2].memory_bytes, 0x900);
}

static void test_relocatable_with_interpreter(void **state)
{
	struct sample sample;
	struct elf_image image;

	(void)state;
	sample_make(&sample);
	sample.header.e_type = ET_DYN;
	sample.ph[3] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = 0x200, .p_filesz = 28};
	assert_int_equal(parse(&sample, sizeof(sample), &image), ELF_OK);
	assert_true(image.relocatable);
	assert_int_equal(image.interpreter_offset, 0x200);
	assert_int_equal(image.interpreter_bytes, 28);
	sample.ph[3].p_filesz = FILE_BYTES;
	assert_int_equal(parse_sample(&sample), ELF_BROKEN);
	sample.ph[3].p_filesz = 1;
	assert_int_equal(parse_sample(&sample), ELF_BROKEN);
}

static void test_not_ours(void **state)
{
	struct sample sample;

	(void)state;
	sample_make(&sample);
	sample.header.e_ident[1] = 'e';
	assert_int_equal(parse_sample(&sample), ELF_NOT_ELF);
	sample_make(&sample);
	sample.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_int_equal(parse_sample(&sample), ELF_OTHER_CLASS);
	sample_make(&sample);
	sample.header.e_machine = EM_AARCH64;
	assert_int_equal(parse_sample(&sample), ELF_OTHER_MACHINE);
	sample_make(&sample);
	sample.header.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_int_equal(parse_sample(&sample), ELF_OTHER_MACHINE);
	sample_make(&sample);
	sample.header.e_type = ET_REL;
	assert_int_equal(parse_sample(&sample), ELF_OTHER_TYPE);
}

/* Every length: too short is an error, never a read past the end. */
static void test_truncated(void **state)
{
	struct sample sample;
	struct elf_image image;
	size_t needed = sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr);

	(void)state;
	sample_make(&sample);
	for (size_t len = 0; len < needed; len++)
		assert_int_not_equal(parse(&sample, len, &image), ELF_OK);
	assert_int_equal(parse(&sample, needed, &image), ELF_OK);
	assert_int_equal(parse(&sample, 3, &image), ELF_NOT_ELF);
	assert_int_equal(parse(&sample, 20, &image), ELF_BROKEN);
	assert_int_equal(parse(&sample, needed - 1, &image), ELF_TOO_LONG);
}

/* One field at a time gets a value that must be refused. */
static void test_bad_fields(void **state)
{
	static const struct {
		size_t offset;
		size_t bytes;
		uint64_t value;
		enum elf_result result;
	} cases[] = {
	    {offsetof(Elf64_Ehdr, e_phentsize), 2, 55, ELF_BROKEN},
	    {offsetof(Elf64_Ehdr, e_phnum), 2, 0, ELF_BROKEN},
	    {offsetof(Elf64_Ehdr, e_phnum), 2, 0xffff, ELF_TOO_LONG},
	    {offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX, ELF_TOO_LONG},
	    {offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX - 55, ELF_TOO_LONG},
	    {offsetof(Elf64_Ehdr, e_entry), 8, LIMIT, ELF_BROKEN},
	    {offsetof(struct sample, ph[2].p_filesz), 8, 0x901, ELF_BROKEN},
	    {offsetof(struct sample, ph[2].p_offset), 8, 0x5e10, ELF_BROKEN},
	    {offsetof(struct sample, ph[2].p_offset), 8, UINT64_MAX - 0x1ef, ELF_BROKEN},
	    {offsetof(struct sample, ph[2].p_offset), 8, 0x3e11, ELF_BROKEN},
	    {offsetof(struct sample, ph[2].p_vaddr), 8, LIMIT + 0xe10, ELF_BROKEN},
	    {offsetof(struct sample, ph[2].p_vaddr), 8, LIMIT - 0x1f0, ELF_BROKEN},
	    {offsetof(struct sample, ph[2].p_vaddr), 8, 0x401e10, ELF_BROKEN},
	    {offsetof(struct sample, ph[2].p_memsz), 8, UINT64_MAX, ELF_BROKEN},
	    {offsetof(struct sample, ph[2].p_memsz), 8, 0, ELF_BROKEN},
	    {offsetof(struct sample, ph[1].p_vaddr), 8, 0x3ff000, ELF_BROKEN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample sample;

		sample_make(&sample);
		memcpy((char *)&sample + cases[i].offset, &cases[i].value, cases[i].bytes);
		if (parse_sample(&sample) != cases[i].result)
			fail_msg("case %zu: %d", i, (int)parse_sample(&sample));
	}
}

static void test_too_many_segments(void **state)
{
	struct sample sample;
	Elf64_Phdr *ph = sample.ph;

	(void)state;
	sample_make(&sample);
	sample.header.e_phnum = ELF_SEGMENTS_MAX + 1;
	for (unsigned int i = 0; i <= ELF_SEGMENTS_MAX; i++) {
		Elf64_Phdr one = {.p_type = PT_LOAD,
		                  .p_flags = PF_R,
		                  .p_vaddr = 0x400000 + i * 0x1000ull,
		                  .p_filesz = 0x10,
		                  .p_memsz = 0x10};

		memcpy((char *)ph + i * sizeof(one), &one, sizeof(one));
	}
	assert_int_equal(parse_sample(&sample), ELF_TOO_LONG);
	sample.header.e_phnum = ELF_SEGMENTS_MAX;
	assert_int_equal(parse_sample(&sample), ELF_OK);
}

/* What an accepted file promises, whatever it looks like. */
static void image_check(const struct elf_image *image)
{
	uint64_t end = 0;

	assert_in_range(image->segment_count, 1, ELF_SEGMENTS_MAX);
	assert_true(image->entry < LIMIT);
	assert_int_equal(image->align & (image->align - 1), 0);
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segment[i];

		assert_true(segment->memory_bytes > 0);
		assert_true(segment->file_bytes <= segment->memory_bytes);
		assert_true(segment->offset <= FILE_BYTES);
		assert_true(segment->file_bytes <= FILE_BYTES - segment->offset);
		assert_true(segment->address >= end);
		assert_true(segment->address < LIMIT);
		assert_true(segment->memory_bytes <= LIMIT - segment->address);
		assert_int_equal((segment->address ^ segment->offset) & 0xfff, 0);
		end = segment->address + segment->memory_bytes;
	}
	assert_int_equal(image->low, image->segment[0].address);
	assert_int_equal(image->high, end);
}

static void test_random_damage(void **state)
{
	unsigned int accepted = 0;

	(void)state;
	srand(2);
	for (unsigned int i = 0; i < 200000; i++) {
		struct sample sample;
		struct elf_image image;

		sample_make(&sample);
		for (int changes = rand() % 4; changes >= 0; changes--) {
			size_t at = (size_t)rand() % (sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr));

			((uint8_t *)&sample)[at] = (uint8_t)rand();
		}
		if (parse(&sample, 512, &image) == ELF_OK) {
			image_check(&image);
			accepted++;
		}
	}
	assert_true(accepted > 1000);
}

/* This program itself: what the host's linker makes must be understood. */
static void test_own_file(void **state)
{
	FILE *file = fopen("/proc/self/exe", "rb");
	char head[HEAD_BYTES];
	struct elf_image image;
	long size;

	(void)state;
	assert_non_null(file);
	assert_int_equal(fread(head, 1, sizeof(head), file), sizeof(head));
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	fclose(file);
	assert_int_equal(elf_parse(head, sizeof(head), (uint64_t)size, LIMIT, &image), ELF_OK);
	assert_true(image.headers_address != 0);
	assert_true(image.interpreter_bytes > 0);
}

static void test_texts(void **state)
{
	(void)state;
	for (enum elf_result result = ELF_OK; result <= ELF_TOO_LONG; result++)
		assert_true(strlen(elf_result_text(result)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_file),
	    cmocka_unit_test(test_relocatable_with_interpreter),
	    cmocka_unit_test(test_not_ours),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_bad_fields),
	    cmocka_unit_test(test_too_many_segments),
	    cmocka_unit_test(test_random_damage),
	    cmocka_unit_test(test_own_file),
	    cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
