/* SPDX-License-Identifier: MIT */
/*
 * The same memory calls on real Xen and on the model: sequences made from a seed, carried out by
 * whoever is there, and what came of them as one line of text. The two lines must be equal.
 */
#ifndef PINFOLD_TESTS_AGREE_SEQUENCE_H
#define PINFOLD_TESTS_AGREE_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGREE_FRAMES 16u
#define AGREE_CALLS  40u

/* Frames are named by their index; the world knows which machine frame each is. */
struct agree_world {
	/* Each makes one hypercall and returns Xen's result. */
	long (*write_entry)(unsigned int table, unsigned int idx, unsigned int frame,
	                    uint64_t flags);
	long (*clear_entry)(unsigned int table, unsigned int idx);
	long (*map_direct)(unsigned int frame, bool writable);
	long (*pin)(unsigned int frame, unsigned int level);
	long (*unpin)(unsigned int frame);
	/* Bits 0 and 1 (present, writable) of an entry, and 16 + 4 * the frame it maps when it
	 * is present. */
	unsigned int (*read_entry)(unsigned int table, unsigned int idx);
	/* Make the frame all zero; it is not a table and writable. */
	void (*clear_frame)(unsigned int frame);
};

/* Carry out the sequence of `seed` and write its line, without a newline. `size` 1024 is enough.
 * Leaves the frames as it found them: false if it could not. */
bool agree_run(const struct agree_world *world, uint64_t seed, char *line, size_t size);

#endif
