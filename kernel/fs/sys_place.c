/* SPDX-License-Identifier: MIT */
/*
 * System calls about the tree: current and root directory, mounting and unmounting, and
 * synchronizing, which memory needs not. Binding and moving mounts are left out.
 */
#include "kernel/fs/internal.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define TYPE_BYTES 32

/* Replace one of the context's directories; takes the reference over. */
static void set_place(struct inode **place, struct inode *dir)
{
	inode_put(*place);
	*place = dir;
}

long sys_chdir(const struct sys_args *args)
{
	struct inode *dir = path_lookup_at(ABI_AT_FDCWD, SYS_PTR(args, 0), PATH_DIRECTORY, false);
	int result;

	if (is_err(dir))
		return ptr_err(dir);
	result = inode_permission(dir, ABI_X_OK);
	if (result != 0) {
		inode_put(dir);
		return result;
	}
	set_place(&fs_context_current()->cwd, dir);
	return 0;
}

int fs_set_cwd(const char *path)
{
	struct inode *dir = path_lookup(NULL, path, PATH_DIRECTORY);

	if (is_err(dir))
		return (int)ptr_err(dir);
	set_place(&fs_context_current()->cwd, dir);
	return 0;
}

long sys_fchdir(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	int result;

	if (file == NULL)
		return -EBADF;
	result =
	    ABI_S_ISDIR(file->inode->mode) ? inode_permission(file->inode, ABI_X_OK) : -ENOTDIR;
	if (result == 0) {
		inode_get(file->inode);
		set_place(&fs_context_current()->cwd, file->inode);
	}
	file_put(file);
	return result;
}

long sys_chroot(const struct sys_args *args)
{
	struct inode *dir = path_lookup_at(ABI_AT_FDCWD, SYS_PTR(args, 0), PATH_DIRECTORY, false);
	int result;

	if (is_err(dir))
		return ptr_err(dir);
	result = inode_permission(dir, ABI_X_OK);
	if (result == 0 && !cred_has(fs_cred(), ABI_CAP_SYS_CHROOT))
		result = -EPERM;
	if (result != 0) {
		inode_put(dir);
		return result;
	}
	set_place(&fs_context_current()->root, dir);
	return 0;
}

long sys_getcwd(const struct sys_args *args)
{
	size_t size = args->arg[1];
	char *buffer = kmalloc(ABI_PATH_MAX);
	long len;

	if (buffer == NULL)
		return -ENOMEM;
	len = path_of_current_directory(buffer, ABI_PATH_MAX);
	if (len == -ERANGE)
		len = -ENAMETOOLONG;
	if (len >= 0) {
		len++; /* the NUL counts */
		if ((size_t)len > size)
			len = -ERANGE;
		else if (copy_to_user(SYS_PTR(args, 0), buffer, (size_t)len) != 0)
			len = -EFAULT;
	}
	kfree(buffer);
	return len;
}

/* "mode=1777" among the options of a tmpfs; all others are accepted and mean nothing here. */
static uint32_t option_mode(const char *options, uint32_t mode)
{
	const char *at = strstr(options, "mode=");

	if (at == NULL || (at != options && at[-1] != ','))
		return mode;
	mode = 0;
	for (at += 5; *at >= '0' && *at <= '7'; at++)
		mode = mode << 3 | (uint32_t)(*at - '0');
	return mode & 07777;
}

static struct filesystem *filesystem_create(const char *type, const char *source,
                                            const char *options)
{
	if (strcmp(type, "proc") == 0)
		return procfs_create(source);
	if (strcmp(type, "sysfs") == 0)
		return sysfs_create(source);
	if (strcmp(type, "tmpfs") == 0)
		return ramfs_create("tmpfs", source, option_mode(options, ABI_S_ISVTX | 0777));
	if (strcmp(type, "ramfs") == 0)
		return ramfs_create("ramfs", source, option_mode(options, 0755));
	if (strcmp(type, "devtmpfs") == 0)
		return devfs_create(source);
	return err_ptr(-ENODEV);
}

struct mount_texts {
	char type[TYPE_BYTES];
	char source[64];
	char options[256];
};

/* An optional string argument, cut off where the buffer ends. */
static int copy_text(char *to, const void *user, size_t size)
{
	long len = 0;

	to[0] = 0;
	if (user != NULL)
		len = strncpy_from_user(to, user, size);
	if (len == -ENAMETOOLONG) {
		to[size - 1] = 0;
		len = 0;
	}
	return len < 0 ? (int)len : 0;
}

static long mount_new(struct inode *dir, const struct mount_texts *texts, unsigned long flags)
{
	struct filesystem *fs = filesystem_create(texts->type, texts->source, texts->options);
	int result;

	if (fs == NULL)
		return -ENOMEM;
	if (is_err(fs))
		return ptr_err(fs);
	fs->flags = (uint32_t)(flags & ABI_MS_RDONLY);
	result = filesystem_attach(fs, dir);
	if (result != 0) {
		fs->detached = true;
		inode_put(fs->root);
	}
	return result;
}

static long do_mount(struct inode *dir, const struct sys_args *args)
{
	unsigned long flags = args->arg[3];
	struct mount_texts texts;
	int result;

	if ((flags & ABI_MS_REMOUNT) != 0) {
		bool is_root = dir->fs != NULL && dir == dir->fs->root;

		if (!is_root)
			return -EINVAL;
		dir->fs->flags = (uint32_t)(flags & ABI_MS_RDONLY);
		return 0;
	}
	if ((flags & (ABI_MS_UNBINDABLE | ABI_MS_PRIVATE | ABI_MS_SLAVE | ABI_MS_SHARED)) != 0)
		return 0; /* there is one tree only */
	if ((flags & (ABI_MS_BIND | ABI_MS_MOVE)) != 0)
		return -EINVAL;
	result = copy_text(texts.type, SYS_PTR(args, 2), sizeof(texts.type));
	if (result == 0)
		result = copy_text(texts.source, SYS_PTR(args, 0), sizeof(texts.source));
	if (result == 0)
		result = copy_text(texts.options, SYS_PTR(args, 4), sizeof(texts.options));
	if (result != 0)
		return result;
	if (SYS_PTR(args, 2) == NULL)
		return -EINVAL;
	return mount_new(dir, &texts, flags);
}

long sys_mount(const struct sys_args *args)
{
	struct inode *dir;
	long result;

	dir = path_lookup_at(ABI_AT_FDCWD, SYS_PTR(args, 1), 0, false);
	if (is_err(dir))
		return ptr_err(dir);
	if (!cred_has(fs_cred(), ABI_CAP_SYS_ADMIN))
		result = -EPERM;
	else if (!ABI_S_ISDIR(dir->mode))
		result = -ENOTDIR;
	else
		result = do_mount(dir, args);
	inode_put(dir);
	return result;
}

/* Take a filesystem out of the tree. `root` has the caller's reference beside the mount's. */
static long unmount(struct inode *root, unsigned int flags)
{
	struct filesystem *fs = root->fs;
	struct inode *covered = root->covers;

	if (fs == NULL || fs->root != root || covered == NULL)
		return -EINVAL;
	if ((flags & ABI_MNT_DETACH) == 0 && (fs->busy > 1 || root->ref_count > 2))
		return -EBUSY;
	covered->mounted = NULL;
	root->covers = NULL;
	list_remove(&fs->node);
	fs->detached = true;
	filesystem_changed();
	inode_put(covered);
	inode_put(root);
	return 0;
}

long sys_umount2(const struct sys_args *args)
{
	unsigned int flags = SYS_UINT(args, 1);
	unsigned int path_flags = (flags & ABI_UMOUNT_NOFOLLOW) != 0 ? PATH_NOFOLLOW : 0;
	struct inode *root;
	long result;

	if ((flags & ~(ABI_MNT_FORCE | ABI_MNT_DETACH | ABI_UMOUNT_NOFOLLOW)) != 0)
		return -EINVAL;
	if (!cred_has(fs_cred(), ABI_CAP_SYS_ADMIN))
		return -EPERM;
	root = path_lookup_at(ABI_AT_FDCWD, SYS_PTR(args, 0), path_flags, false);
	if (is_err(root))
		return ptr_err(root);
	result = unmount(root, flags);
	inode_put(root);
	return result;
}

long sys_sync(const struct sys_args *args)
{
	(void)args;
	return 0;
}

static long check_syncable(int fd)
{
	struct file *file = fd_get_file(fd);
	long result = 0;

	if (file == NULL)
		return -EBADF;
	if ((file->flags & ABI_O_PATH) != 0)
		result = -EBADF;
	else if (!ABI_S_ISREG(file->inode->mode) && !ABI_S_ISDIR(file->inode->mode))
		result = -EINVAL;
	file_put(file);
	return result;
}

long sys_fsync(const struct sys_args *args)
{
	return check_syncable(SYS_INT(args, 0));
}

long sys_fdatasync(const struct sys_args *args)
{
	return check_syncable(SYS_INT(args, 0));
}

long sys_syncfs(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));

	long result;

	if (file == NULL)
		return -EBADF;
	result = (file->flags & ABI_O_PATH) != 0 ? -EBADF : 0;
	file_put(file);
	return result;
}

/* There is nothing to write out: only the arguments are looked at. */
static long check_sync_range(const struct file *file, int64_t offset, int64_t bytes,
                             unsigned int flags)
{
	uint32_t mode = file->inode->mode;

	if ((file->flags & ABI_O_PATH) != 0)
		return -EBADF;
	if ((flags & ~ABI_SYNC_FILE_RANGE_ALL) != 0 || offset < 0 || bytes < 0 ||
	    offset > INT64_MAX - bytes)
		return -EINVAL;
	if (!ABI_S_ISREG(mode) && !ABI_S_ISDIR(mode) && !ABI_S_ISLNK(mode) && !ABI_S_ISBLK(mode))
		return -ESPIPE;
	return 0;
}

long sys_sync_file_range(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result;

	if (file == NULL)
		return -EBADF;
	result = check_sync_range(file, SYS_LONG(args, 1), SYS_LONG(args, 2), SYS_UINT(args, 3));
	file_put(file);
	return result;
}

long sys_fadvise64(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result = 0;

	if (file == NULL)
		return -EBADF;
	if ((file->flags & ABI_O_PATH) != 0)
		result = -EBADF;
	else if (ABI_S_ISFIFO(file->inode->mode))
		result = -ESPIPE;
	else if (SYS_LONG(args, 2) < 0 || SYS_UINT(args, 3) > 5)
		result = -EINVAL;
	file_put(file);
	return result;
}

long sys_readahead(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result = 0;

	if (file == NULL || !file_readable(file))
		result = -EBADF;
	else if (!ABI_S_ISREG(file->inode->mode))
		result = -EINVAL;
	if (file != NULL)
		file_put(file);
	return result;
}
