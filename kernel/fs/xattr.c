/* SPDX-License-Identifier: MIT */
/* Extended attributes of an inode: a list, the newest first. */
#include "kernel/fs/xattr.h"

#include "kernel/fs/ramfs.h"

struct xattr {
	struct xattr *next;
	size_t size, name_len;
	char name[]; /* with its NUL; the value follows */
};

static char *value_of(struct xattr *attribute)
{
	return attribute->name + attribute->name_len + 1;
}

/* Where the attribute hangs, or the NULL at the list's end. */
static struct xattr **find(struct xattr **list, const char *name)
{
	while (*list != NULL && strcmp((*list)->name, name) != 0)
		list = &(*list)->next;
	return list;
}

long xattr_get(const struct xattr *list, const char *name, void *value, size_t size)
{
	struct xattr *head = (struct xattr *)(uintptr_t)list, *found = *find(&head, name);

	if (found == NULL)
		return -ENODATA;
	if (size == 0)
		return (long)found->size;
	if (found->size > size)
		return -ERANGE;
	memcpy(value, value_of(found), found->size);
	return (long)found->size;
}

int xattr_set(struct xattr **list, const char *name, const void *value, size_t size,
              unsigned int flags)
{
	size_t name_len = strlen(name);
	struct xattr **at = find(list, name), *old = *at, *attribute;

	if (old != NULL && (flags & ABI_XATTR_CREATE) != 0)
		return -EEXIST;
	if (old == NULL && (flags & ABI_XATTR_REPLACE) != 0)
		return -ENODATA;
	attribute = ramfs_may_allocate() ? kmalloc(sizeof(*attribute) + name_len + 1 + size) : NULL;
	if (attribute == NULL)
		return -ENOSPC;
	attribute->size = size;
	attribute->name_len = name_len;
	memcpy(attribute->name, name, name_len + 1);
	memcpy(value_of(attribute), value, size);
	if (old != NULL) {
		*at = old->next;
		kfree(old);
	}
	attribute->next = *list;
	*list = attribute;
	return 0;
}

int xattr_remove(struct xattr **list, const char *name)
{
	struct xattr **at = find(list, name), *found = *at;

	if (found == NULL)
		return -ENODATA;
	*at = found->next;
	kfree(found);
	return 0;
}

long xattr_list(const struct xattr *list, bool trusted, char *names, size_t size)
{
	size_t len = 0;

	for (; list != NULL; list = list->next) {
		size_t more = list->name_len + 1;

		if (!trusted && strncmp(list->name, "trusted.", 8) == 0)
			continue;
		if (size > 0 && len + more > size)
			return -ERANGE;
		if (size > 0)
			memcpy(names + len, list->name, more);
		len += more;
	}
	return (long)len;
}

void xattr_free(struct xattr *list)
{
	while (list != NULL) {
		struct xattr *next = list->next;

		kfree(list);
		list = next;
	}
}
