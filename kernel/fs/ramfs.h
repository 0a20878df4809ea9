/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of ramfs share: names and directories (ramfs.c), file contents
 * (ramfs_file.c).
 */
#ifndef PINFOLD_KERNEL_FS_RAMFS_H
#define PINFOLD_KERNEL_FS_RAMFS_H

#include "kernel/fs/internal.h"
#include "kernel/fs/radix.h"

struct ramfs_entry;
struct xattr;

struct ramfs_dir {
	struct ramfs_entry **buckets; /* hash chains; a power of two of them */
	size_t bucket_count, entry_count;
	struct list order; /* struct ramfs_entry.order, by cookie */
	uint64_t next_cookie;
	struct ramfs_entry *cursor; /* where a reader of the directory will go on, or NULL */
};

struct ramfs_file {
	struct radix pages; /* struct page, one reference each */
	uint32_t seals;     /* ABI_F_SEAL_ */
};

/* inode->private */
struct ramfs_node {
	struct xattr *attributes;
	struct list names; /* struct ramfs_entry.link: all its names */
	struct ramfs_entry
	    *ghost; /* the last name, when it has been removed and the inode is still in use */
	union {
		struct ramfs_dir dir;
		struct ramfs_file file;
		char *target; /* of a symbolic link */
	};
};

extern const struct file_ops ramfs_file_ops;
int ramfs_file_truncate(struct inode *inode, uint64_t size);
struct page *ramfs_file_get_page(struct inode *inode, uint64_t index, bool write);
unsigned int ramfs_file_find_pages(struct inode *inode, uint64_t index, struct page **pages,
                                   unsigned int count);
int ramfs_file_allocate(struct inode *inode, unsigned int mode, uint64_t offset, uint64_t bytes);
/* Free all pages. */
void ramfs_file_destroy(struct inode *inode);
/* Pages that all files hold together. */
uint64_t ramfs_page_count(void);
/* False when the files must take no more memory: some frames are kept for the kernel. */
bool ramfs_may_allocate(void);

/* A regular file without a name, in a filesystem without a tree (memfd_create). NULL: out of
 * memory. */
struct inode *ramfs_create_unlinked(uint32_t mode);
/* Seals that forbid every write but those of mappings that are there. */
#define RAMFS_SEALS_WRITE (ABI_F_SEAL_WRITE | ABI_F_SEAL_FUTURE_WRITE)
/* Seals of a file in memory (one with a name cannot get any); NULL: the inode is none. */
uint32_t *ramfs_seals(struct inode *inode);

/* Where the extended attributes of an inode of a ramfs hang; NULL: it is of another kind. */
struct xattr **ramfs_attributes(struct inode *inode);

#endif
