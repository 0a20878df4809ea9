/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes of an inode in memory: a list of names with values.
 */
#ifndef PINFOLD_KERNEL_FS_XATTR_H
#define PINFOLD_KERNEL_FS_XATTR_H

#include "kernel/kernel.h"

struct xattr;

/* The value's length, after copying it when `size` is not 0; -ENODATA; -ERANGE: it is longer. */
long xattr_get(const struct xattr *list, const char *name, void *value, size_t size);
/* `flags` as in the ABI. 0, -EEXIST, -ENODATA, -ENOSPC. */
int xattr_set(struct xattr **list, const char *name, const void *value, size_t size,
              unsigned int flags);
/* 0 or -ENODATA. */
int xattr_remove(struct xattr **list, const char *name);
/* The names, each with its NUL, and how long they are together; only told when `size` is 0;
 * -ERANGE: they are longer. Those that begin with trusted. only if `trusted`. */
long xattr_list(const struct xattr *list, bool trusted, char *names, size_t size);
void xattr_free(struct xattr *list);

#endif
