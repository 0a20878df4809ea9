/* SPDX-License-Identifier: MIT */
/*
 * Paths as text and inside a tree, see path.h.
 */
#include "tools/pinfold/path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/strvec.h"

/* Appends the parts of `path` to `out`, which holds an absolute path without a slash at its end. */
static void append_parts(char *out, const char *path)
{
	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.') {
			char *slash = strrchr(out, '/');

			if (slash != NULL)
				*slash = '\0';
		} else if (len > 0 && !(len == 1 && path[0] == '.')) {
			strcat(out, "/");
			strncat(out, path, len);
		}
		path += len;
		path += *path == '/';
	}
}

char *path_absolute(const char *base, const char *path)
{
	char *out = fail_alloc(calloc(1, strlen(base) + strlen(path) + 4));

	if (path[0] != '/')
		append_parts(out, base);
	append_parts(out, path);
	if (out[0] == '\0')
		strcpy(out, "/");
	return out;
}

char *path_absolute_here(const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/')
		return path_absolute("/", path);
	if (getcwd(here, sizeof(here)) == NULL)
		fail_exit(STATUS_FAILURE, "the current directory has no name");
	return path_absolute(here, path);
}

static int open_inside(int root_fd, const char *guest)
{
	struct open_how how = {
	    .flags = O_PATH | O_CLOEXEC,
	    .resolve = RESOLVE_IN_ROOT,
	};

	return (int)syscall(SYS_openat2, root_fd, guest, &how, sizeof(how));
}

int path_exists_inside(int root_fd, const char *guest)
{
	int fd = open_inside(root_fd, guest);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

/* The name that the kernel gives to an open folder, or "" when it has none. */
static void name_of_fd(int fd, char *name, size_t bytes)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, name, bytes - 1);
	name[len < 0 ? 0 : len] = '\0';
}

char *path_inside(int root_fd, const char *guest)
{
	char *parent = path_absolute("/", guest);
	char root_name[PATH_MAX], name[PATH_MAX];
	char *out, *slash;
	size_t kept;

	/* The longest part of the parent that exists gives the real place; the rest is kept. */
	slash = strrchr(parent, '/');
	for (;;) {
		int fd;

		kept = (size_t)(slash - parent);
		*slash = '\0';
		fd = open_inside(root_fd, parent[0] == '\0' ? "/" : parent);
		*slash = '/';
		if (fd >= 0) {
			name_of_fd(fd, name, sizeof(name));
			close(fd);
			break;
		}
		if (kept == 0)
			return parent;
		slash = memrchr(parent, '/', kept);
	}
	name_of_fd(root_fd, root_name, sizeof(root_name));
	if (strcmp(root_name, "/") == 0)
		root_name[0] = '\0';
	if (strncmp(name, root_name, strlen(root_name)) != 0)
		return parent;
	out = string_format("%s/%s", name + strlen(root_name), parent + kept + 1);
	free(parent);
	return out;
}
