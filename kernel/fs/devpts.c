/* SPDX-License-Identifier: MIT */
/*
 * The filesystem at /dev/pts: a ramfs in which only the kernel makes and removes names, one for the
 * slave of each pseudo-terminal.
 */
#include "kernel/fs/internal.h"

#define DEVPTS_MAGIC 0x1cd1
#define TTY_GROUP    5u /* of the usual distributions: who may write to terminals */

static struct inode *devpts_root;
static const struct inode_ops *ramfs_ops; /* of the directory, with which names are made */
static struct inode_ops root_ops;         /* what others may do with it */

/* What programs hear who want to make something here. */
static int refuse_create(struct inode *dir, const char *name, size_t len, uint32_t mode,
                         uint64_t rdev, struct inode **out)
{
	(void)dir;
	(void)name;
	(void)len;
	(void)rdev;
	(void)out;
	return ABI_S_ISREG(mode) ? -EACCES : -EPERM;
}

static int refuse_link(struct inode *dir, const char *name, size_t len, struct inode *target)
{
	(void)dir;
	(void)name;
	(void)len;
	(void)target;
	return -EPERM;
}

static int refuse_symlink(struct inode *dir, const char *name, size_t len, const char *target)
{
	(void)dir;
	(void)name;
	(void)len;
	(void)target;
	return -EPERM;
}

static int devpts_mount(struct filesystem *fs)
{
	struct inode *dev = path_lookup(NULL, "/dev", PATH_DIRECTORY), *dir;
	int result;

	if (is_err(dev))
		return (int)ptr_err(dev);
	result = dev->ops->create(dev, "pts", 3, ABI_S_IFDIR | 0755, 0, &dir);
	inode_put(dev);
	if (result != 0)
		return result;
	result = filesystem_attach(fs, dir);
	inode_put(dir);
	return result;
}

int devpts_init(void)
{
	struct filesystem *fs = ramfs_create("devpts", "devpts", 0755);

	if (fs == NULL)
		return -ENOMEM;
	fs->magic = DEVPTS_MAGIC;
	devpts_root = fs->root;
	ramfs_ops = devpts_root->ops;
	root_ops = (struct inode_ops){.lookup = ramfs_ops->lookup,
	                              .create = refuse_create,
	                              .link = refuse_link,
	                              .symlink = refuse_symlink,
	                              .name_of = ramfs_ops->name_of,
	                              .destroy = ramfs_ops->destroy};
	devpts_root->ops = &root_ops;
	return devpts_mount(fs);
}

struct inode *devpts_add(unsigned int index, uint64_t rdev)
{
	struct inode *inode;
	char name[12];
	size_t len = (size_t)fmt_print(name, sizeof(name), "%u", index);
	int result = ramfs_ops->create(devpts_root, name, len, ABI_S_IFCHR | 0620, rdev, &inode);

	if (result != 0)
		return err_ptr(result);
	inode->gid = TTY_GROUP;
	return inode;
}

void devpts_remove(unsigned int index)
{
	char name[12];
	size_t len = (size_t)fmt_print(name, sizeof(name), "%u", index);

	ramfs_ops->unlink(devpts_root, name, len);
}
