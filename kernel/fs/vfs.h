/* SPDX-License-Identifier: MIT */
/*
 * Files: inodes, open files, descriptors, paths. Filesystems implement inode_ops and file_ops.
 * Every pointer to an inode or a file that is kept has a reference.
 */
#ifndef PINFOLD_KERNEL_FS_VFS_H
#define PINFOLD_KERNEL_FS_VFS_H

#include "kernel/kernel.h"
#include "kernel/linux/abi.h"
#include "kernel/mm/page.h"
#include "kernel/wait.h"
#include "lib/list.h"

struct inode;
struct file;
struct filesystem;
struct poll_table;
struct seq;

/* A transfer between the kernel and a list of buffers, in user or kernel memory. */
struct uio {
	bool user;
	uintptr_t at;                 /* in the buffer that is being moved */
	size_t at_bytes;              /* of it, to go */
	size_t left;                  /* bytes to go in all */
	const struct abi_iovec *more; /* further buffers, in kernel memory */
	size_t more_count;
};

/* Move min(bytes, uio->left) bytes and advance. Bytes moved, or -EFAULT when none could be. */
long uio_copy_to(struct uio *uio, const void *from, size_t bytes);
long uio_copy_from(struct uio *uio, void *to, size_t bytes);
/* As uio_copy_to, of zeros. */
long uio_clear(struct uio *uio, size_t bytes);
/* One buffer. */
static inline void uio_init(struct uio *uio, bool user, void *buffer, size_t bytes)
{
	/* One by one: compilers clear a whole structure by a string instruction. */
	uio->user = user;
	uio->at = (uintptr_t)buffer;
	uio->at_bytes = bytes;
	uio->left = bytes;
	uio->more_count = 0;
}

struct file_ops {
	/* Bytes moved, 0 at the end, or -errno. `pos` is the file position to use and advance. NULL
	 * op: -EINVAL. */
	long (*read)(struct file *file, struct uio *uio, uint64_t *pos);
	long (*write)(struct file *file, struct uio *uio, uint64_t *pos);
	/* NULL: generic, by inode size, for regular files and directories; -ESPIPE for the others.
	 */
	long (*seek)(struct file *file, int64_t offset, int whence);
	/* Regular files: the next data or hole from an offset on. NULL: all of it is data. */
	long (*seek_sparse)(struct inode *inode, uint64_t offset, bool hole);
	/* Events now true (POLLIN …), after queueing the poller through poll_wait(). NULL: always
	 * readable and writable. */
	uint32_t (*poll)(struct file *file, struct poll_table *table);
	long (*ioctl)(struct file *file, unsigned int command, uintptr_t arg); /* NULL: -ENOTTY */
	/* Directories: entries from file->pos on; `next` is the position behind the entry. Stops
	 * when emit returns false. */
	long (*iterate)(struct file *file,
	                bool (*emit)(void *arg, const char *name, uint64_t ino, uint8_t type,
	                             uint64_t next),
	                void *arg);
	/* What /proc/PID/fdinfo says besides position and flags, or NULL. */
	void (*show)(struct file *file, struct seq *seq);
	int (*open)(struct file *file); /* after the file is set up; may replace file->private and
	                                   file->ops */
	void (*release)(struct file *file); /* last reference gone */
};

struct inode_ops {
	struct inode *(*lookup)(struct inode *dir, const char *name,
	                        size_t len); /* with a reference; err_ptr(-ENOENT) */
	int (*create)(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
	              struct inode **out);
	/* A regular file without a name, with one reference: what O_TMPFILE makes. */
	int (*create_nameless)(struct inode *dir, uint32_t mode, struct inode **out);
	int (*link)(struct inode *dir, const char *name, size_t len, struct inode *target);
	int (*symlink)(struct inode *dir, const char *name, size_t len, const char *target);
	int (*unlink)(struct inode *dir, const char *name, size_t len);
	int (*rmdir)(struct inode *dir, const char *name, size_t len);
	int (*rename)(struct inode *from_dir, const char *from, size_t from_len,
	              struct inode *to_dir, const char *to, size_t to_len, unsigned int flags);
	long (*readlink)(struct inode *inode, char *buffer,
	                 size_t size); /* kernel buffer; length */
	/* Links that lead to an object, not to a path: what they lead to, with a reference, or
	 * err_ptr. */
	struct inode *(*follow)(struct inode *inode);
	/* Asked when the mode does not permit something: whether it is permitted nevertheless.
	 * NULL: no. */
	bool (*permits)(const struct inode *inode);
	int (*truncate)(struct inode *inode, uint64_t size);
	/* The page of file data at `index`, with a reference, for a mapping or an exec. `write`: it
	 * will be written (shared mapping). err_ptr. */
	struct page *(*get_page)(struct inode *inode, uint64_t index, bool write);
	/* The pages from `index` on that are there already, `count` at most, up to the first that is
	 * not: for a mapping, without references. How many. Whoever has get_page has this. */
	unsigned int (*find_pages)(struct inode *inode, uint64_t index, struct page **pages,
	                           unsigned int count);
	/* fallocate(): `mode` as in the ABI. NULL: -EOPNOTSUPP. */
	int (*allocate)(struct inode *inode, unsigned int mode, uint64_t offset, uint64_t bytes);
	/* A name this inode has, or last had, in which directory (no reference taken). NULL: it has
	 * none. */
	const char *(*name_of)(struct inode *inode, struct inode **dir, size_t *len);
	void (*destroy)(struct inode *inode); /* last reference and last link gone */
};

enum inode_flag {
	INODE_TRANSIENT = 1,  /* made when it was looked up: goes with its last reference, whatever
	                         link_count says */
	INODE_FIXED = 2,      /* owner, mode and times cannot be changed */
	INODE_ANONYMOUS = 4,  /* never had a name */
	INODE_OWNS_LABEL = 8, /* label goes with it */
	INODE_LINKABLE = 16,  /* made without a name (O_TMPFILE): may get its first one */
};

struct inode {
	const struct inode_ops *ops;
	const struct file_ops *file_ops;
	struct filesystem *fs; /* NULL: none (pipes, streams …) */
	uint64_t ino;
	uint64_t dev;
	uint32_t mode; /* type and permissions, Linux ABI */
	uint32_t uid, gid;
	uint32_t link_count;
	uint32_t ref_count;
	uint32_t flags; /* enum inode_flag */
	uint64_t rdev;
	uint64_t size;
	uint64_t page_count;                            /* of data held in memory */
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns; /* wall, from 1970 */
	struct inode *parent;                           /* directories: ".." */
	struct inode *mounted; /* directories: the root of what is mounted here, or NULL */
	struct inode *covers;  /* root of a mount: the directory it is mounted on */
	uint32_t write_count;  /* open for writing; ETXTBSY with exec_count */
	uint32_t exec_count;
	uint32_t map_count;       /* areas that map it, counted by mm */
	uint32_t map_write_count; /* of them those that are shared and may write, now or later */
	struct list locks;        /* struct file_lock */
	struct pipe *pipe;        /* S_IFIFO: what flows, while it is open */
	const char *label;        /* anonymous: what /proc/PID/fd shows; NULL: by type */
	void *private;
};

struct file {
	struct inode *inode;
	const struct file_ops *ops;
	uint32_t ref_count;
	uint32_t flags; /* O_ */
	uint64_t pos;
	struct list epoll_items; /* struct epoll_item.file_node */
	bool write_counted;      /* in inode->write_count */
	bool seekable;           /* has a position that pread and lseek may use */
	uint8_t owner_type;      /* ABI_F_OWNER_ */
	uint8_t owner_signal;    /* of F_SETSIG */
	int owner;               /* of F_SETOWN; 0: none */
	void *private;
};

struct fd_table; /* fd.c */

/* Where a process is in the tree. */
struct fs_context {
	uint32_t ref_count;
	uint32_t umask;
	struct inode *root, *cwd;
};

void inode_get(struct inode *inode);
void inode_put(struct inode *inode);
/* Of the last reference: close the file. */
void file_release(struct file *file);

static inline void file_get(struct file *file)
{
	file->ref_count++;
}

static inline void file_put(struct file *file)
{
	ASSERT(file->ref_count > 0);
	if (--file->ref_count == 0)
		file_release(file);
}

/* Open an inode: a file with one reference, or err_ptr. Permissions have been checked. */
struct file *file_open_inode(struct inode *inode, uint32_t flags);
/* A file without a name (pipe ends, the program's streams): its inode is made for it. `mode` has
 * the type that stat shows. With a type, and if ops has `open` or lacks `release`, it can be opened
 * again through /proc/self/fd: a second file with the same `private`. */
struct file *file_create_anonymous(const struct file_ops *ops, uint32_t mode, uint32_t flags,
                                   void *private);
long file_read_kernel(struct file *file, void *buffer, size_t bytes, uint64_t *pos);
long file_write_kernel(struct file *file, const void *buffer, size_t bytes, uint64_t *pos);

/* Path to inode with a reference, or err_ptr. `base` is where a relative path starts (NULL: current
 * directory). */
enum path_flags { PATH_NOFOLLOW = 1, PATH_DIRECTORY = 2 };
struct inode *path_lookup(struct inode *base, const char *path, unsigned int flags);
/* Absolute path of a directory as the running process sees it; length without the NUL, or -errno
 * (-ENOENT: removed; -ERANGE: size; -EXDEV: it lies outside of the process's root). */
long path_of_directory(struct inode *dir, char *buffer, size_t size);
/* Of the current directory; one outside of the root begins with "(unreachable)", as in Linux's
 * getcwd. */
long path_of_current_directory(char *buffer, size_t size);
/* A path of any inode, for /proc and messages; " (deleted)" or "pipe:[7]" as Linux has it. */
long path_of_inode(struct inode *inode, char *buffer, size_t size);
/* Remove a name; used at boot. */
int path_unlink(const char *path);
/* Permission bits for the running process (root passes, but for execute without any x bit): 0 or
 * -EACCES. */
int inode_permission(struct inode *inode, unsigned int want_rwx);

/* Descriptors of the running task. */
struct file *fd_get_file(int fd); /* with a reference; NULL: -EBADF */
/* Takes the reference over and returns the descriptor; on -EMFILE (-ENOMEM) it stays with the
 * caller. */
int fd_install(struct file *file, bool cloexec, int lowest);
/* The file of a descriptor in any table, with a reference, or NULL (for /proc/PID/fd). */
struct file *fd_table_get_file(struct fd_table *table, int fd);
/* The lowest descriptor in use from `from` on, or -1. */
int fd_table_next(struct fd_table *table, int from);
/* Of a descriptor that is in use. */
bool fd_table_cloexec(const struct fd_table *table, int fd);
/* Descriptors that the table has room for. */
int fd_table_capacity(const struct fd_table *table);
struct fd_table *fd_table_create(void);
struct fd_table *fd_table_copy(struct fd_table *source); /* NULL: out of memory */
void fd_table_get(struct fd_table *table);
void fd_table_put(struct fd_table *table);
/* More than one task uses the table. */
bool fd_table_shared(const struct fd_table *table);
void fd_table_close_on_exec(struct fd_table *table);
struct fs_context *fs_context_create(void);
struct fs_context *fs_context_copy(struct fs_context *source);
void fs_context_get(struct fs_context *context);
void fs_context_put(struct fs_context *context);
/* The running task's current directory; it must be one. 0 or -errno. */
int fs_set_cwd(const char *path);

/* Pollers (poll.c). */
void poll_wait(struct poll_table *table, struct wait_queue *queue);

/* Make the directories of an absolute path that are missing, root's and with mode 0755. 0 or
 * -errno. */
int path_make_directories(const char *path);

/* Boot. */
void vfs_init(void); /* root ramfs, /dev, /proc, fs context of the first task */
/* 0 or -errno, with a log line that says what is wrong. `used` (or NULL) is told on the way how
 * many of the first bytes are not looked at any more: their frames may be given away at once. What
 * it was not told of stays the caller's. */
int ramdisk_unpack(const void *archive, size_t bytes, void (*used)(size_t bytes));
/* Make a device node appear in /dev. */
int devfs_add(const char *name, uint32_t mode, uint64_t rdev, const struct file_ops *ops,
              void *private);
/* Serve all character devices with that major number, whose nodes others make. */
int devfs_add_major(unsigned int major, const struct file_ops *ops);
/* /dev/pts: mount it, make the node of a slave (a reference, or err_ptr), remove its name. */
int devpts_init(void);
struct inode *devpts_add(unsigned int index, uint64_t rdev);
void devpts_remove(unsigned int index);
/* Make a file appear below /proc ("pinfold/counters"); `show` writes text through seq_printf. */
int procfs_add(const char *path, uint32_t mode, void (*show)(struct seq *seq),
               long (*write)(const char *text, size_t len));
void seq_printf(struct seq *seq, const char *format, ...) __attribute__((format(printf, 2, 3)));
void seq_write(struct seq *seq, const void *data, size_t bytes);

#endif
