/* SPDX-License-Identifier: MIT */
/*
 * Writes a tree of files as one cpio archive (newc), the form the guest kernel unpacks at boot.
 *
 * Times that the format cannot hold (it has whole seconds from 1970 to 2106) stand in the last
 * entry, TREE_TIMES_PATH: for each one "SECONDS NANOSECONDS NAME" and a zero byte, the numbers in
 * decimal, seconds with a sign, the name as in the archive. The guest's kernel makes no file of it.
 *
 * Guest paths are absolute. Folders above a path are made on the way, with mode 0755. Every error
 * ends the process with one line that names the file.
 */
#ifndef PINFOLD_TOOLS_TREE_H
#define PINFOLD_TOOLS_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TREE_TIMES_PATH "/.pinfold-times"

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
 * The archive comes behind `before` bytes of other archives. When more than `limit` is needed
 * nothing more is written, only counted; the archive is of no use then. For use before anything is
 * put into the tree; without this call there is no limit.
 */
void tree_set_limit(struct tree *tree, int64_t before, int64_t limit);

void tree_put_directory(struct tree *tree, const char *path, mode_t mode);
void tree_put_bytes(struct tree *tree, const char *path, mode_t mode, const void *data, size_t len);
void tree_put_symlink(struct tree *tree, const char *path, const char *target);

/*
 * Copies the host's file or folder, with everything below it, to `guest`. A link given as `host`
 * is followed, links below it are copied as links. Devices and sockets below it are left out: the
 * kernel makes its own. One that is named by `host` itself ends the process.
 */
void tree_put_host(struct tree *tree, const char *host, const char *guest, enum tree_how how);

/* Bytes of an archive. */
struct tree_size {
	int64_t packed; /* with what comes before it */
	int64_t
	    needed; /* the most that a guest has in memory while it unpacks and afterwards: what it
	                   has not read yet, and the files */
};

/* Ends the archive and frees the tree. */
struct tree_size tree_close(struct tree *tree);

#endif
