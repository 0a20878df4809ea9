/* SPDX-License-Identifier: MIT */
/*
 * System calls of extended attributes. Files in memory have those of user., trusted. and security.,
 * the first as tmpfs has them since Linux 6.6; other filesystems have none. Access lists (system.)
 * and rights of programs (security.capability) would have to act, so they are refused.
 */
#include "kernel/fs/ramfs.h"
#include "kernel/fs/xattr.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"

#define NAME_MAX_BYTES  256u /* with the NUL */
#define VALUE_MAX_BYTES 65536u

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* A name that some namespace of this filesystem has. */
static int check_name(struct inode *inode, const char *name)
{
	static const char *const prefixes[] = {"user.", "trusted.", "security."};

	if (ramfs_attributes(inode) == NULL || strcmp(name, "security.capability") == 0)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++) {
		if (has_prefix(name, prefixes[i]))
			return name[strlen(prefixes[i])] != 0 ? 0 : -EINVAL;
	}
	return -EOPNOTSUPP;
}

/* May the running process read or write the attribute: by its namespace. */
static int check_rights(struct inode *inode, const char *name, bool write)
{
	bool root = cred_has(fs_cred(), ABI_CAP_SYS_ADMIN);
	int refused = write ? -EPERM : -ENODATA;

	if (has_prefix(name, "security."))
		return root || !write ? 0 : -EPERM;
	if (has_prefix(name, "system."))
		return 0;
	if (has_prefix(name, "trusted."))
		return root ? 0 : refused;
	if (has_prefix(name, "user.")) {
		if (!ABI_S_ISREG(inode->mode) && !ABI_S_ISDIR(inode->mode))
			return refused;
		if (write && ABI_S_ISDIR(inode->mode) && (inode->mode & ABI_S_ISVTX) != 0 &&
		    !inode_owned(inode))
			return -EPERM;
	}
	return inode_permission(inode, write ? ABI_W_OK : ABI_R_OK);
}

static int check_access(struct inode *inode, const char *name, bool write)
{
	int result = write ? inode_check_writable(inode) : 0;

	if (result == 0)
		result = check_rights(inode, name, write);
	return result != 0 ? result : check_name(inode, name);
}

static int copy_name(char name[NAME_MAX_BYTES], const void *user)
{
	long len = strncpy_from_user(name, user, NAME_MAX_BYTES);

	if (len == 0 || len == -ENAMETOOLONG)
		return -ERANGE;
	return len < 0 ? (int)len : 0;
}

/* The calls' arguments behind the file: name, value or names, size, flags. */
static long set_attribute(struct inode *inode, const uint64_t *args)
{
	size_t size = args[2];
	char name[NAME_MAX_BYTES];
	void *value;
	long result;

	if ((args[3] & ~(uint64_t)(ABI_XATTR_CREATE | ABI_XATTR_REPLACE)) != 0)
		return -EINVAL;
	result = copy_name(name, (const void *)args[0]);
	if (result != 0)
		return result;
	if (size > VALUE_MAX_BYTES)
		return -E2BIG;
	value = kmalloc(MAX(size, (size_t)1));
	if (value == NULL)
		return -ENOMEM;
	result = size > 0 ? copy_from_user(value, (const void *)args[1], size) : 0;
	if (result == 0)
		result = check_access(inode, name, true);
	if (result == 0)
		result =
		    xattr_set(ramfs_attributes(inode), name, value, size, (unsigned int)args[3]);
	if (result == 0)
		inode_touch_ctime(inode);
	kfree(value);
	return result;
}

/* Have `get` fill a buffer of the size that the program has, and hand it over. */
static long give_out(void *user, size_t size, size_t size_max,
                     long (*get)(void *arg, void *buffer, size_t size), void *arg)
{
	size_t room = MIN(size, size_max);
	void *buffer = room > 0 ? kmalloc(room) : NULL;
	long result;

	if (room > 0 && buffer == NULL)
		return -ENOMEM;
	result = get(arg, buffer, room);
	if (result > 0 && room > 0 && copy_to_user(user, buffer, (size_t)result) != 0)
		result = -EFAULT;
	kfree(buffer);
	return result;
}

struct attribute {
	struct inode *inode;
	const char *name;
};

static long get_value(void *arg, void *buffer, size_t size)
{
	const struct attribute *of = arg;

	return xattr_get(*ramfs_attributes(of->inode), of->name, buffer, size);
}

static long get_attribute(struct inode *inode, const uint64_t *args)
{
	char name[NAME_MAX_BYTES];
	struct attribute of = {inode, name};
	long result = copy_name(name, (const void *)args[0]);

	if (result == 0)
		result = check_access(inode, name, false);
	if (result != 0)
		return result;
	return give_out((void *)args[1], args[2], VALUE_MAX_BYTES, get_value, &of);
}

static long get_names(void *arg, void *buffer, size_t size)
{
	return xattr_list(*ramfs_attributes(arg), cred_has(fs_cred(), ABI_CAP_SYS_ADMIN), buffer,
	                  size);
}

static long list_attributes(struct inode *inode, const uint64_t *args)
{
	if (ramfs_attributes(inode) == NULL)
		return 0;
	return give_out((void *)args[0], args[1], VALUE_MAX_BYTES, get_names, inode);
}

static long remove_attribute(struct inode *inode, const uint64_t *args)
{
	char name[NAME_MAX_BYTES];
	long result = copy_name(name, (const void *)args[0]);

	if (result == 0)
		result = check_access(inode, name, true);
	if (result == 0)
		result = xattr_remove(ramfs_attributes(inode), name);
	if (result == 0)
		inode_touch_ctime(inode);
	return result;
}

typedef long attribute_call(struct inode *inode, const uint64_t *args);

static long call_at(const struct sys_args *args, unsigned int path_flags, attribute_call *call)
{
	struct inode *inode = path_lookup_at(ABI_AT_FDCWD, SYS_PTR(args, 0), path_flags, false);
	long result;

	if (is_err(inode))
		return ptr_err(inode);
	result = call(inode, &args->arg[1]);
	inode_put(inode);
	return result;
}

static long call_of_fd(const struct sys_args *args, attribute_call *call)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	long result = -EBADF;

	if (file == NULL)
		return -EBADF;
	if ((file->flags & ABI_O_PATH) == 0)
		result = call(file->inode, &args->arg[1]);
	file_put(file);
	return result;
}

#define ATTRIBUTE_CALLS(name, call)                        \
	long sys_##name(const struct sys_args *args)       \
	{                                                  \
		return call_at(args, 0, call);             \
	}                                                  \
	long sys_l##name(const struct sys_args *args)      \
	{                                                  \
		return call_at(args, PATH_NOFOLLOW, call); \
	}                                                  \
	long sys_f##name(const struct sys_args *args)      \
	{                                                  \
		return call_of_fd(args, call);             \
	}

ATTRIBUTE_CALLS(getxattr, get_attribute)
ATTRIBUTE_CALLS(setxattr, set_attribute)
ATTRIBUTE_CALLS(removexattr, remove_attribute)
ATTRIBUTE_CALLS(listxattr, list_attributes)
