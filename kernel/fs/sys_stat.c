/* SPDX-License-Identifier: MIT */
/* System calls that tell what files are: stat, statx, statfs, access, readlink, getdents, extended
 * attributes (of which there are none). */
#include "kernel/fs/internal.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define BLOCK_BYTES      4096
#define DIR_BUFFER_BYTES 32768u

/* Seconds rounded down, so that the nanoseconds are never negative. */
static struct abi_timespec timespec_of(int64_t ns)
{
	int64_t rest = ns % (int64_t)NS_PER_SEC;

	if (rest < 0)
		rest += (int64_t)NS_PER_SEC;
	return (struct abi_timespec){.sec = (ns - rest) / (int64_t)NS_PER_SEC, .nsec = rest};
}

static long put_stat(struct inode *inode, void *user)
{
	struct abi_stat stat = {
	    .dev = inode->dev,
	    .ino = inode->ino,
	    .nlink = inode->link_count,
	    .mode = inode->mode,
	    .uid = inode->uid,
	    .gid = inode->gid,
	    .rdev = inode->rdev,
	    .size = (int64_t)inode->size,
	    .blksize = BLOCK_BYTES,
	    .blocks = (int64_t)(inode->page_count * (BLOCK_BYTES / 512)),
	    .atime = timespec_of(inode->atime_ns),
	    .mtime = timespec_of(inode->mtime_ns),
	    .ctime = timespec_of(inode->ctime_ns),
	};

	return copy_to_user(user, &stat, sizeof(stat));
}

static long stat_at(int dirfd, const void *path, void *user, unsigned int flags)
{
	unsigned int path_flags = (flags & ABI_AT_SYMLINK_NOFOLLOW) != 0 ? PATH_NOFOLLOW : 0;
	struct inode *inode;
	long result;

	if ((flags & ~(ABI_AT_SYMLINK_NOFOLLOW | ABI_AT_NO_AUTOMOUNT | ABI_AT_EMPTY_PATH)) != 0)
		return -EINVAL;
	inode = path_lookup_at(dirfd, path, path_flags, (flags & ABI_AT_EMPTY_PATH) != 0);
	if (is_err(inode))
		return ptr_err(inode);
	result = put_stat(inode, user);
	inode_put(inode);
	return result;
}

long sys_stat(const struct sys_args *args)
{
	return stat_at(ABI_AT_FDCWD, SYS_PTR(args, 0), SYS_PTR(args, 1), 0);
}

long sys_lstat(const struct sys_args *args)
{
	return stat_at(ABI_AT_FDCWD, SYS_PTR(args, 0), SYS_PTR(args, 1), ABI_AT_SYMLINK_NOFOLLOW);
}

long sys_newfstatat(const struct sys_args *args)
{
	return stat_at(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_PTR(args, 2), SYS_UINT(args, 3));
}

long sys_fstat(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result;

	if (file == NULL)
		return -EBADF;
	result = put_stat(file->inode, SYS_PTR(args, 1));
	file_put(file);
	return result;
}

static struct abi_statx_time statx_time_of(int64_t ns)
{
	struct abi_timespec time = timespec_of(ns);

	return (struct abi_statx_time){.sec = time.sec, .nsec = (uint32_t)time.nsec};
}

static long put_statx(struct inode *inode, void *user)
{
	struct abi_statx stat = {
	    .mask = ABI_STATX_BASIC_STATS | ABI_STATX_BTIME | ABI_STATX_MNT_ID,
	    .blksize = BLOCK_BYTES,
	    .attributes = inode->covers != NULL ? ABI_STATX_ATTR_MOUNT_ROOT : 0,
	    .attributes_mask = ABI_STATX_ATTR_MOUNT_ROOT,
	    .nlink = inode->link_count,
	    .uid = inode->uid,
	    .gid = inode->gid,
	    .mode = (uint16_t)inode->mode,
	    .ino = inode->ino,
	    .size = inode->size,
	    .blocks = inode->page_count * (BLOCK_BYTES / 512),
	    .atime = statx_time_of(inode->atime_ns),
	    .btime = statx_time_of(inode->btime_ns),
	    .ctime = statx_time_of(inode->ctime_ns),
	    .mtime = statx_time_of(inode->mtime_ns),
	    .rdev_major = abi_dev_major(inode->rdev),
	    .rdev_minor = abi_dev_minor(inode->rdev),
	    .dev_major = abi_dev_major(inode->dev),
	    .dev_minor = abi_dev_minor(inode->dev),
	    .mnt_id = abi_dev_minor(inode->dev),
	};

	return copy_to_user(user, &stat, sizeof(stat));
}

long sys_statx(const struct sys_args *args)
{
	unsigned int flags = SYS_UINT(args, 2);
	unsigned int path_flags = (flags & ABI_AT_SYMLINK_NOFOLLOW) != 0 ? PATH_NOFOLLOW : 0;
	struct inode *inode;
	long result;

	if ((flags & ~(ABI_AT_SYMLINK_NOFOLLOW | ABI_AT_NO_AUTOMOUNT | ABI_AT_EMPTY_PATH |
	               ABI_AT_STATX_SYNC_TYPE)) != 0 ||
	    (flags & ABI_AT_STATX_SYNC_TYPE) == ABI_AT_STATX_SYNC_TYPE ||
	    (SYS_UINT(args, 3) & ABI_STATX_RESERVED) != 0)
		return -EINVAL;
	inode = path_lookup_at(SYS_INT(args, 0), SYS_PTR(args, 1), path_flags,
	                       (flags & ABI_AT_EMPTY_PATH) != 0);
	if (is_err(inode))
		return ptr_err(inode);
	result = put_statx(inode, SYS_PTR(args, 4));
	inode_put(inode);
	return result;
}

static long put_statfs(struct inode *inode, void *user)
{
	struct filesystem *fs = inode->fs;
	struct abi_statfs out = {
	    .type = ABI_S_ISFIFO(inode->mode) ? ABI_PIPEFS_MAGIC : ABI_ANON_INODE_MAGIC,
	    .bsize = BLOCK_BYTES,
	    .frsize = BLOCK_BYTES,
	    .namelen = ABI_NAME_MAX,
	    .flags = ABI_ST_VALID | ABI_ST_RELATIME,
	};

	if (fs != NULL) {
		out.type = fs->magic;
		if ((fs->flags & ABI_MS_RDONLY) != 0)
			out.flags |= ABI_ST_RDONLY;
		if (fs->statfs != NULL)
			fs->statfs(fs, &out);
	}
	return copy_to_user(user, &out, sizeof(out));
}

long sys_statfs(const struct sys_args *args)
{
	struct inode *inode = path_lookup_at(ABI_AT_FDCWD, SYS_PTR(args, 0), 0, false);
	long result;

	if (is_err(inode))
		return ptr_err(inode);
	result = put_statfs(inode, SYS_PTR(args, 1));
	inode_put(inode);
	return result;
}

long sys_fstatfs(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result;

	if (file == NULL)
		return -EBADF;
	result = put_statfs(file->inode, SYS_PTR(args, 1));
	file_put(file);
	return result;
}

static long access_checked(int dirfd, const void *path, unsigned int mode, unsigned int flags)
{
	unsigned int path_flags = (flags & ABI_AT_SYMLINK_NOFOLLOW) != 0 ? PATH_NOFOLLOW : 0;
	struct inode *inode;
	long result = 0;

	inode = path_lookup_at(dirfd, path, path_flags, (flags & ABI_AT_EMPTY_PATH) != 0);
	if (is_err(inode))
		return ptr_err(inode);
	if (mode != 0)
		result = inode_permission(inode, mode);
	inode_put(inode);
	return result;
}

/* Unless asked otherwise the real user counts, on the way to the file as well: with the rights that
 * it would have, it is the one for files meanwhile. */
static long access_at(int dirfd, const void *path, unsigned int mode, unsigned int flags)
{
	struct cred *cred = &current()->cred;
	const struct cred kept = *cred;
	long result;

	if ((mode & ~(ABI_R_OK | ABI_W_OK | ABI_X_OK)) != 0 ||
	    (flags & ~(ABI_AT_EACCESS | ABI_AT_SYMLINK_NOFOLLOW | ABI_AT_EMPTY_PATH)) != 0)
		return -EINVAL;
	if ((flags & ABI_AT_EACCESS) == 0) {
		cred->fsuid = cred->uid;
		cred->fsgid = cred->gid;
		if (!(cred->securebits & ABI_SECURE_NO_SETUID_FIXUP))
			cred->effective = cred->uid == 0 ? cred->permitted : 0;
	}
	result = access_checked(dirfd, path, mode, flags);
	*cred = kept;
	return result;
}

long sys_access(const struct sys_args *args)
{
	return access_at(ABI_AT_FDCWD, SYS_PTR(args, 0), SYS_UINT(args, 1), 0);
}

long sys_faccessat(const struct sys_args *args)
{
	return access_at(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_UINT(args, 2), 0);
}

long sys_faccessat2(const struct sys_args *args)
{
	return access_at(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_UINT(args, 2), SYS_UINT(args, 3));
}

static long link_text_to_user(struct inode *link, void *user, size_t size)
{
	char *buffer;
	long len;

	if (!ABI_S_ISLNK(link->mode))
		return -EINVAL;
	buffer = kmalloc(ABI_PATH_MAX);
	if (buffer == NULL)
		return -ENOMEM;
	len = link->ops->readlink(link, buffer, MIN(size, (size_t)ABI_PATH_MAX));
	if (len > 0 && copy_to_user(user, buffer, (size_t)len) != 0)
		len = -EFAULT;
	kfree(buffer);
	if (len >= 0)
		inode_touch_atime(link);
	return len;
}

static long readlink_at(int dirfd, const void *path, void *user, int size)
{
	struct inode *link;
	long result;

	if (size <= 0)
		return -EINVAL;
	/* The empty path means a link opened with O_PATH. */
	link = path_lookup_at(dirfd, path, PATH_NOFOLLOW, dirfd != ABI_AT_FDCWD);
	if (is_err(link))
		return ptr_err(link);
	result = link_text_to_user(link, user, (size_t)size);
	inode_put(link);
	return result;
}

long sys_readlink(const struct sys_args *args)
{
	return readlink_at(ABI_AT_FDCWD, SYS_PTR(args, 0), SYS_PTR(args, 1), SYS_INT(args, 2));
}

long sys_readlinkat(const struct sys_args *args)
{
	return readlink_at(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_PTR(args, 2), SYS_INT(args, 3));
}

/* Directory entries being gathered, in either of the two layouts. */
struct dir_reader {
	uint8_t *buffer;
	size_t size, used;
	bool old_layout;
	bool too_small;
	uint64_t next; /* position behind the last entry gathered */
};

static bool dir_reader_emit(void *arg, const char *name, uint64_t ino, uint8_t type, uint64_t next)
{
	struct dir_reader *reader = arg;
	size_t len = strlen(name);
	size_t head = reader->old_layout ? sizeof(struct abi_dirent) : sizeof(struct abi_dirent64);
	/* The old layout has the type behind the name's NUL. */
	size_t bytes = (head + len + 1 + reader->old_layout + 7) & ~(size_t)7;
	uint8_t *at = reader->buffer + reader->used;

	if (bytes > reader->size - reader->used) {
		reader->too_small = reader->used == 0;
		return false;
	}
	memset(at, 0, bytes);
	if (reader->old_layout) {
		struct abi_dirent *entry = (struct abi_dirent *)(void *)at;

		entry->ino = ino;
		entry->off = (int64_t)next;
		entry->reclen = (uint16_t)bytes;
		memcpy(entry->name, name, len);
		at[bytes - 1] = type;
	} else {
		struct abi_dirent64 *entry = (struct abi_dirent64 *)(void *)at;

		entry->ino = ino;
		entry->off = (int64_t)next;
		entry->reclen = (uint16_t)bytes;
		entry->type = type;
		memcpy(entry->name, name, len);
	}
	reader->used += bytes;
	reader->next = next;
	return true;
}

static long read_directory(struct file *file, void *user, struct dir_reader *reader)
{
	long result;

	if (!ABI_S_ISDIR(file->inode->mode) || file->ops->iterate == NULL)
		return -ENOTDIR;
	if (file->inode->link_count == 0)
		return -ENOENT;
	result = file->ops->iterate(file, dir_reader_emit, reader);
	if (result < 0 && reader->used == 0)
		return result;
	if (reader->used == 0)
		return reader->too_small ? -EINVAL : 0;
	if (copy_to_user(user, reader->buffer, reader->used) != 0)
		return -EFAULT;
	file->pos = reader->next;
	inode_touch_atime(file->inode);
	return (long)reader->used;
}

static long do_getdents(const struct sys_args *args, bool old_layout)
{
	struct dir_reader reader = {.size = MIN(SYS_UINT(args, 2), DIR_BUFFER_BYTES),
	                            .old_layout = old_layout};
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result;

	if (file == NULL)
		return -EBADF;
	if ((file->flags & ABI_O_PATH) != 0) {
		file_put(file);
		return -EBADF;
	}
	reader.buffer = kmalloc(MAX(reader.size, (size_t)1));
	result = reader.buffer == NULL ? -ENOMEM : read_directory(file, SYS_PTR(args, 1), &reader);
	kfree(reader.buffer);
	file_put(file);
	return result;
}

long sys_getdents(const struct sys_args *args)
{
	return do_getdents(args, true);
}

long sys_getdents64(const struct sys_args *args)
{
	return do_getdents(args, false);
}
