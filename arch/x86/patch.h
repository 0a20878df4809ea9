/* SPDX-License-Identifier: MIT */
/*
 * Code written over code: what becomes of a site, a place where a call of a known operation was
 * compiled with room behind it. Pure.
 */
#ifndef PINFOLD_ARCH_X86_PATCH_H
#define PINFOLD_ARCH_X86_PATCH_H

#include <stddef.h>
#include <stdint.h>

enum patch_result {
	PATCH_INLINE, /* the operation's code itself */
	PATCH_CALL,   /* too long for the site: a direct call of its out-of-line form */
	PATCH_LEFT,   /* not even that fits: the site is as it was */
};

/* An operation's code: bytes that run wherever they are copied to, and a function, at `address`,
 * whose body is the same bytes. */
struct patch_code {
	const uint8_t *code;
	size_t bytes;
	uintptr_t address;
};

/* Rewrite a site of `bytes` bytes that will run at `address`; what is left over becomes as few
 * instructions without effect as possible. */
enum patch_result patch_site(uint8_t *site, size_t bytes, uintptr_t address,
                             const struct patch_code *code);

/* Fill with instructions without effect, of 1 to 9 bytes each. */
void patch_fill(uint8_t *at, size_t bytes);

#endif
