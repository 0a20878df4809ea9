/* SPDX-License-Identifier: MIT */
/*
 * A map from 64-bit indices to pointers: a tree of 64-way nodes, as high as the largest index
 * needs. An index costs as many steps as its size in base 64 has digits.
 */
#ifndef PINFOLD_KERNEL_FS_RADIX_H
#define PINFOLD_KERNEL_FS_RADIX_H

#include <stdint.h>

struct radix {
	void *root;          /* height 0: the value at index 0; else a node */
	unsigned int height; /* levels of nodes */
};

/* The value at the index, or NULL. */
void *radix_get(const struct radix *tree, uint64_t index);
/* The values at `index` and behind it, as far as there is one at each, at most `count`. Returns how
 * many. */
unsigned int radix_run(const struct radix *tree, uint64_t index, void **values, unsigned int count);
/* Store a value (not NULL). 0, or -ENOMEM with the map as it was. */
int radix_set(struct radix *tree, uint64_t index, void *value);
/* Remove and return the value at the index, or NULL. */
void *radix_remove(struct radix *tree, uint64_t index);
/* The value with the lowest index that is not below *index, which is updated; NULL: none. */
void *radix_next(const struct radix *tree, uint64_t *index);

#endif
