/* SPDX-License-Identifier: MIT */
/*
 * Sets of watched files, as the parts of epoll see them: epoll.c keeps and reports them,
 * epoll_nest.c says which set may watch which, sys_epoll.c has the system calls.
 */
#ifndef PINFOLD_KERNEL_FS_EPOLL_H
#define PINFOLD_KERNEL_FS_EPOLL_H

#include "kernel/fs/poll.h"

struct epoll {
	struct file *file;         /* its only one; holds no reference on it */
	struct list items;         /* struct epoll_item.node */
	struct list ready;         /* struct epoll_item.ready_node */
	struct list nested;        /* struct epoll_item.nested_node: those that watch a set */
	struct wait_queue wait;    /* who is in epoll_wait */
	struct wait_queue pollers; /* who polls or watches the set itself */
	uint64_t wake_pass;        /* the last wake-up that came by here */
	uint64_t walk_pass;        /* the last walk of epoll_nest.c, and what it found */
	unsigned int walk_depth;
};

struct epoll_item {
	struct list node, ready_node, file_node, nested_node;
	struct epoll *epoll;
	struct file *file;
	int fd;
	struct abi_epoll_event event;
	struct epoll_hook *hooks;
};

/* The set of a file, or NULL when the file is none. */
struct epoll *epoll_of_file(const struct file *file);
/* A new empty set: its file with one reference, or err_ptr. */
struct file *epoll_create_file(void);
/* The item that watches `file` as descriptor `fd`, or NULL. */
struct epoll_item *epoll_find_item(struct epoll *epoll, const struct file *file, int fd);
/* Watch a file that is not watched yet and may be. 0 or -ENOMEM. */
int epoll_add_item(struct epoll *epoll, struct file *target, int fd,
                   const struct abi_epoll_event *event);
void epoll_change_item(struct epoll_item *item, const struct abi_epoll_event *event);
void epoll_free_item(struct epoll_item *item);
/* Wait until something is ready and tell it: up to `max` events, 0 at the deadline (monotonic ns),
 * -EINTR, -EFAULT. */
long epoll_wait_events(struct epoll *epoll, struct abi_epoll_event *user, int max,
                       uint64_t deadline_ns);

/* May `epoll` watch the set `target`: 0, or -ELOOP when sets would lie in each other in a ring or
 * more than five deep. */
int epoll_check_nesting(struct epoll *epoll, struct epoll *target);

#endif
