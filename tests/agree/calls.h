/* SPDX-License-Identifier: MIT */
/*
 * Memory calls as sequences make them, frames by their index; entries as the processor has them.
 */
#ifndef PINFOLD_TESTS_AGREE_CALLS_H
#define PINFOLD_TESTS_AGREE_CALLS_H

#include "tests/agree/sequence.h"

#define PRESENT    1ull
#define WRITE      2ull
#define USER       4ull
#define ACCESSED   0x20ull
#define DIRTY      0x40ull
#define LARGE      0x80ull
#define GLOBAL     0x100ull
#define NO_EXECUTE (1ull << 63)
#define FRAME_MASK 0x000ffffffffff000ull

#define BAD_FRAME 0xfffffffull /* there is no such machine frame */

void calls_begin(const struct agree_world *world);

uint64_t entry_of(unsigned int frame, uint64_t flags);
uint64_t entry_address(unsigned int table, unsigned int idx);
long call_update(unsigned int table, unsigned int idx, uint64_t value);
long call_map(unsigned long address, uint64_t value);
long call_map_direct(unsigned int frame, bool writable);
long call_mmuext(unsigned int command, unsigned int frame);
long call_pin(unsigned int frame, unsigned int level);
long call_unpin(unsigned int frame);

/* Make every frame ordinary memory and zero: false if one stays in use. A frame is read-only as
 * long as another table uses it, so it takes some rounds. */
bool frames_back(void);

#endif
