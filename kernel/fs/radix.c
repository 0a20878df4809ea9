/* SPDX-License-Identifier: MIT */
/*
 * The radix tree of radix.h. Nodes hold nothing but their slots; an emptied node is found by
 * looking at them.
 */
#include "kernel/fs/radix.h"

#include "kernel/kernel.h"
#include "kernel/mm/page.h"

#define RADIX_BITS  6u
#define RADIX_SLOTS (1u << RADIX_BITS)
/* Levels that 64 bits can need. */
#define RADIX_HEIGHT_MAX 11u

struct radix_node {
	void *slot[RADIX_SLOTS];
};

/* The largest index a tree of this height can hold. */
static uint64_t height_max_index(unsigned int height)
{
	return height * RADIX_BITS >= 64 ? UINT64_MAX : (1ull << (height * RADIX_BITS)) - 1;
}

static unsigned int slot_of(uint64_t index, unsigned int level)
{
	return (unsigned int)(index >> (level * RADIX_BITS)) & (RADIX_SLOTS - 1);
}

/* What is at the index in the nodes of a level; 0: the value. */
static inline void *find(const struct radix *tree, uint64_t index, unsigned int lowest)
{
	void *at = tree->root;

	if (index > height_max_index(tree->height) || tree->height < lowest)
		return NULL;
	for (unsigned int level = tree->height; at != NULL && level > lowest; level--)
		at = ((struct radix_node *)at)->slot[slot_of(index, level - 1)];
	return at;
}

void *radix_get(const struct radix *tree, uint64_t index)
{
	return find(tree, index, 0);
}

unsigned int radix_run(const struct radix *tree, uint64_t index, void **values, unsigned int count)
{
	unsigned int found = 0;

	if (tree->height == 0 && count > 0 && (values[0] = radix_get(tree, index)) != NULL)
		return 1;
	while (found < count) {
		uint64_t at = index + found;
		const struct radix_node *node = find(tree, at, 1);
		unsigned int slot = slot_of(at, 0);

		while (node && slot < RADIX_SLOTS && found < count && node->slot[slot])
			values[found++] = node->slot[slot++];
		if (index + found == at || slot < RADIX_SLOTS)
			break;
	}
	return found;
}

static int tree_grow(struct radix *tree, uint64_t index)
{
	while (index > height_max_index(tree->height)) {
		if (tree->root != NULL) {
			struct radix_node *node = kzalloc(sizeof(*node));

			if (node == NULL)
				return -ENOMEM;
			node->slot[0] = tree->root;
			tree->root = node;
		}
		tree->height++;
	}
	return 0;
}

static bool node_is_empty(const struct radix_node *node)
{
	for (unsigned int i = 0; i < RADIX_SLOTS; i++) {
		if (node->slot[i] != NULL)
			return false;
	}
	return true;
}

void *radix_remove(struct radix *tree, uint64_t index)
{
	void **path[RADIX_HEIGHT_MAX + 1];
	void **at = &tree->root;
	unsigned int depth = 0;
	void *value;

	if (index > height_max_index(tree->height))
		return NULL;
	path[depth++] = at;
	for (unsigned int level = tree->height; level > 0 && *at != NULL; level--) {
		at = &((struct radix_node *)*at)->slot[slot_of(index, level - 1)];
		path[depth++] = at;
	}
	/* A walk that ended early stands at an empty slot: the nodes above may be emptied by a
	 * failed radix_set(). */
	value = depth == tree->height + 1 ? *at : NULL;
	*at = NULL;
	for (; depth > 1; depth--) {
		struct radix_node *node = *path[depth - 2];

		if (!node_is_empty(node))
			break;
		kfree(node);
		*path[depth - 2] = NULL;
	}
	if (tree->root == NULL)
		tree->height = 0;
	return value;
}

int radix_set(struct radix *tree, uint64_t index, void *value)
{
	void **at;
	int result = tree_grow(tree, index);

	if (result != 0)
		return result;
	at = &tree->root;
	for (unsigned int level = tree->height; level > 0; level--) {
		if (*at == NULL) {
			*at = kzalloc(sizeof(struct radix_node));
			if (*at == NULL) {
				radix_remove(tree, index);
				return -ENOMEM;
			}
		}
		at = &((struct radix_node *)*at)->slot[slot_of(index, level - 1)];
	}
	*at = value;
	return 0;
}

/* Look below one root-to-leaf path from *index on; without a value there, *index moves to where the
 * search goes on. */
static void *next_on_path(const struct radix *tree, uint64_t *index)
{
	void *at = tree->root;

	for (unsigned int level = tree->height; level > 0; level--) {
		const struct radix_node *node = at;
		unsigned int shift = (level - 1) * RADIX_BITS;
		unsigned int slot = slot_of(*index, level - 1), first = slot;

		while (slot < RADIX_SLOTS && node->slot[slot] == NULL)
			slot++;
		if (slot != first) {
			/* Saturating: UINT64_MAX ends the search if nothing is there. */
			uint64_t base = *index >> shift, step = slot - first;

			*index = step > (UINT64_MAX >> shift) - base ? UINT64_MAX
			                                             : (base + step) << shift;
		}
		if (slot == RADIX_SLOTS)
			return NULL;
		at = node->slot[slot];
	}
	return at;
}

void *radix_next(const struct radix *tree, uint64_t *index)
{
	while (tree->root != NULL && *index <= height_max_index(tree->height)) {
		uint64_t before = *index;
		void *value = next_on_path(tree, index);

		if (value != NULL)
			return value;
		if (*index == before || *index == UINT64_MAX)
			break;
	}
	return NULL;
}
