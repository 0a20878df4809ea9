/* SPDX-License-Identifier: MIT */
/* sources: arch/x86/patch.c lib/string.c */
/*
 * Patching of a site, from its bytes to its new bytes: every length of the site and of the code,
 * calls in all directions and out of reach, and that the bytes behind the code are instructions
 * without effect, which this machine runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>

#include "arch/x86/patch.h"

#define ROOM     64u
#define LENGTH   40u
#define OLD      0xcc
#define GUARD    0xee
#define CALL_LEN 5u

static uint8_t buffer[ROOM];
static uint8_t *const site = buffer + 8;
static uint8_t body[LENGTH];

static void prepare(size_t bytes)
{
	memset(buffer, GUARD, sizeof(buffer));
	memset(site, OLD, bytes);
	for (size_t i = 0; i < LENGTH; i++)
		body[i] = (uint8_t)(0x30 + i);
}

/* Nothing before or behind the site has changed. */
static void check_guards(size_t bytes)
{
	for (size_t i = 0; i < ROOM; i++)
		if (buffer + i < site || buffer + i >= site + bytes)
			assert_int_equal(buffer[i], GUARD);
}

/* The instructions without effect, by the processors' manuals. */
static const uint8_t nops[10][9] = {
    {0},
    {0x90},
    {0x66, 0x90},
    {0x0f, 0x1f, 0x00},
    {0x0f, 0x1f, 0x40, 0x00},
    {0x0f, 0x1f, 0x44, 0x00, 0x00},
    {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
    {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
    {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
    {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
};

static void check_filled(const uint8_t *at, size_t bytes)
{
	for (; bytes > 9; bytes -= 9, at += 9)
		assert_memory_equal(at, nops[9], 9);
	assert_memory_equal(at, nops[bytes], bytes);
}

static void test_inline_of_every_length(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes <= LENGTH; bytes++) {
		for (size_t len = 0; len <= bytes; len++) {
			struct patch_code code = {body, len, 0x1000};

			prepare(bytes);
			assert_int_equal(patch_site(site, bytes, 0x2000, &code), PATCH_INLINE);
			assert_memory_equal(site, body, len);
			check_filled(site + len, bytes - len);
			check_guards(bytes);
		}
	}
}

static void test_too_long_for_inline(void **state)
{
	const uintptr_t from = 0xffffffff80100000u;

	(void)state;
	for (size_t bytes = 0; bytes <= LENGTH; bytes++) {
		struct patch_code code = {body, bytes + 1, from + 0x12345};

		prepare(bytes);
		enum patch_result result = patch_site(site, bytes, from, &code);

		check_guards(bytes);
		if (bytes < CALL_LEN) {
			assert_int_equal(result, PATCH_LEFT);
			for (size_t i = 0; i < bytes; i++)
				assert_int_equal(site[i], OLD);
			continue;
		}
		assert_int_equal(result, PATCH_CALL);
		assert_memory_equal(site, "\xe8\x40\x23\x01\x00", CALL_LEN);
		check_filled(site + CALL_LEN, bytes - CALL_LEN);
	}
}

/* Where a call at `address` goes to. */
static uintptr_t call_target(uintptr_t address)
{
	int32_t displacement;

	assert_int_equal(site[0], 0xe8);
	memcpy(&displacement, site + 1, sizeof(displacement));
	return address + CALL_LEN + (uintptr_t)(intptr_t)displacement;
}

static void test_calls_as_far_as_they_reach(void **state)
{
	static const intptr_t reached[] = {0,         -5,        5,        -4096,
	                                   INT32_MAX, INT32_MIN, 0x123456, -0x7654321};
	static const intptr_t beyond[] = {(intptr_t)INT32_MAX + 1, (intptr_t)INT32_MIN - 1,
	                                  (intptr_t)1 << 32, -((intptr_t)1 << 40)};
	const uintptr_t address = 0x700000000000u;

	(void)state;
	for (size_t i = 0; i < sizeof(reached) / sizeof(reached[0]); i++) {
		struct patch_code code = {body, 30, address + CALL_LEN + (uintptr_t)reached[i]};

		prepare(7);
		assert_int_equal(patch_site(site, 7, address, &code), PATCH_CALL);
		assert_true(call_target(address) == code.address);
	}
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		struct patch_code code = {body, 30, address + CALL_LEN + (uintptr_t)beyond[i]};

		prepare(7);
		assert_int_equal(patch_site(site, 7, address, &code), PATCH_LEFT);
		for (size_t k = 0; k < 7; k++)
			assert_int_equal(site[k], OLD);
	}
}

/* A site across two pages of a machine that runs it: code, then what fills the rest, then the
 * instructions behind the site. */
static void test_patched_code_runs(void **state)
{
	static const uint8_t add_five[] = {0x83, 0xc7, 0x05}; /* add $5, %edi */
	static const uint8_t behind[] = {0x89, 0xf8, 0xc3};   /* mov %edi, %eax; ret */
	const struct patch_code code = {add_five, sizeof(add_five), 0};
	uint8_t *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
	                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	for (size_t before = 1; before < LENGTH; before++) {
		for (size_t bytes = sizeof(add_five); bytes < LENGTH; bytes++) {
			uint8_t *at = pages + 4096 - before;
			int (*run)(int);

			memset(pages + 4096 - ROOM, OLD, 2 * ROOM);
			memcpy(at + bytes, behind, sizeof(behind));
			assert_int_equal(patch_site(at, bytes, (uintptr_t)at, &code), PATCH_INLINE);
			memcpy(&run, &at, sizeof(run));
			assert_int_equal(run(37), 42);
		}
	}
	munmap(pages, 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_inline_of_every_length),
	    cmocka_unit_test(test_too_long_for_inline),
	    cmocka_unit_test(test_calls_as_far_as_they_reach),
	    cmocka_unit_test(test_patched_code_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
