/* SPDX-License-Identifier: MIT */
/* System calls that make, remove and change names: mkdir, mknod, link, symlink, unlink, rmdir,
 * rename. */
#include "kernel/fs/internal.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"

/* A walk along a path of the running process. */
struct user_walk {
	struct walk walk;
	char *path;
};

/* user_walk_end() is due after success. */
static int user_walk_begin(struct user_walk *user, int dirfd, const void *user_path)
{
	struct inode *base;
	int result = path_copy_from_user(user_path, false, &user->path);

	if (result != 0)
		return result;
	result = path_base_of_fd(dirfd, user->path, &base);
	if (result == 0)
		result = walk_begin(&user->walk, base, user->path);
	if (base != NULL)
		inode_put(base);
	if (result != 0)
		kfree(user->path);
	return result;
}

static void user_walk_end(struct user_walk *user)
{
	walk_end(&user->walk);
	kfree(user->path);
}

/* May the last component be made: it is a name that is not there, in a directory that may be
 * written. */
static int check_new_name(struct walk *walk, bool is_directory)
{
	struct inode *there;

	if (walk->last != WALK_NAME)
		return -EEXIST;
	there = walk_lookup_last(walk);
	if (!is_err(there)) {
		inode_put(there);
		return -EEXIST;
	}
	if (ptr_err(there) != -ENOENT)
		return (int)ptr_err(there);
	if (walk->dir->ops->create == NULL || (walk->slash && !is_directory))
		return -ENOENT;
	return inode_permission(walk->dir, ABI_W_OK | ABI_X_OK);
}

/* May this name be removed from its directory. */
static int check_remove(struct walk *walk, struct inode *victim)
{
	int result = inode_permission(walk->dir, ABI_W_OK | ABI_X_OK);

	return result != 0 ? result : inode_check_sticky(walk->dir, victim);
}

static long do_mkdir(int dirfd, const void *path, uint32_t mode)
{
	struct user_walk user;
	struct walk *walk = &user.walk;
	long result = user_walk_begin(&user, dirfd, path);

	if (result != 0)
		return result;
	result = check_new_name(walk, true);
	if (result == 0) {
		mode &= (ABI_S_ISVTX | 0777) & ~fs_context_current()->umask;
		result = walk->dir->ops->create(walk->dir, walk->name, walk->len,
		                                ABI_S_IFDIR | mode, 0, NULL);
	}
	user_walk_end(&user);
	return result;
}

long sys_mkdir(const struct sys_args *args)
{
	return do_mkdir(ABI_AT_FDCWD, SYS_PTR(args, 0), SYS_UINT(args, 1));
}

long sys_mkdirat(const struct sys_args *args)
{
	return do_mkdir(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_UINT(args, 2));
}

static int check_node_type(uint32_t type, uint64_t rdev)
{
	switch (type) {
	case ABI_S_IFREG:
	case ABI_S_IFIFO:
	case ABI_S_IFSOCK:
		return 0;
	case ABI_S_IFCHR:
	case ABI_S_IFBLK:
		return cred_has(fs_cred(), ABI_CAP_MKNOD) || (type == ABI_S_IFCHR && rdev == 0)
		           ? 0
		           : -EPERM;
	case ABI_S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

static long do_mknod(int dirfd, const void *path, uint32_t mode, uint32_t user_rdev)
{
	uint32_t type = (mode & ABI_S_IFMT) != 0 ? mode & ABI_S_IFMT : ABI_S_IFREG;
	bool device = type == ABI_S_IFCHR || type == ABI_S_IFBLK;
	uint64_t rdev = device ? user_rdev : 0;
	struct user_walk user;
	struct walk *walk = &user.walk;
	long result;

	if (type != ABI_S_IFDIR && check_node_type(type, rdev) == -EINVAL)
		return -EINVAL;
	result = user_walk_begin(&user, dirfd, path);
	if (result != 0)
		return result;
	result = check_new_name(walk, false);
	if (result == 0)
		result = check_node_type(type, rdev);
	if (result == 0) {
		mode &= 07777 & ~fs_context_current()->umask;
		result = walk->dir->ops->create(walk->dir, walk->name, walk->len, type | mode, rdev,
		                                NULL);
	}
	user_walk_end(&user);
	return result;
}

long sys_mknod(const struct sys_args *args)
{
	return do_mknod(ABI_AT_FDCWD, SYS_PTR(args, 0), SYS_UINT(args, 1), SYS_UINT(args, 2));
}

long sys_mknodat(const struct sys_args *args)
{
	return do_mknod(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_UINT(args, 2), SYS_UINT(args, 3));
}

static long do_symlink(const void *user_target, int dirfd, const void *path)
{
	struct user_walk user;
	struct walk *walk = &user.walk;
	char *target;
	long result = path_copy_from_user(user_target, false, &target);

	if (result != 0)
		return result;
	result = user_walk_begin(&user, dirfd, path);
	if (result == 0) {
		result = check_new_name(walk, false);
		if (result == 0)
			result = walk->dir->ops->symlink(walk->dir, walk->name, walk->len, target);
		user_walk_end(&user);
	}
	kfree(target);
	return result;
}

long sys_symlink(const struct sys_args *args)
{
	return do_symlink(SYS_PTR(args, 0), ABI_AT_FDCWD, SYS_PTR(args, 1));
}

long sys_symlinkat(const struct sys_args *args)
{
	return do_symlink(SYS_PTR(args, 0), SYS_INT(args, 1), SYS_PTR(args, 2));
}

static long link_inode(struct inode *target, int dirfd, const void *path)
{
	struct user_walk user;
	struct walk *walk = &user.walk;
	long result = user_walk_begin(&user, dirfd, path);

	if (result != 0)
		return result;
	result = check_new_name(walk, false);
	if (result == 0 && target->fs != walk->dir->fs)
		result = -EXDEV;
	if (result == 0 && ABI_S_ISDIR(target->mode))
		result = -EPERM;
	if (result == 0)
		result = walk->dir->ops->link(walk->dir, walk->name, walk->len, target);
	user_walk_end(&user);
	return result;
}

static long do_link(int from_dirfd, const void *from, int to_dirfd, const void *to,
                    unsigned int flags)
{
	unsigned int path_flags = (flags & ABI_AT_SYMLINK_FOLLOW) != 0 ? 0 : PATH_NOFOLLOW;
	struct inode *target;
	long result;

	if ((flags & ~(ABI_AT_SYMLINK_FOLLOW | ABI_AT_EMPTY_PATH)) != 0)
		return -EINVAL;
	/* A descriptor may have come from somebody who could reach the file. */
	if ((flags & ABI_AT_EMPTY_PATH) != 0 && !cred_has(fs_cred(), ABI_CAP_DAC_READ_SEARCH))
		return -ENOENT;
	target = path_lookup_at(from_dirfd, from, path_flags, (flags & ABI_AT_EMPTY_PATH) != 0);
	if (is_err(target))
		return ptr_err(target);
	result = link_inode(target, to_dirfd, to);
	inode_put(target);
	return result;
}

long sys_link(const struct sys_args *args)
{
	return do_link(ABI_AT_FDCWD, SYS_PTR(args, 0), ABI_AT_FDCWD, SYS_PTR(args, 1), 0);
}

long sys_linkat(const struct sys_args *args)
{
	return do_link(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_INT(args, 2), SYS_PTR(args, 3),
	               SYS_UINT(args, 4));
}

static int unlink_last(struct walk *walk)
{
	struct inode *victim;
	int result;

	if (walk->last != WALK_NAME)
		return -EISDIR;
	victim = walk_lookup_last(walk);
	if (is_err(victim))
		return (int)ptr_err(victim);
	if (walk->slash)
		result = ABI_S_ISDIR(victim->mode) ? -EISDIR : -ENOTDIR;
	else
		result = check_remove(walk, victim);
	if (result == 0 && ABI_S_ISDIR(victim->mode))
		result = -EISDIR;
	if (result == 0 && walk->dir->ops->unlink == NULL)
		result = -EPERM;
	if (result == 0)
		result = walk->dir->ops->unlink(walk->dir, walk->name, walk->len);
	inode_put(victim);
	return result;
}

static int rmdir_last(struct walk *walk)
{
	struct inode *victim;
	int result;

	if (walk->last == WALK_DOT)
		return -EINVAL;
	if (walk->last == WALK_DOTDOT)
		return -ENOTEMPTY;
	if (walk->last == WALK_ROOT)
		return -EBUSY;
	victim = walk_lookup_last(walk);
	if (is_err(victim))
		return (int)ptr_err(victim);
	result = check_remove(walk, victim);
	if (result == 0 && !ABI_S_ISDIR(victim->mode))
		result = -ENOTDIR;
	if (result == 0 && (victim->covers != NULL || victim == fs_context_current()->root))
		result = -EBUSY;
	if (result == 0 && walk->dir->ops->rmdir == NULL)
		result = -EPERM;
	if (result == 0)
		result = walk->dir->ops->rmdir(walk->dir, walk->name, walk->len);
	inode_put(victim);
	return result;
}

static long remove_at(int dirfd, const void *path, int (*remove)(struct walk *walk))
{
	struct user_walk user;
	long result = user_walk_begin(&user, dirfd, path);

	if (result != 0)
		return result;
	result = remove(&user.walk);
	user_walk_end(&user);
	return result;
}

long sys_unlink(const struct sys_args *args)
{
	return remove_at(ABI_AT_FDCWD, SYS_PTR(args, 0), unlink_last);
}

long sys_rmdir(const struct sys_args *args)
{
	return remove_at(ABI_AT_FDCWD, SYS_PTR(args, 0), rmdir_last);
}

int path_remove(const char *path)
{
	struct walk walk;
	int result = walk_begin(&walk, NULL, path);

	if (result != 0)
		return result;
	result = unlink_last(&walk);
	walk_end(&walk);
	return result;
}

long sys_unlinkat(const struct sys_args *args)
{
	unsigned int flags = SYS_UINT(args, 2);

	if ((flags & ~ABI_AT_REMOVEDIR) != 0)
		return -EINVAL;
	return remove_at(SYS_INT(args, 0), SYS_PTR(args, 1),
	                 (flags & ABI_AT_REMOVEDIR) != 0 ? rmdir_last : unlink_last);
}

/* Is `dir` the directory `above` or below it; within one filesystem. */
static bool directory_is_within(struct inode *dir, const struct inode *above)
{
	while (dir != NULL && dir != above)
		dir = dir->parent;
	return dir != NULL;
}

/* Both inodes of a rename. `target` is NULL when the new name is free. */
struct rename {
	struct walk *from, *to;
	struct inode *source, *target;
	unsigned int flags;
};

/* The slashes behind names say that these are directories, and no directory may move below itself.
 */
static int rename_check_shape(const struct rename *rename)
{
	bool exchange = (rename->flags & ABI_RENAME_EXCHANGE) != 0;

	if (!ABI_S_ISDIR(rename->source->mode) &&
	    (rename->from->slash || (!exchange && rename->to->slash)))
		return -ENOTDIR;
	if (exchange && rename->to->slash && !ABI_S_ISDIR(rename->target->mode))
		return -ENOTDIR;
	if (ABI_S_ISDIR(rename->source->mode) &&
	    directory_is_within(rename->to->dir, rename->source))
		return -EINVAL;
	if (rename->target != NULL && ABI_S_ISDIR(rename->target->mode) &&
	    directory_is_within(rename->from->dir, rename->target))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* Moving a directory to another parent changes its "..". */
static int rename_check_dotdot(const struct rename *rename, struct inode *moved)
{
	if (!ABI_S_ISDIR(moved->mode) || rename->from->dir == rename->to->dir)
		return 0;
	return inode_permission(moved, ABI_W_OK);
}

/* A name that the rename takes away: it may be removed, and a directory replaces directories only.
 */
static int rename_check_target(const struct rename *rename)
{
	bool from_dir = ABI_S_ISDIR(rename->source->mode),
	     to_dir = ABI_S_ISDIR(rename->target->mode);
	int result = check_remove(rename->to, rename->target);

	if (result != 0 || (rename->flags & ABI_RENAME_EXCHANGE) != 0 || from_dir == to_dir)
		return result;
	return from_dir ? -ENOTDIR : -EISDIR;
}

static int rename_check_rights(const struct rename *rename)
{
	int result = check_remove(rename->from, rename->source);

	if (result == 0 && rename->target != NULL)
		result = rename_check_target(rename);
	else if (result == 0)
		result = inode_permission(rename->to->dir, ABI_W_OK | ABI_X_OK);
	if (result == 0)
		result = rename_check_dotdot(rename, rename->source);
	if (result == 0 && (rename->flags & ABI_RENAME_EXCHANGE) != 0)
		result = rename_check_dotdot(rename, rename->target);
	return result;
}

static bool is_mount_or_root(const struct inode *inode)
{
	return inode != NULL && (inode->covers != NULL || inode == fs_context_current()->root);
}

static int rename_inodes(const struct rename *rename)
{
	struct walk *from = rename->from, *to = rename->to;
	int result;

	if (rename->target != NULL && (rename->flags & ABI_RENAME_NOREPLACE) != 0)
		return -EEXIST;
	if (rename->target == NULL && (rename->flags & ABI_RENAME_EXCHANGE) != 0)
		return -ENOENT;
	result = rename_check_shape(rename);
	if (result != 0)
		return result;
	if (rename->source == rename->target)
		return 0;
	result = rename_check_rights(rename);
	if (result != 0)
		return result;
	if (is_mount_or_root(rename->source) || is_mount_or_root(rename->target))
		return -EBUSY;
	if (from->dir->ops->rename == NULL)
		return -EPERM;
	return from->dir->ops->rename(from->dir, from->name, from->len, to->dir, to->name, to->len,
	                              rename->flags);
}

static int rename_walked(struct walk *from, struct walk *to, unsigned int flags)
{
	struct rename rename = {.from = from, .to = to, .flags = flags};
	int result;

	if (from->dir->fs != to->dir->fs)
		return -EXDEV;
	if (from->last != WALK_NAME)
		return -EBUSY;
	if (to->last != WALK_NAME)
		return (flags & ABI_RENAME_NOREPLACE) != 0 ? -EEXIST : -EBUSY;
	rename.source = walk_lookup_last(from);
	if (is_err(rename.source))
		return (int)ptr_err(rename.source);
	rename.target = walk_lookup_last(to);
	if (is_err(rename.target) && ptr_err(rename.target) != -ENOENT) {
		result = (int)ptr_err(rename.target);
	} else {
		if (is_err(rename.target))
			rename.target = NULL;
		result = rename_inodes(&rename);
		if (rename.target != NULL)
			inode_put(rename.target);
	}
	inode_put(rename.source);
	return result;
}

static long do_rename(int from_dirfd, const void *from_path, int to_dirfd, const void *to_path,
                      unsigned int flags)
{
	struct user_walk from, to;
	long result;

	if ((flags & ~(ABI_RENAME_NOREPLACE | ABI_RENAME_EXCHANGE)) != 0 ||
	    flags == (ABI_RENAME_NOREPLACE | ABI_RENAME_EXCHANGE))
		return -EINVAL;
	result = user_walk_begin(&from, from_dirfd, from_path);
	if (result != 0)
		return result;
	result = user_walk_begin(&to, to_dirfd, to_path);
	if (result == 0) {
		result = rename_walked(&from.walk, &to.walk, flags);
		user_walk_end(&to);
	}
	user_walk_end(&from);
	return result;
}

long sys_rename(const struct sys_args *args)
{
	return do_rename(ABI_AT_FDCWD, SYS_PTR(args, 0), ABI_AT_FDCWD, SYS_PTR(args, 1), 0);
}

long sys_renameat(const struct sys_args *args)
{
	return do_rename(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_INT(args, 2), SYS_PTR(args, 3), 0);
}

long sys_renameat2(const struct sys_args *args)
{
	return do_rename(SYS_INT(args, 0), SYS_PTR(args, 1), SYS_INT(args, 2), SYS_PTR(args, 3),
	                 SYS_UINT(args, 4));
}
