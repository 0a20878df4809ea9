/* SPDX-License-Identifier: MIT */
/* System calls that make and close descriptors: open, close, dup, pipe, memfd_create. */
#include "kernel/fs/internal.h"
#include "kernel/fs/ramfs.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define OPEN_PATH_FLAGS (ABI_O_PATH | ABI_O_DIRECTORY | ABI_O_NOFOLLOW | ABI_O_CLOEXEC)

/* What an open wants of the inode's permission bits. */
static unsigned int open_wanted_rwx(uint32_t flags)
{
	static const unsigned int by_mode[4] = {ABI_R_OK, ABI_W_OK, ABI_R_OK | ABI_W_OK,
	                                        ABI_R_OK | ABI_W_OK};

	return by_mode[flags & ABI_O_ACCMODE] | ((flags & ABI_O_TRUNC) != 0 ? ABI_W_OK : 0);
}

static struct inode *open_create(struct walk *walk, uint32_t mode)
{
	struct inode *inode;
	int result;

	if (walk->dir->ops->create == NULL) /* /proc: a name that is not there is just that */
		return err_ptr(-ENOENT);
	result = inode_permission(walk->dir, ABI_W_OK | ABI_X_OK);
	if (result != 0)
		return err_ptr(result);
	mode &= 07777 & ~fs_context_current()->umask;
	result =
	    walk->dir->ops->create(walk->dir, walk->name, walk->len, ABI_S_IFREG | mode, 0, &inode);
	return result != 0 ? err_ptr(result) : inode;
}

/* The inode that the last component of the walk leads to, made if O_CREAT says so. After an error
 * of walk_follow() the walk has ended, which *ended says. */
static struct inode *open_last(struct walk *walk, uint32_t flags, uint32_t mode, bool *created,
                               bool *ended)
{
	for (;;) {
		struct inode *inode, *object;
		int result;

		/* Files are made, directories are not: whatever is there. */
		if ((flags & ABI_O_CREAT) != 0 && walk->last == WALK_NAME && walk->slash)
			return err_ptr(-EISDIR);
		inode = walk_lookup_last(walk);
		if (is_err(inode)) {
			if (ptr_err(inode) != -ENOENT || (flags & ABI_O_CREAT) == 0)
				return inode;
			*created = true;
			return open_create(walk, mode);
		}
		if ((flags & (ABI_O_CREAT | ABI_O_EXCL)) == (ABI_O_CREAT | ABI_O_EXCL)) {
			inode_put(inode);
			return err_ptr(-EEXIST);
		}
		if (!ABI_S_ISLNK(inode->mode))
			return inode;
		if ((flags & ABI_O_NOFOLLOW) != 0 && !walk->slash) {
			if ((flags & ABI_O_PATH) != 0)
				return inode;
			inode_put(inode);
			return err_ptr(-ELOOP);
		}
		result = walk_follow(walk, inode, &object);
		if (result != 0) {
			*ended = true;
			return err_ptr(result);
		}
		if (object != NULL)
			return object;
	}
}

/* Everything that can forbid opening an inode that was there already. */
static int open_check(struct inode *inode, uint32_t flags, bool slash)
{
	bool is_dir = ABI_S_ISDIR(inode->mode);
	unsigned int want = open_wanted_rwx(flags);
	int result;

	if (is_dir && (flags & ABI_O_CREAT) != 0)
		return -EISDIR;
	if (!is_dir && (slash || (flags & ABI_O_DIRECTORY) != 0))
		return -ENOTDIR;
	if ((flags & ABI_O_PATH) != 0)
		return 0;
	if (is_dir && (want & ABI_W_OK) != 0)
		return -EISDIR;
	result = inode_permission(inode, want);
	if (result != 0)
		return result;
	if ((flags & ABI_O_NOATIME) != 0 && !inode_owned(inode))
		return -EPERM;
	if ((want & ABI_W_OK) != 0 && inode->exec_count > 0)
		return -ETXTBSY;
	return 0;
}

static struct file *open_walked(struct walk *walk, uint32_t flags, uint32_t mode, bool *ended)
{
	bool created = false;
	struct inode *inode = open_last(walk, flags, mode, &created, ended);
	struct file *file;
	int result = 0;

	if (is_err(inode))
		return (struct file *)(void *)inode;
	if (!created)
		result = open_check(inode, flags, walk->slash);
	if (result == 0 && !created && (flags & ABI_O_TRUNC) != 0 && ABI_S_ISREG(inode->mode))
		result = inode_truncate(inode, 0);
	file = result != 0 ? err_ptr(result) : file_open_inode(inode, flags);
	inode_put(inode);
	return file;
}

/* A file without a name in the directory that the path leads to. */
static struct file *open_nameless(int dirfd, const char *path, uint32_t flags, uint32_t mode)
{
	unsigned int path_flags =
	    PATH_DIRECTORY | ((flags & ABI_O_NOFOLLOW) != 0 ? PATH_NOFOLLOW : 0);
	struct inode *base, *dir, *inode;
	struct file *file;
	int result = path_base_of_fd(dirfd, path, &base);

	if (result != 0)
		return err_ptr(result);
	dir = path_lookup(base, path, path_flags);
	if (base != NULL)
		inode_put(base);
	if (is_err(dir))
		return (struct file *)(void *)dir;
	result = inode_permission(dir, ABI_W_OK | ABI_X_OK);
	if (result == 0)
		result = dir->ops->create_nameless == NULL
		             ? -EOPNOTSUPP
		             : dir->ops->create_nameless(
		                   dir, ABI_S_IFREG | (mode & 07777 & ~fs_context_current()->umask),
		                   &inode);
	inode_put(dir);
	if (result != 0)
		return err_ptr(result);
	if ((flags & ABI_O_EXCL) == 0)
		inode->flags |= INODE_LINKABLE;
	file = file_open_inode(inode, flags);
	inode_put(inode);
	return file;
}

static struct file *open_file(int dirfd, const char *path, uint32_t flags, uint32_t mode)
{
	struct inode *base;
	struct walk walk;
	struct file *file;
	bool ended = false;
	int result = path_base_of_fd(dirfd, path, &base);

	if (result != 0)
		return err_ptr(result);
	result = walk_begin(&walk, base, path);
	if (base != NULL)
		inode_put(base);
	if (result != 0)
		return err_ptr(result);
	file = open_walked(&walk, flags, mode, &ended);
	if (!ended)
		walk_end(&walk);
	return file;
}

struct file *path_open(const char *path, uint32_t flags, uint32_t mode)
{
	return open_file(ABI_AT_FDCWD, path, flags | ABI_O_LARGEFILE, mode);
}

static long do_open(int dirfd, const void *user_path, uint32_t flags, uint32_t mode)
{
	struct file *file;
	bool nameless;
	char *path;
	int result;

	if ((flags & ABI_O_PATH) != 0)
		flags &= OPEN_PATH_FLAGS;
	else
		flags |= ABI_O_LARGEFILE;
	nameless = (flags & ABI_O_TMPFILE_ONLY) != 0;
	if (nameless && ((flags & (ABI_O_TMPFILE | ABI_O_CREAT)) != ABI_O_TMPFILE ||
	                 (open_wanted_rwx(flags) & ABI_W_OK) == 0))
		return -EINVAL;
	if ((flags & (ABI_O_CREAT | ABI_O_DIRECTORY)) == (ABI_O_CREAT | ABI_O_DIRECTORY))
		return -EINVAL;
	result = path_copy_from_user(user_path, false, &path);
	if (result != 0)
		return result;
	file = nameless ? open_nameless(dirfd, path, flags, mode)
	                : open_file(dirfd, path, flags, mode);
	kfree(path);
	if (is_err(file))
		return ptr_err(file);
	return fd_install_or_put(file, (flags & ABI_O_CLOEXEC) != 0);
}

long sys_open(const struct sys_args *args)
{
	return do_open(ABI_AT_FDCWD, SYS_PTR(args, 0), SYS_UINT(args, 1), SYS_UINT(args, 2));
}

long sys_openat(const struct sys_args *args)
{
	return do_open(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_UINT(args, 2), SYS_UINT(args, 3));
}

long sys_creat(const struct sys_args *args)
{
	return do_open(ABI_AT_FDCWD, SYS_PTR(args, 0), ABI_O_CREAT | ABI_O_WRONLY | ABI_O_TRUNC,
	               SYS_UINT(args, 1));
}

long sys_close(const struct sys_args *args)
{
	return fd_close(SYS_INT(args, 0));
}

long sys_close_range(const struct sys_args *args)
{
	unsigned int first = SYS_UINT(args, 0), last = SYS_UINT(args, 1);
	unsigned int flags = SYS_UINT(args, 2);

	if ((flags & ~(ABI_CLOSE_RANGE_UNSHARE | ABI_CLOSE_RANGE_CLOEXEC)) != 0 || first > last)
		return -EINVAL;
	if ((flags & ABI_CLOSE_RANGE_UNSHARE) != 0) {
		struct fd_table *copy = fd_table_copy(current()->files);

		if (copy == NULL)
			return -ENOMEM;
		fd_table_put(current()->files);
		current()->files = copy;
	}
	if ((flags & ABI_CLOSE_RANGE_CLOEXEC) != 0)
		fd_range_cloexec(first, last);
	else
		fd_range_close(first, last);
	return 0;
}

long sys_dup(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));

	return file == NULL ? -EBADF : fd_install_or_put(file, false);
}

long sys_dup2(const struct sys_args *args)
{
	int from = SYS_INT(args, 0), to = SYS_INT(args, 1);

	if (from == to) {
		struct file *file = fd_get_file(from);

		if (file == NULL)
			return -EBADF;
		file_put(file);
		return to;
	}
	return fd_dup_to(from, to, false);
}

long sys_dup3(const struct sys_args *args)
{
	int from = SYS_INT(args, 0), to = SYS_INT(args, 1);
	unsigned int flags = SYS_UINT(args, 2);

	if ((flags & ~ABI_O_CLOEXEC) != 0 || from == to)
		return -EINVAL;
	return fd_dup_to(from, to, (flags & ABI_O_CLOEXEC) != 0);
}

/* Both ends of a new pipe, each with a reference. 0 or -errno. */
static int pipe_create(uint32_t flags, struct file *ends[2])
{
	struct inode *inode = inode_create_anonymous(ABI_S_IFIFO | 0600);

	if (inode == NULL)
		return -ENOMEM;
	ends[0] = file_open_inode(inode, ABI_O_RDONLY | flags);
	ends[1] = is_err(ends[0]) ? ends[0] : file_open_inode(inode, ABI_O_WRONLY | flags);
	inode_put(inode);
	if (is_err(ends[1])) {
		if (!is_err(ends[0]))
			file_put(ends[0]);
		return (int)ptr_err(ends[1]);
	}
	return 0;
}

static long do_pipe(void *user_fds, uint32_t flags)
{
	bool cloexec = (flags & ABI_O_CLOEXEC) != 0;
	struct file *ends[2];
	int fds[2], result;

	if ((flags & ~(ABI_O_CLOEXEC | ABI_O_NONBLOCK | ABI_O_DIRECT)) != 0)
		return -EINVAL;
	result = pipe_create(flags & ABI_O_NONBLOCK, ends);
	if (result != 0)
		return result;
	ends[1]->flags |= flags & ABI_O_DIRECT;
	fds[0] = fd_install_or_put(ends[0], cloexec);
	if (fds[0] < 0) {
		file_put(ends[1]);
		return fds[0];
	}
	fds[1] = fd_install_or_put(ends[1], cloexec);
	if (fds[1] < 0) {
		fd_close(fds[0]);
		return fds[1];
	}
	if (copy_to_user(user_fds, fds, sizeof(fds)) != 0) {
		fd_close(fds[0]);
		fd_close(fds[1]);
		return -EFAULT;
	}
	return 0;
}

long sys_pipe(const struct sys_args *args)
{
	return do_pipe(SYS_PTR(args, 0), 0);
}

long sys_pipe2(const struct sys_args *args)
{
	return do_pipe(SYS_PTR(args, 0), SYS_UINT(args, 1));
}

/* A file without a name, but with a text that /proc shows for it. err_ptr. */
static struct inode *memfd_inode(const char *name, unsigned int flags)
{
	static const char format[] = "/memfd:%s (deleted)";
	size_t size = sizeof(format) + strlen(name);
	char *label = kmalloc(size);
	struct inode *inode;

	if (label == NULL)
		return err_ptr(-ENOMEM);
	fmt_print(label, size, format, name);
	inode = ramfs_create_unlinked((flags & ABI_MFD_NOEXEC_SEAL) != 0 ? 0666 : 0777);
	if (inode == NULL) {
		kfree(label);
		return err_ptr(-ENOMEM);
	}
	inode->flags |= INODE_ANONYMOUS | INODE_OWNS_LABEL;
	inode->label = label;
	if ((flags & ABI_MFD_NOEXEC_SEAL) != 0)
		*ramfs_seals(inode) = ABI_F_SEAL_EXEC;
	else if ((flags & ABI_MFD_ALLOW_SEALING) == 0)
		*ramfs_seals(inode) = ABI_F_SEAL_SEAL;
	return inode;
}

long sys_memfd_create(const struct sys_args *args)
{
	unsigned int flags = SYS_UINT(args, 1);
	char name[ABI_NAME_MAX - 5];
	struct inode *inode;
	struct file *file;
	long len;

	if ((flags & ~(ABI_MFD_CLOEXEC | ABI_MFD_ALLOW_SEALING | ABI_MFD_NOEXEC_SEAL |
	               ABI_MFD_EXEC)) != 0 ||
	    (flags & (ABI_MFD_NOEXEC_SEAL | ABI_MFD_EXEC)) == (ABI_MFD_NOEXEC_SEAL | ABI_MFD_EXEC))
		return -EINVAL;
	len = strncpy_from_user(name, SYS_PTR(args, 0), sizeof(name));
	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	inode = memfd_inode(name, flags);
	if (is_err(inode))
		return ptr_err(inode);
	file = file_open_inode(inode, ABI_O_RDWR | ABI_O_LARGEFILE);
	inode_put(inode);
	if (is_err(file))
		return ptr_err(file);
	return fd_install_or_put(file, (flags & ABI_MFD_CLOEXEC) != 0);
}
