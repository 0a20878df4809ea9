/* SPDX-License-Identifier: MIT */
/*
 * Patching of a site: see patch.h.
 */
#include "arch/x86/patch.h"

#include "lib/string.h"

#define CALL_OPCODE 0xe8
#define CALL_BYTES  5u
#define NOP_MAX     9u

/* One instruction of `len` bytes without effect: the processors' own long form, `nopw` with an
 * address of growing length behind 0f 1f, and operand-size prefixes before it. */
static void write_nop(uint8_t *at, size_t len)
{
	static const uint8_t address_forms[] = {0x00, 0x40, 0x44, 0x80, 0x84};
	static const uint8_t form_bytes[] = {3, 4, 5, 7, 8};
	size_t form = sizeof(form_bytes);

	memset(at, 0, len);
	if (len < 3) {
		at[0] = 0x66;
		at[len - 1] = 0x90;
		return;
	}
	while (form_bytes[form - 1] > len)
		form--;
	for (size_t left = len - form_bytes[form - 1]; left > 0; left--)
		*at++ = 0x66;
	at[0] = 0x0f;
	at[1] = 0x1f;
	at[2] = address_forms[form - 1];
}

void patch_fill(uint8_t *at, size_t bytes)
{
	while (bytes > 0) {
		size_t len = bytes < NOP_MAX ? bytes : NOP_MAX;

		write_nop(at, len);
		at += len;
		bytes -= len;
	}
}

enum patch_result patch_site(uint8_t *site, size_t bytes, uintptr_t address,
                             const struct patch_code *code)
{
	if (code->bytes <= bytes) {
		memcpy(site, code->code, code->bytes);
		patch_fill(site + code->bytes, bytes - code->bytes);
		return PATCH_INLINE;
	}
	/* The distance counts from the end of the call; it must be one of 32 bits. */
	intptr_t distance = (intptr_t)(code->address - (address + CALL_BYTES));
	int32_t displacement = (int32_t)distance;

	if (bytes < CALL_BYTES || displacement != distance)
		return PATCH_LEFT;
	site[0] = CALL_OPCODE;
	memcpy(site + 1, &displacement, sizeof(displacement));
	patch_fill(site + CALL_BYTES, bytes - CALL_BYTES);
	return PATCH_CALL;
}
