/* SPDX-License-Identifier: MIT */
/*
 * Which sets may watch which. A chain of sets that watch each other has five at most, so that calls
 * down and wake-ups up such a chain, which recurse, are bounded. Each walk looks at each set once,
 * however many ways lead to it.
 */
#include "kernel/fs/epoll.h"

#define SETS_MAX 5 /* in a chain */

static uint64_t walk_pass;

/* How many sets the longest chain below `epoll` has; SETS_MAX or more if `above` is among them. */
static unsigned int depth_below(struct epoll *epoll, const struct epoll *above)
{
	const struct epoll_item *item;

	if (epoll == above)
		return SETS_MAX;
	if (epoll->walk_pass == walk_pass)
		return epoll->walk_depth;
	epoll->walk_pass = walk_pass;
	epoll->walk_depth = 0;
	list_for_each_entry (item, &epoll->nested, struct epoll_item, nested_node) {
		unsigned int depth = 1 + depth_below(epoll_of_file(item->file), above);

		epoll->walk_depth = MAX(epoll->walk_depth, depth);
	}
	return epoll->walk_depth;
}

/* How many sets the longest chain above `epoll` has. */
static unsigned int depth_above(struct epoll *epoll)
{
	const struct epoll_item *item;

	if (epoll->walk_pass == walk_pass)
		return epoll->walk_depth;
	epoll->walk_pass = walk_pass;
	epoll->walk_depth = 0;
	list_for_each_entry (item, &epoll->file->epoll_items, struct epoll_item, file_node) {
		unsigned int depth = 1 + depth_above(item->epoll);

		epoll->walk_depth = MAX(epoll->walk_depth, depth);
	}
	return epoll->walk_depth;
}

int epoll_check_nesting(struct epoll *epoll, struct epoll *target)
{
	unsigned int below, above;

	walk_pass++;
	below = depth_below(target, epoll);
	walk_pass++;
	above = depth_above(epoll);
	return below + above + 2 > SETS_MAX ? -ELOOP : 0;
}
