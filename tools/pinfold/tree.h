/* SPDX-License-Identifier: MIT */
/*
 * Writes a tree of files as one cpio archive (newc), the form the guest kernel unpacks at boot.
 *
 * Guest paths are absolute. Folders above a path are made on the way, with mode 0755. Every error
 * ends the process with one line that names the file.
 */
#ifndef PINFOLD_TOOLS_TREE_H
#define PINFOLD_TOOLS_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tree;

/* How tree_put_host takes files over. */
enum tree_how {
	TREE_AS_ROOT = 0, /* all files belong to root */
	TREE_KEEP_OWNERS =
	    1, /* owners as on the host, and the contents of /dev, /proc, /sys left out */
};

/*
 * A new archive on the open file `fd`, which stays the caller's. Files made here get the time
 * given.
 */
struct tree *tree_open(int fd, time_t made_at);

/* Says that a folder is there already, from an earlier archive of the same ramdisk. */
void tree_know_directory(struct tree *tree, const char *path);

/*
 * The archive may not hold more than `mib` MiB of files; else the process ends at the file that is
 * too much. Without this call there is no limit.
 */
void tree_set_limit(struct tree *tree, unsigned int mib);

void tree_put_directory(struct tree *tree, const char *path, mode_t mode);
void tree_put_bytes(struct tree *tree, const char *path, mode_t mode, const void *data, size_t len);
void tree_put_symlink(struct tree *tree, const char *path, const char *target);

/*
 * Copies the host's file or folder, with everything below it, to `guest`. A link given as `host`
 * is followed, links below it are copied as links. Devices and sockets are left out: the kernel
 * makes its own.
 */
void tree_put_host(struct tree *tree, const char *host, const char *guest, enum tree_how how);

/* Ends the archive and frees the tree. */
void tree_close(struct tree *tree);

#endif
