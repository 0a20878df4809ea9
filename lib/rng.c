/* SPDX-License-Identifier: MIT */
/*
 * The generator: each request makes key stream under the present key; its first 32 bytes become the
 * next key, the rest is given out. Stirring absorbs input by XOR into the key, a permutation for
 * every 32 bytes.
 */
#include "lib/rng.h"

#include "lib/string.h"

#define KEY_WORDS 8u
#define KEY_BYTES 32u

static uint32_t key[KEY_WORDS];

static uint32_t rotate_left(uint32_t value, unsigned int bits)
{
	return value << bits | value >> (32 - bits);
}

static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = rotate_left(*d ^ *a, 16);
	*c += *d;
	*b = rotate_left(*b ^ *c, 12);
	*a += *b;
	*d = rotate_left(*d ^ *a, 8);
	*c += *d;
	*b = rotate_left(*b ^ *c, 7);
}

void chacha20_block(const uint32_t block_key[8], uint32_t counter, const uint32_t nonce[3],
                    uint8_t out[CHACHA20_BLOCK_BYTES])
{
	/* "expand 32-byte k" */
	uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	uint32_t s[16];

	memcpy(&start[4], block_key, KEY_BYTES);
	start[12] = counter;
	memcpy(&start[13], nonce, 12);
	memcpy(s, start, sizeof(s));
	for (int i = 0; i < 10; i++) {
		quarter_round(&s[0], &s[4], &s[8], &s[12]);
		quarter_round(&s[1], &s[5], &s[9], &s[13]);
		quarter_round(&s[2], &s[6], &s[10], &s[14]);
		quarter_round(&s[3], &s[7], &s[11], &s[15]);
		quarter_round(&s[0], &s[5], &s[10], &s[15]);
		quarter_round(&s[1], &s[6], &s[11], &s[12]);
		quarter_round(&s[2], &s[7], &s[8], &s[13]);
		quarter_round(&s[3], &s[4], &s[9], &s[14]);
	}
	for (int i = 0; i < 16; i++)
		s[i] += start[i];
	memcpy(out, s, CHACHA20_BLOCK_BYTES);
}

void rng_bytes(void *out, size_t bytes)
{
	static const uint32_t nonce[3];
	uint8_t block[CHACHA20_BLOCK_BYTES];
	uint32_t old_key[KEY_WORDS];
	uint8_t *to = out;
	uint32_t counter = 0;

	memcpy(old_key, key, sizeof(old_key));
	chacha20_block(old_key, counter++, nonce, block);
	memcpy(key, block, KEY_BYTES);
	while (bytes > 0) {
		size_t piece = bytes < sizeof(block) ? bytes : sizeof(block);

		chacha20_block(old_key, counter++, nonce, block);
		memcpy(to, block, piece);
		to += piece;
		bytes -= piece;
		if (counter == 0) {
			/* The block counter is used up: go on under the new key. */
			rng_bytes(to, bytes);
			bytes = 0;
		}
	}
	memset(old_key, 0, sizeof(old_key));
	memset(block, 0, sizeof(block));
}

void rng_stir(const void *data, size_t bytes)
{
	const uint8_t *from = data;

	while (bytes > 0) {
		uint8_t mixed[KEY_BYTES];
		size_t piece = bytes < sizeof(mixed) ? bytes : sizeof(mixed);

		memcpy(mixed, key, sizeof(mixed));
		for (size_t i = 0; i < piece; i++)
			mixed[i] ^= from[i];
		memcpy(key, mixed, sizeof(mixed));
		/* A key of its own making: the input is spread over all of it. */
		rng_bytes(mixed, sizeof(mixed));
		from += piece;
		bytes -= piece;
	}
}
