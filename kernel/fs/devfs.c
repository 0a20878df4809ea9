/* SPDX-License-Identifier: MIT */
/*
 * Character devices: who serves which number, and the filesystem at /dev, which is a ramfs with a
 * node for each of them. A node made elsewhere with mknod() leads to the same device.
 */
#include "kernel/fs/internal.h"

struct chardev {
	struct list node;
	const char
	    *name; /* in /dev; NULL: it serves every minor number, and others make the nodes */
	uint32_t mode;
	uint64_t rdev;
	const struct file_ops *ops;
	void *private;
};

static struct list chardev_all = LIST_INIT(chardev_all);
static struct inode *devfs_root; /* of the instance at /dev */

static int devfs_add_node(struct inode *root, const struct chardev *device)
{
	return root->ops->create(root, device->name, strlen(device->name),
	                         ABI_S_IFCHR | device->mode, device->rdev, NULL);
}

int devfs_add(const char *name, uint32_t mode, uint64_t rdev, const struct file_ops *ops,
              void *private)
{
	struct chardev *device = kmalloc(sizeof(*device));

	if (device == NULL)
		return -ENOMEM;
	*device = (struct chardev){
	    .name = name, .mode = mode, .rdev = rdev, .ops = ops, .private = private};
	list_insert_before(&chardev_all, &device->node);
	return devfs_root != NULL && name != NULL ? devfs_add_node(devfs_root, device) : 0;
}

int devfs_add_major(unsigned int major, const struct file_ops *ops)
{
	return devfs_add(NULL, 0, abi_makedev(major, 0), ops, NULL);
}

static bool chardev_serves(const struct chardev *device, uint64_t rdev)
{
	if (device->name == NULL)
		return abi_dev_major(device->rdev) == abi_dev_major(rdev);
	return device->rdev == rdev;
}

int chardev_open(struct file *file)
{
	struct chardev *device;

	list_for_each_entry (device, &chardev_all, struct chardev, node) {
		if (chardev_serves(device, file->inode->rdev)) {
			file->ops = device->ops;
			file->private = device->private;
			return 0;
		}
	}
	return -ENXIO;
}

struct filesystem *devfs_create(const char *source)
{
	static const char *const links[][2] = {
	    {"fd", "/proc/self/fd"},
	    {"stdin", "/proc/self/fd/0"},
	    {"stdout", "/proc/self/fd/1"},
	    {"stderr", "/proc/self/fd/2"},
	};
	struct filesystem *fs = ramfs_create("devtmpfs", source, 0755);
	struct chardev *device;
	struct inode *root;
	int result = 0;

	if (fs == NULL)
		return NULL;
	root = fs->root;
	list_for_each_entry (device, &chardev_all, struct chardev, node) {
		if (device->name != NULL)
			result |= devfs_add_node(root, device);
	}
	for (size_t i = 0; i < ARRAY_COUNT(links); i++)
		result |= root->ops->symlink(root, links[i][0], strlen(links[i][0]), links[i][1]);
	result |= root->ops->create(root, "shm", 3, ABI_S_IFDIR | ABI_S_ISVTX | 0777, 0, NULL);
	if (result != 0) {
		fs->detached = true;
		inode_put(root);
		return NULL;
	}
	if (devfs_root == NULL)
		devfs_root = root;
	return fs;
}
