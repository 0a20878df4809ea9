/* SPDX-License-Identifier: MIT */
/*
 * The folder that keeps saved machines: where it is, who may change what in it, and how large it
 * gets. What is in it is said in template.h.
 */
#ifndef PINFOLD_TOOLS_CACHE_H
#define PINFOLD_TOOLS_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define CACHE_NAME_BYTES 64
#define CACHE_DRAFT      ".tmp"

/* Opens the folder, made if need be. -1, and why: nobody's, or somebody else's. */
int cache_open(const char **why);

/* The lock of one saved machine; -1: another process has it. Closing gives it back. */
int cache_lock(int cache_fd, const char *name);

/* Removes the files of a folder, but for `keep` (NULL: none); false: something is left. */
bool cache_empty(int folder_fd, const char *keep);

/* Removes a folder under that name and what is in it; for who has the lock. In one step for others:
 * it gets the name of a draft first. */
void cache_remove(int cache_fd, const char *name);

/* Is there room for so many bytes? */
bool cache_has_room(int cache_fd, uint64_t bytes);

/*
 * Makes room for one more, called `name`, whose lock the caller has: what killed makers left goes,
 * what an earlier boot of this machine made (the first two lines of a key tell), and beyond a
 * number and a size what was not used for longest.
 */
void cache_clean(int cache_fd, const char *name, const char *key);

#endif
