/* SPDX-License-Identifier: MIT */
/*
 * The tree as a whole: mounted filesystems, the places of processes in it, and what boot puts
 * there.
 */
#include "kernel/fs/internal.h"
#include "kernel/task/task.h"

struct list filesystem_all = LIST_INIT(filesystem_all);
uint64_t filesystem_changes;
struct wait_queue filesystem_change_wait = {LIST_INIT(filesystem_change_wait.waiters)};

static struct fs_context boot_context = {.ref_count = 1, .umask = 022};
/* Minor numbers of major 0, as filesystems without a block device have them. */
static uint32_t next_minor = 20;

struct filesystem *filesystem_alloc(const char *type, const char *source, int64_t magic)
{
	struct filesystem *fs = kzalloc(sizeof(*fs));

	if (fs == NULL)
		return NULL;
	fs->type = type;
	str_copy(fs->source, source, sizeof(fs->source));
	fs->magic = magic;
	fs->dev = abi_makedev(0, next_minor++);
	list_init(&fs->node);
	return fs;
}

int filesystem_attach(struct filesystem *fs, struct inode *directory)
{
	if (directory->mounted != NULL || fs->root->covers != NULL)
		return -EBUSY;
	inode_get(directory);
	directory->mounted = fs->root;
	fs->root->covers = directory;
	list_insert_before(&filesystem_all, &fs->node);
	filesystem_changed();
	return 0;
}

void filesystem_changed(void)
{
	filesystem_changes++;
	wait_wake_all(&filesystem_change_wait);
}

struct inode *vfs_root(void)
{
	return boot_context.root;
}

struct fs_context *fs_context_current(void)
{
	struct task *task = current();

	return task != NULL && task->fs != NULL ? task->fs : &boot_context;
}

struct fs_context *fs_context_create(void)
{
	return fs_context_copy(&boot_context);
}

struct fs_context *fs_context_copy(struct fs_context *source)
{
	struct fs_context *context = kmalloc(sizeof(*context));

	if (context == NULL)
		return NULL;
	*context = *source;
	context->ref_count = 1;
	inode_get(context->root);
	inode_get(context->cwd);
	return context;
}

void fs_context_get(struct fs_context *context)
{
	context->ref_count++;
}

void fs_context_put(struct fs_context *context)
{
	if (--context->ref_count > 0)
		return;
	inode_put(context->root);
	inode_put(context->cwd);
	kfree(context);
}

/* The directory at a path below the root, made if it is missing. */
static struct inode *boot_directory(const char *name, uint32_t mode)
{
	struct inode *root = boot_context.root, *dir;

	dir = root->ops->lookup(root, name, strlen(name));
	if (!is_err(dir))
		return dir;
	if (root->ops->create(root, name, strlen(name), ABI_S_IFDIR | mode, 0, &dir) != 0)
		return NULL;
	return dir;
}

static void boot_mount(struct filesystem *fs, const char *name)
{
	struct inode *dir = boot_directory(name, 0755);

	if (fs == NULL || dir == NULL || filesystem_attach(fs, dir) != 0)
		panic("no memory for the filesystem at /%s", name);
	inode_put(dir);
}

static void boot_root(struct filesystem *root)
{
	if (root == NULL) {
		panic("no memory for the root filesystem");
	} else {
		list_insert_before(&filesystem_all, &root->node);
		boot_context.root = boot_context.cwd = root->root;
		inode_get(root->root);
		inode_get(root->root);
	}
}

void vfs_init(void)
{
	struct inode *tmp;

	boot_root(ramfs_create("tmpfs", "root", 0755));
	if (memdev_init() != 0)
		panic("no memory for the devices");
	boot_mount(devfs_create("dev"), "dev");
	boot_mount(procfs_create("proc"), "proc");
	boot_mount(sysfs_create("sysfs"), "sys");
	tmp = boot_directory("tmp", ABI_S_ISVTX | 0777);
	if (tmp == NULL)
		panic("no memory for /tmp");
	inode_put(tmp);
}
