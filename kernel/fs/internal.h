/* SPDX-License-Identifier: MIT */
/*
 * What the files of kernel/fs share among themselves: mounted filesystems, the path walker, the
 * attributes of inodes.
 */
#ifndef PINFOLD_KERNEL_FS_INTERNAL_H
#define PINFOLD_KERNEL_FS_INTERNAL_H

#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/task/cred.h"

struct sys_args;

/* A mounted (or unmounted but still used) filesystem. */
struct filesystem {
	const char *type;
	char source[64];
	uint64_t dev;
	int64_t magic;
	uint32_t flags; /* ABI_MS_RDONLY */
	uint32_t busy;  /* inodes of it with references */
	bool detached;  /* out of the tree: goes when busy is 0 */
	uint64_t next_ino;
	struct inode *root;
	struct list node;                                              /* of filesystem_all */
	void (*statfs)(struct filesystem *fs, struct abi_statfs *out); /* NULL: sizes are 0 */
	void (*destroy)(struct filesystem *fs); /* frees every inode and fs itself; busy is 0 */
};

extern struct list filesystem_all; /* in the order they were mounted */

/* A filesystem with a new device number and the given type; NULL: out of memory. */
struct filesystem *filesystem_alloc(const char *type, const char *source, int64_t magic);

/* Put fs->root over the directory; takes a reference on it. 0 or -EBUSY. */
int filesystem_attach(struct filesystem *fs, struct inode *directory);
/* What is mounted, or how, has changed: for those who watch /proc/mounts. */
void filesystem_changed(void);
extern uint64_t filesystem_changes; /* ever */
extern struct wait_queue filesystem_change_wait;
struct filesystem *ramfs_create(const char *type, const char *source, uint32_t root_mode);
struct filesystem *procfs_create(const char *source);
struct filesystem *sysfs_create(const char *source);
struct filesystem *devfs_create(const char *source);

/* The tree's root, from vfs_init() on; no reference is taken. */
struct inode *vfs_root(void);
/* Where the running task is; the boot's own context when it has none. */
struct fs_context *fs_context_current(void);

/* An inode of `fs` (or NULL) with one reference, times now, owned by the running process; `private`
 * points to that many zeroed bytes behind it, if any. NULL: out of memory. */
struct inode *inode_alloc(struct filesystem *fs, uint32_t mode, size_t private_bytes);
/* Free the structure; references and links are gone. */
void inode_free(struct inode *inode);
/* A transient inode of no filesystem, for pipes and the like. */
struct inode *inode_create_anonymous(uint32_t mode);
/* The wall clock as times of files have it: a little coarse. */
int64_t inode_now_ns(void);
/* Record a read (relatime) or a change. */
void inode_touch_atime(struct inode *inode);
void inode_touch_mtime(struct inode *inode);
void inode_touch_ctime(struct inode *inode);
/* -EROFS on a filesystem mounted read-only. */
int inode_check_writable(const struct inode *inode);
/* May the running task change mode and times of the inode: owner, or CAP_FOWNER. */
bool inode_owned(const struct inode *inode);
/* In a sticky directory only owners (of it or of the file) and CAP_FOWNER remove names: 0 or
 * -EPERM. */
int inode_check_sticky(const struct inode *dir, const struct inode *victim);
/* A write takes the set-id bits away, but for CAP_FSETID. */
void inode_drop_set_id(struct inode *inode);
/* The mode without the set-group-id bit, if the running task may not set it for this group. */
uint32_t mode_for_group(uint32_t gid, uint32_t mode);
/* Follow mounts put over the directory; swaps the reference. */
struct inode *inode_cross_mounts(struct inode *inode);
/* Checks of size and RLIMIT_FSIZE, then the filesystem's truncation. */
int inode_truncate(struct inode *inode, uint64_t size);
uint8_t inode_dirent_type(uint32_t mode);
/* Of ".." as a reader sees it, through mounts. */
uint64_t inode_parent_ino(const struct inode *dir);

/* Whose rights count: the running task's; at boot, before there is one, the kernel's. */
const struct cred *fs_cred(void);

/*
 * The walker: resolves all of a path but its last component, which the caller then looks up, makes
 * or removes.
 */
enum walk_last {
	WALK_NAME,   /* an ordinary name, in `name` */
	WALK_DOT,    /* "." */
	WALK_DOTDOT, /* ".." */
	WALK_ROOT,   /* the path had no component: the directory itself */
};

/* A path or the text of a link that is being resolved. */
struct walk_text {
	struct walk_text *below;
	const char *at; /* what is left */
	char *owned;    /* to be freed, with the structure, or NULL */
};

struct walk {
	struct inode *dir; /* holds the last component; one reference */
	enum walk_last last;
	bool slash; /* something other than the end, thus a slash, followed the last component */
	unsigned int link_count;
	size_t len;
	char name[ABI_NAME_MAX + 1];
	struct walk_text *texts; /* the innermost link first */
	struct walk_text path;
};

/* Walk `path` (kernel memory, must stay until walk_end) up to its last component. 0 or -errno.
 * walk_end() is due after success only. */
int walk_begin(struct walk *walk, struct inode *base, const char *path);
void walk_end(struct walk *walk);
/* The inode that the last component names, mounts crossed, links not followed; a reference, or
 * err_ptr. */
struct inode *walk_lookup_last(struct walk *walk);
/* The last component is this symbolic link: walk on to the last component of what it says. `*out`
 * is set (a reference) when the link led straight to an object, NULL otherwise. Drops the reference
 * on the link. 0 or -errno; after an error the walk has ended. */
int walk_follow(struct walk *walk, struct inode *link, struct inode **out);

/* A path of the running process copied in, to be freed with kfree(). 0, -EFAULT, -ENAMETOOLONG,
 * -ENOMEM; -ENOENT when empty unless allowed. */
int path_copy_from_user(const void *user, bool allow_empty, char **out);
/* The directory that a dirfd argument names, for a relative path, with a reference; NULL for the
 * current one. 0 or -EBADF. */
int path_base_of_fd(int dirfd, const char *path, struct inode **out);
/* What the *at() calls do: copy the path, find the inode. With AT_EMPTY_PATH and "" it is the
 * descriptor's own. */
struct inode *path_lookup_at(int dirfd, const void *user_path, unsigned int path_flags,
                             bool allow_empty);

/* What unlink() and open() do, with a path of the kernel's: 0 or -errno; a file with a reference or
 * err_ptr. */
int path_remove(const char *path);
struct file *path_open(const char *path, uint32_t flags, uint32_t mode);

/* file.c */
long file_read_uio(struct file *file, struct uio *uio, uint64_t *pos);
long file_write_uio(struct file *file, struct uio *uio, uint64_t *pos);
static inline bool file_readable(const struct file *file)
{
	return (file->flags & (ABI_O_PATH | ABI_O_ACCMODE)) == ABI_O_RDONLY ||
	       (file->flags & (ABI_O_PATH | ABI_O_ACCMODE)) == ABI_O_RDWR;
}

static inline bool file_writable(const struct file *file)
{
	return (file->flags & (ABI_O_PATH | ABI_O_ACCMODE)) == ABI_O_WRONLY ||
	       (file->flags & (ABI_O_PATH | ABI_O_ACCMODE)) == ABI_O_RDWR;
}

/* May it be opened with O_DIRECT: regular files in memory, which need no buffer anyway. */
static inline bool file_can_direct(const struct inode *inode)
{
	return ABI_S_ISREG(inode->mode) && inode->ops != NULL && inode->ops->get_page != NULL;
}

uint32_t file_poll(struct file *file, struct poll_table *table);
/* How much of `bytes` a write at `pos` may do under RLIMIT_FSIZE and the file size limit; 0 bytes:
 * -EFBIG (SIGXFSZ has been sent). */
long file_limit_write(uint64_t pos, size_t bytes);

/* fd.c */
/* Descriptors of the running process are below this. */
int fd_limit(void);
int fd_close(int fd);
int fd_dup_to(int from, int to, bool cloexec);
bool fd_cloexec(int fd);
int fd_set_cloexec(int fd, bool cloexec);
/* Close or mark [first, last]. */
void fd_range_close(unsigned int first, unsigned int last);
void fd_range_cloexec(unsigned int first, unsigned int last);
/* Install a new file; drops it on failure. */
int fd_install_or_put(struct file *file, bool cloexec);

/* pipe.c: a named pipe's open. pipe_size.c: the parts of fcntl. */
extern const struct file_ops fifo_file_ops;
long pipe_get_size(struct file *file);
long pipe_set_size(struct file *file, unsigned long bytes);

/* devfs.c: the device's operations put into the file. 0 or -ENXIO. */
int chardev_open(struct file *file);
int memdev_init(void);
/* memdev.c, random_dev.c: devices without a position. */
long memdev_seek(struct file *file, int64_t offset, int whence);
extern const struct file_ops random_file_ops, urandom_file_ops;

/* lock.c */
void file_lock_release_table(struct inode *inode, const struct fd_table *table);
void file_lock_release_file(struct file *file);
long file_lock_control(struct file *file, int command, uintptr_t arg);
long file_flock(struct file *file, int operation);

/* file_owner.c: fcntl's F_SETOWN and its kind. */
long file_owner_control(struct file *file, int command, uint64_t arg);

/* epoll.c: the file is going. */
void epoll_forget_file(struct file *file);

/* The records of a ramdisk's entry of times, see ramdisk_times.c. */
void ramdisk_set_times(const char *records, size_t bytes);

#endif
