/* SPDX-License-Identifier: MIT */
/*
 * Unpacking the ramdisk's archives into the tree, at boot. What is there already gives way, except
 * directories, which take the archive's attributes; names that are hard links in the archive are
 * hard links here. The data is copied; what has been copied is handed back piece by piece, so that
 * archive and files together need little more memory than the larger of the two.
 */
#include "kernel/fs/cpio.h"
#include "kernel/fs/internal.h"

#define TIMES_NAME   ".pinfold-times" /* ramdisk_times.c */
#define LINK_BUCKETS 64
#define PIECE_BYTES  (16 * PAGE_BYTES) /* copied at a time, and handed back */

/* A file of the archive with more than one name, and where its first one went. */
struct unpacked_link {
	struct unpacked_link *next;
	uint32_t ino, dev_major, dev_minor;
	struct inode *inode;
};

/* A directory's time, which each name that is made in it would change again. */
struct unpacked_dir {
	struct unpacked_dir *next;
	struct inode *inode;
	int64_t mtime_ns;
};

struct unpack {
	struct unpacked_dir *dirs;
	struct unpacked_link *links[LINK_BUCKETS];
	const uint8_t *archive;
	size_t used_bytes; /* that the archive's owner knows of */
	void (*used)(size_t bytes);
	const char *problem; /* set with an error */
	char name[ABI_PATH_MAX];
	char problem_name[80];
};

/* The archive's name without leading "/" and "./" and slashes at the end. -EINVAL if it leads
 * upwards. */
static int name_normalize(struct unpack *unpack, const struct cpio_entry *entry)
{
	const char *name = entry->name;
	size_t len;

	while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
		name++;
	if (strcmp(name, ".") == 0)
		name++;
	str_copy(unpack->name, name, sizeof(unpack->name));
	for (len = strlen(unpack->name); len > 0 && unpack->name[len - 1] == '/'; len--)
		unpack->name[len - 1] = 0;
	for (const char *at = unpack->name; at != NULL; at = strchr(at, '/')) {
		at += at[0] == '/';
		if (at[0] == '.' && at[1] == '.' && (at[2] == 0 || at[2] == '/'))
			return -EINVAL;
	}
	return 0;
}

/* Below /proc nothing can be made. */
static int make_node(struct walk *walk, uint32_t mode, uint64_t rdev, struct inode **out)
{
	if (walk->dir->ops->create == NULL)
		return -EPERM;
	return walk->dir->ops->create(walk->dir, walk->name, walk->len, mode, rdev, out);
}

/* Make the directories above the name that the archive has not brought. */
static int make_parents(char *name)
{
	for (char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		struct inode *dir;
		struct walk walk;
		int result = 0;

		*slash = 0;
		dir = path_lookup(vfs_root(), name, 0);
		if (!is_err(dir)) {
			inode_put(dir);
		} else {
			result = walk_begin(&walk, vfs_root(), name);
			if (result == 0) {
				result = make_node(&walk, ABI_S_IFDIR | 0755, 0, NULL);
				walk_end(&walk);
			}
		}
		*slash = '/';
		if (result != 0)
			return result;
	}
	return 0;
}

int path_make_directories(const char *path)
{
	char *name = kmalloc(strlen(path) + 2);
	int result;

	if (name == NULL)
		return -ENOMEM;
	while (path[0] == '/')
		path++;
	str_copy(name, path, strlen(path) + 1);
	name[strlen(path)] = '/';
	name[strlen(path) + 1] = 0;
	result = make_parents(name);
	kfree(name);
	return result;
}

static void set_attributes(struct inode *inode, const struct cpio_entry *entry)
{
	inode->mode = (inode->mode & ABI_S_IFMT) | (entry->mode & 07777);
	inode->uid = entry->uid;
	inode->gid = entry->gid;
	inode->mtime_ns = (int64_t)(entry->mtime * NS_PER_SEC);
}

/* The archive up to `at` is not looked at again. */
static void hand_back(struct unpack *unpack, const void *at)
{
	size_t bytes = (size_t)((const uint8_t *)at - unpack->archive);

	if (unpack->used == NULL || bytes - unpack->used_bytes < PIECE_BYTES)
		return;
	unpack->used_bytes = bytes;
	unpack->used(bytes);
}

/* Give the directories their times, and forget them. */
static void settle_dirs(struct unpack *unpack)
{
	while (unpack->dirs != NULL) {
		struct unpacked_dir *dir = unpack->dirs;

		unpack->dirs = dir->next;
		dir->inode->mtime_ns = dir->mtime_ns;
		inode_put(dir->inode);
		kfree(dir);
	}
}

static int set_dir_attributes(struct unpack *unpack, struct inode *inode,
                              const struct cpio_entry *entry)
{
	struct unpacked_dir *dir = kmalloc(sizeof(*dir));

	if (dir == NULL)
		return -ENOMEM;
	set_attributes(inode, entry);
	inode_get(inode);
	*dir = (struct unpacked_dir){unpack->dirs, inode, inode->mtime_ns};
	unpack->dirs = dir;
	return 0;
}

static int write_data(struct unpack *unpack, struct inode *inode, const struct cpio_entry *entry)
{
	struct file *file = file_open_inode(inode, ABI_O_WRONLY);
	uint64_t pos = 0;
	int result = 0;

	if (is_err(file))
		return (int)ptr_err(file);
	while (result == 0 && pos < entry->bytes) {
		size_t want = MIN(entry->bytes - (size_t)pos, PIECE_BYTES);
		long done = file_write_kernel(file, entry->data + pos, want, &pos);

		if (done < 0)
			result = (int)done;
		else if ((size_t)done < want)
			result = -ENOSPC;
		else
			hand_back(unpack, entry->data + pos);
	}
	file_put(file);
	return result;
}

static struct unpacked_link **link_bucket(struct unpack *unpack, const struct cpio_entry *entry)
{
	struct unpacked_link **at = &unpack->links[entry->ino % LINK_BUCKETS];

	while (*at != NULL && ((*at)->ino != entry->ino || (*at)->dev_major != entry->dev_major ||
	                       (*at)->dev_minor != entry->dev_minor))
		at = &(*at)->next;
	return at;
}

static int remember_link(struct unpacked_link **bucket, const struct cpio_entry *entry,
                         struct inode *inode)
{
	struct unpacked_link *link = kmalloc(sizeof(*link));

	if (link == NULL)
		return -ENOMEM;
	inode_get(inode);
	*link = (struct unpacked_link){.ino = entry->ino,
	                               .dev_major = entry->dev_major,
	                               .dev_minor = entry->dev_minor,
	                               .inode = inode};
	*bucket = link;
	return 0;
}

static int make_symlink(struct walk *walk, const struct cpio_entry *entry)
{
	struct inode *inode;
	char *target;
	int result;

	if (entry->bytes == 0 || entry->bytes >= ABI_PATH_MAX)
		return -ENAMETOOLONG;
	target = kmalloc(entry->bytes + 1);
	if (target == NULL)
		return -ENOMEM;
	memcpy(target, entry->data, entry->bytes);
	target[entry->bytes] = 0;
	result = walk->dir->ops->symlink(walk->dir, walk->name, walk->len, target);
	kfree(target);
	if (result != 0)
		return result;
	inode = walk->dir->ops->lookup(walk->dir, walk->name, walk->len);
	if (is_err(inode))
		return (int)ptr_err(inode);
	set_attributes(inode, entry);
	inode_put(inode);
	return 0;
}

/* Anything but a directory or a symbolic link. */
static int make_file(struct unpack *unpack, struct walk *walk, const struct cpio_entry *entry)
{
	struct unpacked_link **bucket = NULL;
	struct inode *inode;
	int result;

	if (entry->link_count > 1)
		bucket = link_bucket(unpack, entry);
	if (bucket != NULL && *bucket != NULL) {
		inode = (*bucket)->inode;
		inode_get(inode);
		result = walk->dir->ops->link(walk->dir, walk->name, walk->len, inode);
	} else {
		result = make_node(walk, entry->mode & (ABI_S_IFMT | 07777),
		                   abi_makedev(entry->rdev_major, entry->rdev_minor), &inode);
		if (result != 0)
			return result;
		if (bucket != NULL)
			result = remember_link(bucket, entry, inode);
	}
	if (result == 0 && ABI_S_ISREG(inode->mode) && entry->bytes > 0)
		result = write_data(unpack, inode, entry);
	if (result == 0)
		set_attributes(inode, entry);
	inode_put(inode);
	return result;
}

/* Make way for the entry: 0, or 1 when it is a directory that is there already. */
static int clear_way(struct unpack *unpack, struct walk *walk, const struct cpio_entry *entry)
{
	struct inode *there = walk->dir->ops->lookup(walk->dir, walk->name, walk->len);
	int result = 0;

	if (is_err(there))
		return 0;
	if (!ABI_S_ISDIR(there->mode)) {
		result = walk->dir->ops->unlink(walk->dir, walk->name, walk->len);
	} else if (!ABI_S_ISDIR(entry->mode)) {
		result = -EISDIR;
	} else {
		result = set_dir_attributes(unpack, there, entry);
		result = result == 0 ? 1 : result;
	}
	inode_put(there);
	return result;
}

static int make_directory(struct unpack *unpack, struct walk *walk, const struct cpio_entry *entry)
{
	struct inode *inode;
	int result = make_node(walk, ABI_S_IFDIR | (entry->mode & 07777), 0, &inode);

	if (result != 0)
		return result;
	result = set_dir_attributes(unpack, inode, entry);
	inode_put(inode);
	return result;
}

static int unpack_named(struct unpack *unpack, const struct cpio_entry *entry)
{
	struct walk walk;
	int result = make_parents(unpack->name);

	if (result == 0)
		result = walk_begin(&walk, vfs_root(), unpack->name);
	if (result != 0)
		return result;
	if (walk.dir->ops->create == NULL)
		result = -EPERM;
	else if (walk.last != WALK_NAME)
		result = -EINVAL;
	else
		result = clear_way(unpack, &walk, entry);
	if (result == 0) {
		if (ABI_S_ISDIR(entry->mode))
			result = make_directory(unpack, &walk, entry);
		else if (ABI_S_ISLNK(entry->mode))
			result = make_symlink(&walk, entry);
		else
			result = make_file(unpack, &walk, entry);
	}
	walk_end(&walk);
	return MIN(result, 0);
}

static int unpack_entry(void *arg, const struct cpio_entry *entry)
{
	struct unpack *unpack = arg;
	int result;

	hand_back(unpack, entry->name);
	result = name_normalize(unpack, entry);

	if (result != 0) {
		unpack->problem = "a name leads out of the tree";
	} else if (strcmp(unpack->name, TIMES_NAME) == 0) {
		settle_dirs(unpack);
		ramdisk_set_times((const char *)entry->data, entry->bytes);
	} else if (unpack->name[0] == 0) {
		result = set_dir_attributes(unpack, vfs_root(), entry);
	} else {
		result = unpack_named(unpack, entry);
		/* What a copied tree has in a directory that is the kernel's own is left out. */
		if (result == -EPERM)
			result = 0;
		unpack->problem = result == -ENOSPC || result == -ENOMEM ? "memory is too small"
		                                                         : "cannot be made";
	}
	if (result != 0)
		str_copy(unpack->problem_name, unpack->name, sizeof(unpack->problem_name));
	return result;
}

int ramdisk_unpack(const void *archive, size_t bytes, void (*used)(size_t bytes))
{
	struct unpack *unpack = kzalloc(sizeof(*unpack));
	struct cpio_error error;
	int result;

	if (unpack == NULL)
		return -ENOMEM;
	unpack->archive = archive;
	unpack->used = used;
	result = cpio_read(archive, bytes, unpack_entry, unpack, &error);
	if (result != 0 && error.what != NULL)
		klog(LOG_ERROR, "ramdisk: at byte %zu: %s", error.offset, error.what);
	else if (result != 0)
		klog(LOG_ERROR, "ramdisk: %s: %s (error %d)", unpack->problem_name, unpack->problem,
		     -result);
	settle_dirs(unpack);
	for (size_t i = 0; i < LINK_BUCKETS; i++) {
		while (unpack->links[i] != NULL) {
			struct unpacked_link *link = unpack->links[i];

			unpack->links[i] = link->next;
			inode_put(link->inode);
			kfree(link);
		}
	}
	kfree(unpack);
	return result;
}
