/* SPDX-License-Identifier: MIT */
/* System calls that change what inodes and files are: modes, owners, times, sizes. */
#include "kernel/fs/internal.h"
#include "kernel/fs/ramfs.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define NO_CHANGE UINT32_MAX /* of an owner */

typedef long inode_change(struct inode *inode, const void *arg);

/* Do something to the inode that a path names. */
static long change_at(int dirfd, const void *path, unsigned int flags, inode_change *change,
                      const void *arg)
{
	unsigned int path_flags = (flags & ABI_AT_SYMLINK_NOFOLLOW) != 0 ? PATH_NOFOLLOW : 0;
	struct inode *inode;
	long result;

	if ((flags & ~(ABI_AT_SYMLINK_NOFOLLOW | ABI_AT_EMPTY_PATH)) != 0)
		return -EINVAL;
	inode = path_lookup_at(dirfd, path, path_flags, (flags & ABI_AT_EMPTY_PATH) != 0);
	if (is_err(inode))
		return ptr_err(inode);
	result = change(inode, arg);
	inode_put(inode);
	return result;
}

static long change_fd(int fd, inode_change *change, const void *arg)
{
	struct file *file = fd_get_file(fd);
	long result = -EBADF;

	if (file == NULL)
		return -EBADF;
	if ((file->flags & ABI_O_PATH) == 0)
		result = change(file->inode, arg);
	file_put(file);
	return result;
}

static int check_changeable(const struct inode *inode)
{
	int result = inode_check_writable(inode);

	if (result != 0)
		return result;
	return (inode->flags & INODE_FIXED) != 0 ? -EPERM : 0;
}

static long change_mode(struct inode *inode, const void *arg)
{
	uint32_t mode = *(const uint32_t *)arg & 07777;
	int result = check_changeable(inode);
	const uint32_t *seals;

	if (result != 0)
		return result;
	if (ABI_S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	if (!inode_owned(inode))
		return -EPERM;
	seals = ramfs_seals(inode);
	if (seals != NULL && (*seals & ABI_F_SEAL_EXEC) != 0 && ((inode->mode ^ mode) & 0111) != 0)
		return -EPERM;
	inode->mode = (inode->mode & ABI_S_IFMT) | mode_for_group(inode->gid, mode);
	inode_touch_ctime(inode);
	return 0;
}

long sys_chmod(const struct sys_args *args)
{
	uint32_t mode = SYS_UINT(args, 1);

	return change_at(ABI_AT_FDCWD, SYS_PTR(args, 0), 0, change_mode, &mode);
}

long sys_fchmod(const struct sys_args *args)
{
	uint32_t mode = SYS_UINT(args, 1);

	return change_fd(SYS_INT(args, 0), change_mode, &mode);
}

long sys_fchmodat(const struct sys_args *args)
{
	uint32_t mode = SYS_UINT(args, 2);

	return change_at(SYS_INT(args, 0), SYS_PTR(args, 1), 0, change_mode, &mode);
}

long sys_fchmodat2(const struct sys_args *args)
{
	uint32_t mode = SYS_UINT(args, 2);

	return change_at(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_UINT(args, 3), change_mode, &mode);
}

struct owner {
	uint32_t uid, gid;
};

static bool may_change_owner(const struct inode *inode, const struct owner *owner)
{
	const struct cred *cred = fs_cred();
	bool own = cred->fsuid == inode->uid;

	if (cred_has(cred, ABI_CAP_CHOWN))
		return true;
	if (owner->uid != NO_CHANGE && (owner->uid != inode->uid || !own))
		return false;
	return owner->gid == NO_CHANGE ||
	       (own && (owner->gid == inode->gid || cred_in_group(cred, owner->gid)));
}

/* The mode loses its set-id bits: a change of mode like others, which may not be permitted. */
static uint32_t mode_for_new_owner(const struct inode *inode, const struct owner *owner)
{
	uint32_t mode = inode->mode;

	if (ABI_S_ISDIR(mode))
		return mode;
	mode &= ~ABI_S_ISUID;
	if ((mode & ABI_S_IXGRP) != 0)
		mode &= ~ABI_S_ISGID;
	if (mode == inode->mode)
		return mode;
	return mode_for_group(owner->gid != NO_CHANGE ? owner->gid : inode->gid, mode);
}

static long change_owner(struct inode *inode, const void *arg)
{
	const struct owner *owner = arg;
	int result = check_changeable(inode);
	uint32_t mode;

	if (result != 0)
		return result;
	if (!may_change_owner(inode, owner))
		return -EPERM;
	mode = mode_for_new_owner(inode, owner);
	if (mode != inode->mode && !inode_owned(inode))
		return -EPERM;
	if (owner->uid != NO_CHANGE)
		inode->uid = owner->uid;
	if (owner->gid != NO_CHANGE)
		inode->gid = owner->gid;
	inode->mode = mode;
	inode_touch_ctime(inode);
	return 0;
}

long sys_chown(const struct sys_args *args)
{
	struct owner owner = {SYS_UINT(args, 1), SYS_UINT(args, 2)};

	return change_at(ABI_AT_FDCWD, SYS_PTR(args, 0), 0, change_owner, &owner);
}

long sys_lchown(const struct sys_args *args)
{
	struct owner owner = {SYS_UINT(args, 1), SYS_UINT(args, 2)};

	return change_at(ABI_AT_FDCWD, SYS_PTR(args, 0), ABI_AT_SYMLINK_NOFOLLOW, change_owner,
	                 &owner);
}

long sys_fchown(const struct sys_args *args)
{
	struct owner owner = {SYS_UINT(args, 1), SYS_UINT(args, 2)};

	return change_fd(SYS_INT(args, 0), change_owner, &owner);
}

long sys_fchownat(const struct sys_args *args)
{
	struct owner owner = {SYS_UINT(args, 2), SYS_UINT(args, 3)};

	return change_at(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_UINT(args, 4), change_owner,
	                 &owner);
}

/* What utimensat asks for, in the order access, modification. */
struct new_times {
	bool set[2];
	bool explicit_time; /* a time other than now: for the owner alone */
	int64_t ns[2];
};

static long change_times(struct inode *inode, const void *arg)
{
	const struct new_times *times = arg;
	int result = check_changeable(inode);

	if (result != 0)
		return result;
	if (times->explicit_time && !inode_owned(inode))
		return -EPERM;
	if (!inode_owned(inode) && inode_permission(inode, ABI_W_OK) != 0)
		return -EACCES;
	if (times->set[0])
		inode->atime_ns = times->ns[0];
	if (times->set[1])
		inode->mtime_ns = times->ns[1];
	inode_touch_ctime(inode);
	return 0;
}

/* Inodes count signed nanoseconds from 1970: about 292 years either way, where times saturate. */
static int64_t ns_of(int64_t sec, int64_t nsec)
{
	int64_t sec_max = INT64_MAX / (int64_t)NS_PER_SEC - 1;

	sec = MAX(MIN(sec, sec_max), -sec_max);
	return sec * (int64_t)NS_PER_SEC + nsec;
}

static void times_set_now(struct new_times *times)
{
	int64_t now = inode_now_ns();

	*times = (struct new_times){.set = {true, true}, .ns = {now, now}};
}

static int times_from_spec(struct new_times *times, const struct abi_timespec spec[2])
{
	int64_t now = inode_now_ns();
	int now_count = 0;

	*times = (struct new_times){0};
	for (int i = 0; i < 2; i++) {
		if (spec[i].nsec == ABI_UTIME_OMIT)
			continue;
		times->set[i] = true;
		times->ns[i] = now;
		if (spec[i].nsec == ABI_UTIME_NOW) {
			now_count++;
			continue;
		}
		if (spec[i].nsec < 0 || spec[i].nsec >= (int64_t)NS_PER_SEC)
			return -EINVAL;
		times->ns[i] = ns_of(spec[i].sec, spec[i].nsec);
	}
	times->explicit_time = now_count < 2;
	return 0;
}

static int times_from_val(struct new_times *times, const void *user)
{
	struct abi_timeval val[2];

	if (user == NULL) {
		times_set_now(times);
		return 0;
	}
	if (copy_from_user(val, user, sizeof(val)) != 0)
		return -EFAULT;
	*times = (struct new_times){.set = {true, true}, .explicit_time = true};
	for (int i = 0; i < 2; i++) {
		if (val[i].usec < 0 || val[i].usec >= 1000000)
			return -EINVAL;
		times->ns[i] = ns_of(val[i].sec, val[i].usec * 1000);
	}
	return 0;
}

long sys_utimensat(const struct sys_args *args)
{
	unsigned int flags = SYS_UINT(args, 3);
	struct abi_timespec spec[2];
	struct new_times times;
	int result;

	if (SYS_PTR(args, 2) == NULL) {
		times_set_now(&times);
	} else {
		if (copy_from_user(spec, SYS_PTR(args, 2), sizeof(spec)) != 0)
			return -EFAULT;
		result = times_from_spec(&times, spec);
		if (result != 0)
			return result;
		if (!times.set[0] && !times.set[1])
			return 0;
	}
	if (SYS_PTR(args, 1) == NULL && SYS_INT(args, 0) != ABI_AT_FDCWD)
		return flags != 0 ? -EINVAL : change_fd(SYS_INT(args, 0), change_times, &times);
	return change_at(SYS_INT(args, 0), SYS_PTR(args, 1), flags, change_times, &times);
}

long sys_futimesat(const struct sys_args *args)
{
	struct new_times times;
	int result = times_from_val(&times, SYS_PTR(args, 2));

	if (result != 0)
		return result;
	if (SYS_PTR(args, 1) == NULL)
		return change_fd(SYS_INT(args, 0), change_times, &times);
	return change_at(SYS_INT(args, 0), SYS_PTR(args, 1), 0, change_times, &times);
}

long sys_utimes(const struct sys_args *args)
{
	struct new_times times;
	int result = times_from_val(&times, SYS_PTR(args, 1));

	if (result != 0)
		return result;
	return change_at(ABI_AT_FDCWD, SYS_PTR(args, 0), 0, change_times, &times);
}

long sys_utime(const struct sys_args *args)
{
	struct abi_utimbuf buf;
	struct new_times times;

	if (SYS_PTR(args, 1) == NULL) {
		times_set_now(&times);
	} else {
		if (copy_from_user(&buf, SYS_PTR(args, 1), sizeof(buf)) != 0)
			return -EFAULT;
		times = (struct new_times){.set = {true, true},
		                           .explicit_time = true,
		                           .ns = {ns_of(buf.actime, 0), ns_of(buf.modtime, 0)}};
	}
	return change_at(ABI_AT_FDCWD, SYS_PTR(args, 0), 0, change_times, &times);
}

static long change_size(struct inode *inode, const void *arg)
{
	int64_t size = *(const int64_t *)arg;
	int result;

	if (ABI_S_ISDIR(inode->mode))
		return -EISDIR;
	if (!ABI_S_ISREG(inode->mode))
		return -EINVAL;
	result = inode_permission(inode, ABI_W_OK);
	if (result != 0)
		return result;
	if (inode->exec_count > 0)
		return -ETXTBSY;
	return inode_truncate(inode, (uint64_t)size);
}

long sys_truncate(const struct sys_args *args)
{
	int64_t size = SYS_LONG(args, 1);

	if (size < 0)
		return -EINVAL;
	return change_at(ABI_AT_FDCWD, SYS_PTR(args, 0), 0, change_size, &size);
}

long sys_ftruncate(const struct sys_args *args)
{
	int64_t size = SYS_LONG(args, 1);
	struct file *file;
	long result;

	if (size < 0)
		return -EINVAL;
	file = fd_get_file(SYS_INT(args, 0));
	if (file == NULL)
		return -EBADF;
	if ((file->flags & ABI_O_PATH) != 0)
		result = -EBADF;
	else if (!ABI_S_ISREG(file->inode->mode) || !file_writable(file))
		result = -EINVAL;
	else
		result = inode_truncate(file->inode, (uint64_t)size);
	file_put(file);
	return result;
}

static long do_fallocate(struct file *file, unsigned int mode, int64_t offset, int64_t bytes)
{
	struct inode *inode = file->inode;
	uint64_t end = (uint64_t)offset + (uint64_t)bytes;
	int result;

	if ((file->flags & ABI_O_PATH) != 0)
		return -EBADF;
	if (offset < 0 || bytes <= 0)
		return -EINVAL;
	if ((mode & ~(ABI_FALLOC_FL_KEEP_SIZE | ABI_FALLOC_FL_PUNCH_HOLE |
	              ABI_FALLOC_FL_ZERO_RANGE)) != 0 ||
	    (mode & ~ABI_FALLOC_FL_ZERO_RANGE) == ABI_FALLOC_FL_PUNCH_HOLE)
		return -EOPNOTSUPP;
	if (!file_writable(file))
		return -EBADF;
	if (ABI_S_ISFIFO(inode->mode))
		return -ESPIPE;
	if (ABI_S_ISDIR(inode->mode))
		return -EISDIR;
	if (!ABI_S_ISREG(inode->mode))
		return -ENODEV;
	if (end > INT64_MAX)
		return -EFBIG;
	if (inode->ops->allocate == NULL)
		return -EOPNOTSUPP;
	if ((mode & ABI_FALLOC_FL_KEEP_SIZE) == 0 && end > inode->size &&
	    file_limit_write(end - 1, 1) < 0)
		return -EFBIG;
	result = inode->ops->allocate(inode, mode, (uint64_t)offset, (uint64_t)bytes);
	if (result == 0)
		inode_drop_set_id(inode);
	return result;
}

long sys_fallocate(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result;

	if (file == NULL)
		return -EBADF;
	result = do_fallocate(file, SYS_UINT(args, 1), SYS_LONG(args, 2), SYS_LONG(args, 3));
	file_put(file);
	return result;
}

long sys_umask(const struct sys_args *args)
{
	struct fs_context *context = fs_context_current();
	uint32_t old = context->umask;

	context->umask = SYS_UINT(args, 0) & 0777;
	return (long)old;
}
