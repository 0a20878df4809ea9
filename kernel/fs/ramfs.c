/* SPDX-License-Identifier: MIT */
/*
 * The filesystem in memory: names and directories. A directory has a hash table for look-ups and a
 * list in the order of creation for readers, whose position is the cookie of the next entry. A name
 * does not hold a reference on its inode, it counts as a link. When the last name of an inode in
 * use goes, it stays with the inode as its ghost, for ".." and for /proc.
 */
#include "kernel/fs/ramfs.h"
#include "kernel/fs/xattr.h"

#define FIRST_BUCKETS  8
#define FIRST_COOKIE   3    /* 1 is the position behind ".", 2 behind ".." */
#define ENTRY_SIZE     20ul /* what an entry adds to the directory's st_size */
#define LINK_COUNT_MAX 65000

struct ramfs_entry {
	struct ramfs_entry *hash_next;
	struct list order; /* of ramfs_dir.order */
	struct list link;  /* of ramfs_node.names */
	struct inode *inode, *dir;
	uint64_t cookie;
	uint32_t hash;
	uint16_t len;
	char name[];
};

static const struct inode_ops ramfs_dir_ops, ramfs_reg_ops, ramfs_link_ops, ramfs_node_ops;
static const struct file_ops ramfs_dir_file_ops;

static struct ramfs_node *node_of(struct inode *inode)
{
	return inode->private;
}

static struct ramfs_dir *dir_of(struct inode *inode)
{
	return &node_of(inode)->dir;
}

static uint32_t name_hash(const char *name, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return hash;
}

static struct ramfs_entry *dir_find(struct inode *dir, const char *name, size_t len)
{
	struct ramfs_dir *table = dir_of(dir);
	uint32_t hash = name_hash(name, len);
	struct ramfs_entry *entry = NULL;

	if (table->bucket_count > 0)
		entry = table->buckets[hash & (table->bucket_count - 1)];
	while (entry != NULL &&
	       (entry->hash != hash || entry->len != len || memcmp(entry->name, name, len) != 0))
		entry = entry->hash_next;
	return entry;
}

/* Make room for one more entry. Failure does not matter once there are buckets: chains grow longer.
 */
static int dir_grow(struct ramfs_dir *table)
{
	size_t count = MAX(table->bucket_count * 2, (size_t)FIRST_BUCKETS);
	struct ramfs_entry **buckets, *entry;

	if (table->entry_count < table->bucket_count)
		return 0;
	buckets = kzalloc(count * sizeof(struct ramfs_entry *));
	if (buckets == NULL)
		return table->bucket_count > 0 ? 0 : -ENOSPC;
	list_for_each_entry (entry, &table->order, struct ramfs_entry, order) {
		struct ramfs_entry **bucket = &buckets[entry->hash & (count - 1)];

		entry->hash_next = *bucket;
		*bucket = entry;
	}
	kfree(table->buckets);
	table->buckets = buckets;
	table->bucket_count = count;
	return 0;
}

/* A name that is in no directory yet; NULL: out of memory. */
static struct ramfs_entry *entry_alloc(const char *name, size_t len)
{
	struct ramfs_entry *entry = kzalloc(sizeof(*entry) + len + 1);

	if (entry == NULL)
		return NULL;
	memcpy(entry->name, name, len);
	entry->len = (uint16_t)len;
	entry->hash = name_hash(name, len);
	list_init(&entry->order);
	list_init(&entry->link);
	return entry;
}

/* Put the name into the directory, at its end. dir_grow() has succeeded. */
static void entry_insert(struct ramfs_entry *entry, struct inode *dir, struct inode *inode)
{
	struct ramfs_dir *table = dir_of(dir);
	struct ramfs_entry **bucket = &table->buckets[entry->hash & (table->bucket_count - 1)];

	entry->inode = inode;
	entry->dir = dir;
	entry->cookie = table->next_cookie++;
	entry->hash_next = *bucket;
	*bucket = entry;
	list_insert_before(&table->order, &entry->order);
	list_insert_after(&node_of(inode)->names, &entry->link);
	table->entry_count++;
	dir->size += ENTRY_SIZE;
	if (ABI_S_ISDIR(inode->mode)) {
		dir->link_count++;
		inode->parent = dir;
	}
	inode_touch_mtime(dir);
}

/* Take the name out of its directory and from its inode; the structure remains. */
static void entry_remove(struct ramfs_entry *entry)
{
	struct ramfs_dir *table = dir_of(entry->dir);
	struct ramfs_entry **at = &table->buckets[entry->hash & (table->bucket_count - 1)];

	while (*at != entry)
		at = &(*at)->hash_next;
	*at = entry->hash_next;
	if (table->cursor == entry)
		table->cursor = entry->order.next == &table->order
		                    ? NULL
		                    : list_entry(entry->order.next, struct ramfs_entry, order);
	list_remove(&entry->order);
	list_remove(&entry->link);
	table->entry_count--;
	entry->dir->size -= ENTRY_SIZE;
	if (ABI_S_ISDIR(entry->inode->mode))
		entry->dir->link_count--;
	inode_touch_mtime(entry->dir);
}

/* The name has been removed for good: count it, and keep it as the ghost if it was the last one of
 * an inode in use. */
static void entry_retire(struct ramfs_entry *entry)
{
	struct inode *inode = entry->inode;

	inode_get(inode);
	inode->link_count -= ABI_S_ISDIR(inode->mode) ? 2 : 1;
	inode_touch_ctime(inode);
	if (inode->link_count == 0 && inode->ref_count > 1) {
		inode_get(entry->dir);
		node_of(inode)->ghost = entry;
	} else {
		kfree(entry);
	}
	inode_put(inode);
}

static void ramfs_destroy(struct inode *inode)
{
	struct ramfs_node *node = node_of(inode);
	struct inode *ghost_dir = NULL;

	if (node->ghost != NULL) {
		ghost_dir = node->ghost->dir;
		kfree(node->ghost);
	}
	if (ABI_S_ISREG(inode->mode))
		ramfs_file_destroy(inode);
	else if (ABI_S_ISDIR(inode->mode))
		kfree(node->dir.buckets);
	else if (ABI_S_ISLNK(inode->mode))
		kfree(node->target);
	xattr_free(node->attributes);
	inode_free(inode);
	if (ghost_dir != NULL)
		inode_put(ghost_dir);
}

/* A new inode without a name, with one reference; NULL: out of memory. */
static struct inode *node_create(struct filesystem *fs, uint32_t mode, uint64_t rdev)
{
	struct inode *inode;

	if (!ramfs_may_allocate())
		return NULL;
	inode = inode_alloc(fs, mode, sizeof(struct ramfs_node));
	if (inode == NULL)
		return NULL;
	list_init(&node_of(inode)->names);
	inode->ops = &ramfs_node_ops;
	inode->rdev = rdev;
	inode->link_count = 1;
	if (ABI_S_ISDIR(mode)) {
		inode->ops = &ramfs_dir_ops;
		inode->file_ops = &ramfs_dir_file_ops;
		inode->link_count = 2;
		inode->size = 2 * ENTRY_SIZE;
		list_init(&dir_of(inode)->order);
		dir_of(inode)->next_cookie = FIRST_COOKIE;
	} else if (ABI_S_ISREG(mode)) {
		inode->ops = &ramfs_reg_ops;
		inode->file_ops = &ramfs_file_ops;
	} else if (ABI_S_ISLNK(mode)) {
		inode->ops = &ramfs_link_ops;
	}
	return inode;
}

static struct inode *ramfs_lookup(struct inode *dir, const char *name, size_t len)
{
	struct ramfs_entry *entry = dir_find(dir, name, len);

	if (entry == NULL)
		return err_ptr(-ENOENT);
	inode_get(entry->inode);
	return entry->inode;
}

/* Can a name be added: 0, -EEXIST, -ENOENT in a removed directory, -ENOSPC. */
static int dir_check_new(struct inode *dir, const char *name, size_t len)
{
	if (dir->link_count == 0)
		return -ENOENT;
	if (dir_find(dir, name, len) != NULL)
		return -EEXIST;
	return dir_grow(dir_of(dir));
}

/* A directory with the set-group-id bit hands its group down, and the bit to directories. */
static void node_inherit_group(struct inode *inode, const struct inode *dir)
{
	if ((dir->mode & ABI_S_ISGID) == 0)
		return;
	inode->gid = dir->gid;
	if (ABI_S_ISDIR(inode->mode))
		inode->mode |= ABI_S_ISGID;
	else if ((inode->mode & ABI_S_IXGRP) != 0)
		inode->mode = mode_for_group(dir->gid, inode->mode);
}

static int ramfs_create_node(struct inode *dir, const char *name, size_t len, uint32_t mode,
                             uint64_t rdev, struct inode **out)
{
	struct ramfs_entry *entry;
	struct inode *inode;
	int result = dir_check_new(dir, name, len);

	if (result != 0)
		return result;
	entry = entry_alloc(name, len);
	inode = entry != NULL ? node_create(dir->fs, mode, rdev) : NULL;
	if (inode == NULL) {
		kfree(entry);
		return -ENOSPC;
	}
	node_inherit_group(inode, dir);
	entry_insert(entry, dir, inode);
	if (out != NULL)
		*out = inode;
	else
		inode_put(inode);
	return 0;
}

/* Forget the name that an inode without names had last. */
static void node_drop_ghost(struct inode *inode)
{
	struct ramfs_entry *ghost = node_of(inode)->ghost;

	if (ghost == NULL)
		return;
	node_of(inode)->ghost = NULL;
	inode_put(ghost->dir);
	kfree(ghost);
}

/* It has a ghost from the start, for /proc/PID/fd. */
static int ramfs_create_nameless(struct inode *dir, uint32_t mode, struct inode **out)
{
	struct inode *inode = node_create(dir->fs, mode, 0);
	struct ramfs_entry *ghost;
	char name[24];

	if (inode == NULL)
		return -ENOSPC;
	inode->link_count = 0;
	ghost = entry_alloc(
	    name, (size_t)fmt_print(name, sizeof(name), "#%llu", (unsigned long long)inode->ino));
	if (ghost == NULL) {
		inode_put(inode);
		return -ENOSPC;
	}
	node_inherit_group(inode, dir);
	ghost->inode = inode;
	ghost->dir = dir;
	inode_get(dir);
	node_of(inode)->ghost = ghost;
	*out = inode;
	return 0;
}

static int ramfs_symlink(struct inode *dir, const char *name, size_t len, const char *target)
{
	size_t target_len = strlen(target);
	char *copy = kmalloc(target_len + 1);
	struct inode *inode;
	int result;

	if (copy == NULL)
		return -ENOSPC;
	memcpy(copy, target, target_len + 1);
	result = ramfs_create_node(dir, name, len, ABI_S_IFLNK | 0777, 0, &inode);
	if (result != 0) {
		kfree(copy);
		return result;
	}
	node_of(inode)->target = copy;
	inode->size = target_len;
	inode_put(inode);
	return 0;
}

static int ramfs_link(struct inode *dir, const char *name, size_t len, struct inode *target)
{
	struct ramfs_entry *entry;
	int result = dir_check_new(dir, name, len);

	if (result != 0)
		return result;
	if (target->link_count == 0 && (target->flags & INODE_LINKABLE) == 0)
		return -ENOENT;
	if (target->link_count >= LINK_COUNT_MAX)
		return -EMLINK;
	entry = entry_alloc(name, len);
	if (entry == NULL)
		return -ENOSPC;
	target->link_count++;
	target->flags &= ~(uint32_t)INODE_LINKABLE;
	node_drop_ghost(target);
	inode_touch_ctime(target);
	entry_insert(entry, dir, target);
	return 0;
}

static int ramfs_unlink(struct inode *dir, const char *name, size_t len)
{
	struct ramfs_entry *entry = dir_find(dir, name, len);

	if (entry == NULL)
		return -ENOENT;
	if (ABI_S_ISDIR(entry->inode->mode))
		return -EISDIR;
	entry_remove(entry);
	entry_retire(entry);
	return 0;
}

static int ramfs_rmdir(struct inode *dir, const char *name, size_t len)
{
	struct ramfs_entry *entry = dir_find(dir, name, len);

	if (entry == NULL)
		return -ENOENT;
	if (!ABI_S_ISDIR(entry->inode->mode))
		return -ENOTDIR;
	if (dir_of(entry->inode)->entry_count > 0)
		return -ENOTEMPTY;
	entry_remove(entry);
	entry_retire(entry);
	return 0;
}

/* Two names swap their inodes. */
static void rename_exchange(struct ramfs_entry *a, struct ramfs_entry *b)
{
	struct inode *a_dir = a->dir, *b_dir = b->dir;
	struct inode *a_inode = a->inode, *b_inode = b->inode;

	entry_remove(a);
	entry_remove(b);
	entry_insert(a, a_dir, b_inode);
	entry_insert(b, b_dir, a_inode);
	inode_touch_ctime(a_inode);
	inode_touch_ctime(b_inode);
}

/* The caller has checked permissions, that both directories are of this filesystem, that a
 * directory replaces directories only and does not move into itself. */
static int ramfs_rename(struct inode *from_dir, const char *from, size_t from_len,
                        struct inode *to_dir, const char *to, size_t to_len, unsigned int flags)
{
	struct ramfs_entry *source = dir_find(from_dir, from, from_len);
	struct ramfs_entry *target = dir_find(to_dir, to, to_len), *entry;
	struct inode *inode;

	if (source == NULL || ((flags & ABI_RENAME_EXCHANGE) != 0 && target == NULL))
		return -ENOENT;
	if (to_dir->link_count == 0)
		return -ENOENT;
	inode = source->inode;
	if (target != NULL) {
		if ((flags & ABI_RENAME_NOREPLACE) != 0)
			return -EEXIST;
		if (target->inode == inode)
			return 0;
		if ((flags & ABI_RENAME_EXCHANGE) != 0) {
			rename_exchange(source, target);
			return 0;
		}
		if (ABI_S_ISDIR(target->inode->mode) && dir_of(target->inode)->entry_count > 0)
			return -ENOTEMPTY;
	}
	entry = entry_alloc(to, to_len);
	if (entry == NULL || dir_grow(dir_of(to_dir)) != 0) {
		kfree(entry);
		return -ENOSPC;
	}
	if (target != NULL) {
		entry_remove(target);
		entry_retire(target);
	}
	entry_remove(source);
	kfree(source);
	entry_insert(entry, to_dir, inode);
	inode_touch_ctime(inode);
	return 0;
}

static long ramfs_readlink(struct inode *inode, char *buffer, size_t size)
{
	size_t len = MIN((size_t)inode->size, size);

	memcpy(buffer, node_of(inode)->target, len);
	return (long)len;
}

static const char *ramfs_name_of(struct inode *inode, struct inode **dir, size_t *len)
{
	struct ramfs_node *node = node_of(inode);
	const struct ramfs_entry *entry = node->ghost;

	if (!list_empty(&node->names))
		entry = list_entry(node->names.next, struct ramfs_entry, link);
	if (entry == NULL)
		return NULL;
	*dir = entry->dir;
	*len = entry->len;
	return entry->name;
}

/* The entry with the lowest cookie that is not below `cookie`, or NULL. */
static struct ramfs_entry *dir_seek(struct ramfs_dir *table, uint64_t cookie)
{
	struct ramfs_entry *entry = table->cursor;

	if (entry != NULL && entry->cookie >= cookie &&
	    (entry->order.prev == &table->order ||
	     list_entry(entry->order.prev, struct ramfs_entry, order)->cookie < cookie))
		return entry;
	list_for_each_entry (entry, &table->order, struct ramfs_entry, order) {
		if (entry->cookie >= cookie)
			return entry;
	}
	return NULL;
}

static long ramfs_iterate(struct file *file,
                          bool (*emit)(void *arg, const char *name, uint64_t ino, uint8_t type,
                                       uint64_t next),
                          void *arg)
{
	struct inode *dir = file->inode;
	struct ramfs_dir *table = dir_of(dir);
	struct ramfs_entry *entry;

	if (file->pos == 0 && !emit(arg, ".", dir->ino, ABI_DT_DIR, 1))
		return 0;
	if (file->pos <= 1 && !emit(arg, "..", inode_parent_ino(dir), ABI_DT_DIR, 2))
		return 0;
	for (entry = dir_seek(table, MAX(file->pos, (uint64_t)FIRST_COOKIE)); entry != NULL;) {
		table->cursor = entry;
		if (!emit(arg, entry->name, entry->inode->ino,
		          inode_dirent_type(entry->inode->mode), entry->cookie + 1))
			return 0;
		entry = entry->order.next == &table->order
		            ? NULL
		            : list_entry(entry->order.next, struct ramfs_entry, order);
	}
	return 0;
}

static const struct inode_ops ramfs_dir_ops = {
    .lookup = ramfs_lookup,
    .create = ramfs_create_node,
    .create_nameless = ramfs_create_nameless,
    .link = ramfs_link,
    .symlink = ramfs_symlink,
    .unlink = ramfs_unlink,
    .rmdir = ramfs_rmdir,
    .rename = ramfs_rename,
    .name_of = ramfs_name_of,
    .destroy = ramfs_destroy,
};

static const struct inode_ops ramfs_reg_ops = {
    .truncate = ramfs_file_truncate,
    .get_page = ramfs_file_get_page,
    .find_pages = ramfs_file_find_pages,
    .allocate = ramfs_file_allocate,
    .name_of = ramfs_name_of,
    .destroy = ramfs_destroy,
};

static const struct inode_ops ramfs_link_ops = {
    .readlink = ramfs_readlink,
    .name_of = ramfs_name_of,
    .destroy = ramfs_destroy,
};

/* Devices, named pipes, sockets. */
static const struct inode_ops ramfs_node_ops = {
    .name_of = ramfs_name_of,
    .destroy = ramfs_destroy,
};

static const struct file_ops ramfs_dir_file_ops = {
    .iterate = ramfs_iterate,
};

/* The first entry of a directory that has one, off the list. */
static struct ramfs_entry *dir_pop(struct ramfs_dir *table)
{
	struct list *node = table->order.next;

	table->order.next = node->next;
	node->next->prev = &table->order;
	list_init(node);
	table->cursor = NULL;
	return list_entry(node, struct ramfs_entry, order);
}

/* The whole tree goes; nothing in it is in use. Depth first without recursion: a directory's first
 * entry is removed until none is left. */
static void ramfs_destroy_all(struct filesystem *fs)
{
	struct inode *dir = fs->root;

	for (;;) {
		struct ramfs_entry *entry;
		struct inode *inode;

		if (list_empty(&dir_of(dir)->order)) {
			if (dir == fs->root)
				break;
			dir = dir->parent;
		}
		inode = list_entry(dir_of(dir)->order.next, struct ramfs_entry, order)->inode;
		if (ABI_S_ISDIR(inode->mode) && dir_of(inode)->entry_count > 0) {
			dir = inode;
			continue;
		}
		entry = dir_pop(dir_of(dir));
		entry_remove(entry);
		kfree(entry);
		if (ABI_S_ISDIR(inode->mode) || --inode->link_count == 0)
			ramfs_destroy(inode);
	}
	ramfs_destroy(fs->root);
	kfree(fs);
}

static void ramfs_statfs(struct filesystem *fs, struct abi_statfs *out)
{
	(void)fs;
	out->blocks = page_total_count();
	out->bfree = out->bavail = page_free_count();
	out->files = page_total_count();
	out->ffree = page_free_count();
}

struct filesystem *ramfs_create(const char *type, const char *source, uint32_t root_mode)
{
	struct filesystem *fs = filesystem_alloc(type, source, ABI_TMPFS_MAGIC);

	if (fs == NULL)
		return NULL;
	fs->statfs = ramfs_statfs;
	fs->destroy = ramfs_destroy_all;
	fs->root = node_create(fs, ABI_S_IFDIR | root_mode, 0);
	if (fs->root == NULL) {
		kfree(fs);
		return NULL;
	}
	return fs;
}

struct inode *ramfs_create_unlinked(uint32_t mode)
{
	struct inode *inode = node_create(NULL, ABI_S_IFREG | mode, 0);

	if (inode != NULL)
		inode->link_count = 0;
	return inode;
}

uint32_t *ramfs_seals(struct inode *inode)
{
	if (inode->ops != &ramfs_reg_ops)
		return NULL;
	return &node_of(inode)->file.seals;
}

struct xattr **ramfs_attributes(struct inode *inode)
{
	const struct inode_ops *ops = inode->ops;

	if (ops != &ramfs_reg_ops && ops != &ramfs_dir_ops && ops != &ramfs_link_ops &&
	    ops != &ramfs_node_ops)
		return NULL;
	return &node_of(inode)->attributes;
}
