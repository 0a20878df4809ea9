/* SPDX-License-Identifier: MIT */
/*
 * From an inode to a path: what getcwd, /proc and messages show. A path is built backwards, from
 * the end of the buffer.
 */
#include "kernel/fs/internal.h"

/* Put `len` bytes before `*at`; false when they do not fit. */
static bool prepend(char *buffer, char **at, const char *text, size_t len)
{
	if ((size_t)(*at - buffer) < len)
		return false;
	*at -= len;
	memcpy(*at, text, len);
	return true;
}

/* The path of a directory, built backwards from `end`; its start, or NULL when it does not fit.
 * `reached` says whether it begins at the process's root, or else at the top of what is mounted. */
static char *directory_path(struct inode *dir, char *buffer, char *end, bool *reached)
{
	struct inode *root = fs_context_current()->root;
	char *at = end;

	for (;;) {
		struct inode *parent;
		const char *name;
		size_t len;

		while (dir != root && dir->covers != NULL)
			dir = dir->covers;
		if (dir == root || dir->ops->name_of == NULL)
			break;
		name = dir->ops->name_of(dir, &parent, &len);
		if (name == NULL)
			break;
		if (!prepend(buffer, &at, name, len) || !prepend(buffer, &at, "/", 1))
			return NULL;
		dir = parent;
	}
	*reached = dir == root;
	if (at == end && !prepend(buffer, &at, "/", 1))
		return NULL;
	return at;
}

/* Move what was built at the end of the buffer to its start. */
static long path_settle(char *buffer, size_t size, const char *at)
{
	size_t len;

	if (at == NULL)
		return -ERANGE;
	len = (size_t)(buffer + size - 1 - at);
	memmove(buffer, at, len);
	buffer[len] = 0;
	return (long)len;
}

long path_of_directory(struct inode *dir, char *buffer, size_t size)
{
	bool reached = false;
	char *at;

	if (dir->link_count == 0)
		return -ENOENT;
	if (size < 2)
		return -ERANGE;
	at = directory_path(dir, buffer, buffer + size - 1, &reached);
	return at != NULL && !reached ? -EXDEV : path_settle(buffer, size, at);
}

long path_of_current_directory(char *buffer, size_t size)
{
	static const char outside[] = "(unreachable)";
	struct inode *dir = fs_context_current()->cwd;
	bool reached = false;
	char *at;

	if (dir->link_count == 0)
		return -ENOENT;
	at = directory_path(dir, buffer, buffer + size - 1, &reached);
	if (at != NULL && !reached && !prepend(buffer, &at, outside, sizeof(outside) - 1))
		return -ERANGE;
	return path_settle(buffer, size, at);
}

static long path_of_anonymous(const struct inode *inode, char *buffer, size_t size)
{
	const char *label = inode->label;
	int len;

	if (label == NULL && ABI_S_ISFIFO(inode->mode))
		label = "pipe";
	else if (label == NULL && ABI_S_ISSOCK(inode->mode))
		label = "socket";
	else if (label == NULL)
		label = "anon_inode:[file]";
	if (strchr(label, ':') != NULL)
		len = fmt_print(buffer, size, "%s", label);
	else
		len = fmt_print(buffer, size, "%s:[%llu]", label, (unsigned long long)inode->ino);
	return (size_t)len < size ? len : -ENAMETOOLONG;
}

long path_of_inode(struct inode *inode, char *buffer, size_t size)
{
	static const char deleted[] = " (deleted)";
	struct inode *dir = inode;
	const char *name = NULL;
	char *at = buffer + size - 1;
	bool reached;
	size_t len = 0;

	if ((inode->flags & INODE_ANONYMOUS) != 0)
		return path_of_anonymous(inode, buffer, size);
	if (inode->link_count == 0 && !prepend(buffer, &at, deleted, sizeof(deleted) - 1))
		return -ENAMETOOLONG;
	if (!ABI_S_ISDIR(inode->mode)) {
		if (inode->ops->name_of != NULL)
			name = inode->ops->name_of(inode, &dir, &len);
		if (name == NULL)
			return -ENOENT;
		if (!prepend(buffer, &at, name, len))
			return -ENAMETOOLONG;
		if (dir != fs_context_current()->root && !prepend(buffer, &at, "/", 1))
			return -ENAMETOOLONG;
	}
	at = directory_path(dir, buffer, at, &reached);
	return at == NULL ? -ENAMETOOLONG : path_settle(buffer, size, at);
}
