/* SPDX-License-Identifier: MIT */
/*
 * Paths as text, and paths inside a folder that is to become the guest's root.
 */
#ifndef PINFOLD_TOOLS_PATH_H
#define PINFOLD_TOOLS_PATH_H

/*
 * The absolute form of `path` seen from the folder `base`, without ".", ".." and doubled slashes,
 * by text alone: links are not looked at. "/" for the root. The caller frees it.
 */
char *path_absolute(const char *base, const char *path);

/* The same, from this process's current directory. */
char *path_absolute_here(const char *path);

/*
 * Where the absolute path `guest` really lies below `root_fd`, with the links of that tree followed
 * as if it were the root: for "/bin/x" in a tree where bin is a link to usr/bin, "/usr/bin/x". The
 * last part itself is not followed, parts that do not exist are kept as they are. The caller frees
 * it.
 */
char *path_inside(int root_fd, const char *guest);

/* Nonzero if the path exists in the tree below root_fd, links followed as in path_inside. */
int path_exists_inside(int root_fd, const char *guest);

#endif
