/* SPDX-License-Identifier: MIT */
/*
 * A random number generator: ChaCha20 with a key that is replaced after each use, so that what was
 * given out cannot be computed from the state later. It is as good as what was stirred in; that is
 * the caller's part.
 */
#ifndef PINFOLD_LIB_RNG_H
#define PINFOLD_LIB_RNG_H

#include <stddef.h>
#include <stdint.h>

#define CHACHA20_BLOCK_BYTES 64u

/* One block of the ChaCha20 key stream (RFC 8439): key of 8 words, block counter, nonce of 3 words.
 */
void chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
                    uint8_t out[CHACHA20_BLOCK_BYTES]);

/* Mix bytes of whatever quality into the state; never makes it worse. */
void rng_stir(const void *data, size_t bytes);

/* Fill with random bytes. */
void rng_bytes(void *out, size_t bytes);

#endif
