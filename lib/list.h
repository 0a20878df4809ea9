/* SPDX-License-Identifier: MIT */
/*
 * Circular doubly linked lists with the node inside the element. The head is a node of its own; an
 * element that is on no list has a node that points to itself, so removing twice is harmless.
 */
#ifndef PINFOLD_LIB_LIST_H
#define PINFOLD_LIB_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_INIT(name) ((struct list){&(name), &(name)})

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - (offsetof(type, member))))

#define list_entry(node, type, member) container_of(node, type, member)

#define list_for_each_entry(pos, head, type, member)                               \
	for (pos = list_entry((head)->next, type, member); &pos->member != (head); \
	     pos = list_entry(pos->member.next, type, member))

/* As above; the body may remove and free `pos`. */
#define list_for_each_entry_safe(pos, tmp, head, type, member) \
	for (pos = list_entry((head)->next, type, member),     \
	    tmp = list_entry(pos->member.next, type, member);  \
	     &pos->member != (head); pos = tmp, tmp = list_entry(tmp->member.next, type, member))

static inline void list_init(struct list *node)
{
	node->next = node;
	node->prev = node;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* Put `node` right behind `at`; with the head as `at` this is the front. */
static inline void list_insert_after(struct list *at, struct list *node)
{
	node->next = at->next;
	node->prev = at;
	at->next->prev = node;
	at->next = node;
}

/* Put `node` right before `at`; with the head as `at` this is the end. */
static inline void list_insert_before(struct list *at, struct list *node)
{
	list_insert_after(at->prev, node);
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#endif
