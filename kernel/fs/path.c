/* SPDX-License-Identifier: MIT */
/*
 * Resolving paths. No recursion: the texts of symbolic links that are being followed form a stack,
 * innermost on top, and a text is popped as soon as it is used up, so that "is this the last
 * component" is "are all texts empty".
 */
#include "kernel/fs/internal.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define LINKS_MAX        40
#define PATH_USUAL_BYTES 192u

static void walk_pop(struct walk *walk)
{
	struct walk_text *text = walk->texts;

	walk->texts = text->below;
	if (text->owned != NULL) {
		kfree(text->owned);
		kfree(text);
	}
}

/* Skip slashes and used-up texts; true if there was a slash. Afterwards texts is NULL or starts
 * with a component. */
static bool walk_skip(struct walk *walk)
{
	bool slash = false;

	while (walk->texts != NULL) {
		struct walk_text *text = walk->texts;

		for (; *text->at == '/'; text->at++)
			slash = true;
		if (*text->at != 0)
			break;
		walk_pop(walk);
	}
	return slash;
}

static void walk_move(struct walk *walk, struct inode *to)
{
	inode_put(walk->dir);
	walk->dir = to;
}

/* What ".." of a directory is, with a reference: not above the process's root, and through mounts.
 */
static struct inode *directory_parent(struct inode *dir)
{
	struct inode *root = fs_context_current()->root;

	while (dir != root && dir->covers != NULL)
		dir = dir->covers;
	if (dir != root && dir->parent != NULL)
		dir = dir->parent;
	inode_get(dir);
	return inode_cross_mounts(dir);
}

struct inode *walk_lookup_last(struct walk *walk)
{
	struct inode *found;

	if (walk->last == WALK_DOTDOT)
		return directory_parent(walk->dir);
	if (walk->last != WALK_NAME) {
		inode_get(walk->dir);
		return walk->dir;
	}
	if (walk->dir->ops->lookup == NULL)
		return err_ptr(-ENOTDIR);
	found = walk->dir->ops->lookup(walk->dir, walk->name, walk->len);
	return is_err(found) ? found : inode_cross_mounts(found);
}

/* Put the text of `link` on the stack. Links that lead to an object give it in *out instead. */
static int walk_push_link(struct walk *walk, struct inode *link, struct inode **out)
{
	struct walk_text *text;
	char *buffer;
	long len;

	*out = NULL;
	if (++walk->link_count > LINKS_MAX)
		return -ELOOP;
	if (link->ops->follow != NULL) {
		*out = link->ops->follow(link);
		return is_err(*out) ? (int)ptr_err(*out) : 0;
	}
	buffer = kmalloc(ABI_PATH_MAX);
	text = kmalloc(sizeof(*text));
	len = buffer == NULL || text == NULL ? -ENOMEM
	                                     : link->ops->readlink(link, buffer, ABI_PATH_MAX - 1);
	if (len <= 0) {
		kfree(buffer);
		kfree(text);
		return len < 0 ? (int)len : -ENOENT;
	}
	buffer[len] = 0;
	inode_touch_atime(link);
	*text = (struct walk_text){.below = walk->texts, .at = buffer, .owned = buffer};
	walk->texts = text;
	if (buffer[0] == '/') {
		struct inode *root = fs_context_current()->root;

		inode_get(root);
		walk_move(walk, root);
	}
	return 0;
}

/* Take the next component off the texts into walk->name. */
static int walk_take_component(struct walk *walk)
{
	struct walk_text *text = walk->texts;
	size_t len = 0;

	while (text->at[len] != 0 && text->at[len] != '/')
		len++;
	if (len > ABI_NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(walk->name, text->at, len);
	walk->name[len] = 0;
	walk->len = len;
	text->at += len;
	if (len == 1 && walk->name[0] == '.')
		walk->last = WALK_DOT;
	else if (len == 2 && walk->name[0] == '.' && walk->name[1] == '.')
		walk->last = WALK_DOTDOT;
	else
		walk->last = WALK_NAME;
	return 0;
}

/* Go into the component just taken, which is not the last one. */
static int walk_enter(struct walk *walk)
{
	struct inode *next = walk_lookup_last(walk);

	if (is_err(next))
		return (int)ptr_err(next);
	if (ABI_S_ISLNK(next->mode)) {
		struct inode *object;
		int result = walk_push_link(walk, next, &object);

		inode_put(next);
		if (result != 0 || object == NULL)
			return result;
		next = object;
	}
	if (!ABI_S_ISDIR(next->mode)) {
		inode_put(next);
		return -ENOTDIR;
	}
	walk_move(walk, next);
	return 0;
}

static int walk_run(struct walk *walk)
{
	bool first = true;

	for (;;) {
		bool slash = walk_skip(walk);
		int result;

		if (walk->texts == NULL) {
			if (first)
				walk->last = WALK_ROOT;
			walk->slash |= slash;
			return 0;
		}
		if (!first) {
			result = walk_enter(walk);
			if (result != 0)
				return result;
			walk_skip(walk); /* the slashes a link's text starts with */
		}
		first = false;
		result = inode_permission(walk->dir, ABI_X_OK);
		if (result == 0)
			result = walk_take_component(walk);
		if (result != 0)
			return result;
	}
}

static int walk_finish(struct walk *walk, int result)
{
	if (result != 0)
		walk_end(walk);
	return result;
}

int walk_begin(struct walk *walk, struct inode *base, const char *path)
{
	struct fs_context *context = fs_context_current();

	if (path[0] == 0)
		return -ENOENT;
	if (path[0] == '/')
		base = context->root;
	else if (base == NULL)
		base = context->cwd;
	if (!ABI_S_ISDIR(base->mode))
		return -ENOTDIR;
	inode_get(base);
	walk->dir = base;
	walk->slash = false;
	walk->link_count = 0;
	walk->path = (struct walk_text){.at = path};
	walk->texts = &walk->path;
	return walk_finish(walk, walk_run(walk));
}

void walk_end(struct walk *walk)
{
	while (walk->texts != NULL)
		walk_pop(walk);
	inode_put(walk->dir);
}

int walk_follow(struct walk *walk, struct inode *link, struct inode **out)
{
	int result = walk_push_link(walk, link, out);

	inode_put(link);
	if (result == 0 && *out == NULL)
		result = walk_run(walk);
	return walk_finish(walk, result);
}

struct inode *path_lookup(struct inode *base, const char *path, unsigned int flags)
{
	struct walk walk;
	struct inode *inode;
	int result = walk_begin(&walk, base, path);

	if (result != 0)
		return err_ptr(result);
	for (;;) {
		struct inode *object;

		inode = walk_lookup_last(&walk);
		if (is_err(inode) || !ABI_S_ISLNK(inode->mode) ||
		    ((flags & PATH_NOFOLLOW) != 0 && !walk.slash))
			break;
		result = walk_follow(&walk, inode, &object);
		if (result != 0)
			return err_ptr(result);
		if (object != NULL) {
			inode = object;
			break;
		}
	}
	if (!is_err(inode) && (walk.slash || (flags & PATH_DIRECTORY) != 0) &&
	    !ABI_S_ISDIR(inode->mode)) {
		inode_put(inode);
		inode = err_ptr(-ENOTDIR);
	}
	walk_end(&walk);
	return inode;
}

/* One that does not fit the usual room. */
static int path_copy_long(const void *user, char **out)
{
	char *path = kmalloc(ABI_PATH_MAX);
	long len;

	if (path == NULL)
		return -ENOMEM;
	len = strncpy_from_user(path, user, ABI_PATH_MAX);
	if (len == 0)
		len = -ENOENT; /* the program has changed it meanwhile */
	if (len < 0) {
		kfree(path);
		return (int)len;
	}
	*out = path;
	return 0;
}

int path_copy_from_user(const void *user, bool allow_empty, char **out)
{
	char path[PATH_USUAL_BYTES];
	long len = strncpy_from_user(path, user, sizeof(path));

	if (len == -ENAMETOOLONG)
		return path_copy_long(user, out);
	if (len == 0 && !allow_empty)
		return -ENOENT;
	if (len < 0)
		return (int)len;
	*out = kmalloc((size_t)len + 1);
	if (*out == NULL)
		return -ENOMEM;
	memcpy(*out, path, (size_t)len + 1);
	return 0;
}

int path_base_of_fd(int dirfd, const char *path, struct inode **out)
{
	struct file *file;

	*out = NULL;
	if (dirfd == ABI_AT_FDCWD || path[0] == '/')
		return 0;
	file = fd_get_file(dirfd);
	if (file == NULL)
		return -EBADF;
	*out = file->inode;
	inode_get(file->inode);
	file_put(file);
	return 0;
}

struct inode *path_lookup_at(int dirfd, const void *user_path, unsigned int flags, bool allow_empty)
{
	struct inode *base, *found;
	char *path;
	int result = path_copy_from_user(user_path, allow_empty, &path);

	if (result != 0)
		return err_ptr(result);
	result = path_base_of_fd(dirfd, path, &base);
	if (result != 0) {
		found = err_ptr(result);
	} else if (path[0] == 0) {
		found = base != NULL ? base : fs_context_current()->cwd;
		inode_get(found);
	} else {
		found = path_lookup(base, path, flags);
	}
	if (base != NULL)
		inode_put(base);
	kfree(path);
	return found;
}

int path_unlink(const char *path)
{
	struct walk walk;
	int result = walk_begin(&walk, NULL, path);

	if (result != 0)
		return result;
	if (walk.last != WALK_NAME)
		result = -EISDIR;
	else if (walk.dir->ops->unlink == NULL)
		result = -EPERM;
	else
		result = walk.dir->ops->unlink(walk.dir, walk.name, walk.len);
	walk_end(&walk);
	return result;
}
