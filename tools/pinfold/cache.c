/* SPDX-License-Identifier: MIT */
/*
 * The folder of saved machines, see cache.h.
 */
#include "tools/pinfold/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define KEPT_COUNT_MAX 8
#define KEPT_BYTES_MAX (1ull << 30)
#define SCAN_MAX       256
#define NAME_LEN       16
#define LOCK           ".lock"
#define KEY_HEAD_BYTES 128

static const char *const file_names[] = {"seal", "key", "state", "log", "ram"};

/* A folder that is the caller's own; `others`: rights that must not be there. */
static int open_own(int at_fd, const char *path, mode_t others)
{
	struct stat stat;
	int fd = openat(at_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 &&
	    (fstat(fd, &stat) != 0 || stat.st_uid != geteuid() || (stat.st_mode & others) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int make_own(int at_fd, const char *path, mode_t others)
{
	(void)mkdirat(at_fd, path, 0700);
	return open_own(at_fd, path, others);
}

int cache_open(const char **why)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int base_fd = -1, fd;

	*why = "there is no folder for a cache";
	if (base != NULL && base[0] == '/') {
		base_fd = make_own(AT_FDCWD, base, 0);
	} else if (home != NULL && home[0] == '/') {
		/* What is made in another user's home would be in that user's way. */
		int home_fd = open_own(AT_FDCWD, home, 0);

		base_fd = home_fd < 0 ? -1 : make_own(home_fd, ".cache", 0);
		if (home_fd >= 0)
			close(home_fd);
	}
	if (base_fd < 0)
		return -1;
	*why = "the cache is not this user's alone";
	fd = make_own(base_fd, "pinfold", 077);
	close(base_fd);
	return fd;
}

int cache_lock(int cache_fd, const char *name)
{
	char file[CACHE_NAME_BYTES];
	struct stat ours, named;
	int fd;

	snprintf(file, sizeof(file), "%.*s" LOCK, NAME_LEN, name);
	fd = openat(cache_fd, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	/* Who cleans may have removed the file between the two calls: then it locks nothing. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &ours) != 0 ||
	    fstatat(cache_fd, file, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
	    ours.st_ino != named.st_ino) {
		close(fd);
		return -1;
	}
	return fd;
}

bool cache_empty(int folder_fd, const char *keep)
{
	bool empty = true;

	for (size_t i = 0; i < sizeof(file_names) / sizeof(file_names[0]); i++) {
		if (keep != NULL && strcmp(file_names[i], keep) == 0)
			continue;
		(void)unlinkat(folder_fd, file_names[i], 0);
		empty = empty && faccessat(folder_fd, file_names[i], F_OK, 0) != 0;
	}
	return empty;
}

static void remove_draft(int cache_fd, const char *draft)
{
	int fd = openat(cache_fd, draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	(void)cache_empty(fd, NULL);
	close(fd);
	(void)unlinkat(cache_fd, draft, AT_REMOVEDIR);
}

void cache_remove(int cache_fd, const char *name)
{
	char draft[CACHE_NAME_BYTES];

	snprintf(draft, sizeof(draft), "%.*s" CACHE_DRAFT, NAME_LEN, name);
	remove_draft(cache_fd, draft);
	if (strcmp(name, draft) != 0 && renameat(cache_fd, name, cache_fd, draft) == 0)
		remove_draft(cache_fd, draft);
}

bool cache_has_room(int cache_fd, uint64_t bytes)
{
	struct statvfs stat;

	return fstatvfs(cache_fd, &stat) == 0 && (uint64_t)stat.f_bavail * stat.f_frsize >= bytes;
}

struct kept {
	struct timespec used;
	uint64_t bytes;
	char name[NAME_LEN + 1];
	bool stale; /* of another boot */
};

/* Do two texts have the same first two lines? */
static bool same_head(const char *a, const char *b)
{
	int lines = 0;

	for (; *a == *b && *a != '\0'; a++, b++) {
		if (*a == '\n' && ++lines == 2)
			return true;
	}
	return false;
}

static void look_at(int cache_fd, const char *key, struct kept *kept)
{
	char path[CACHE_NAME_BYTES], head[KEY_HEAD_BYTES + 1] = "";
	struct stat stat;
	int fd;

	for (size_t i = 0; i < sizeof(file_names) / sizeof(file_names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", kept->name, file_names[i]);
		if (fstatat(cache_fd, path, &stat, AT_SYMLINK_NOFOLLOW) == 0)
			kept->bytes += (uint64_t)stat.st_blocks * 512;
	}
	snprintf(path, sizeof(path), "%s/key", kept->name);
	fd = openat(cache_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		ssize_t len = read(fd, head, KEY_HEAD_BYTES);

		head[len < 0 ? 0 : len] = '\0';
		if (fstat(fd, &stat) == 0)
			kept->used = stat.st_mtim;
		close(fd);
	}
	kept->stale = !same_head(head, key);
}

/* Removes one of another kind, unless somebody is making it. */
static bool try_remove(int cache_fd, const char *name)
{
	int lock_fd = cache_lock(cache_fd, name);
	char file[CACHE_NAME_BYTES];

	if (lock_fd < 0)
		return false;
	cache_remove(cache_fd, name);
	snprintf(file, sizeof(file), "%.*s" LOCK, NAME_LEN, name);
	(void)unlinkat(cache_fd, file, 0);
	close(lock_fd);
	return true;
}

static bool is_older(const struct kept *a, const struct kept *b)
{
	if (a->stale != b->stale)
		return a->stale;
	if (a->used.tv_sec != b->used.tv_sec)
		return a->used.tv_sec < b->used.tv_sec;
	return a->used.tv_nsec < b->used.tv_nsec;
}

/* Removes the oldest until what is left keeps within the bounds, with one more to come. */
static void remove_oldest(int cache_fd, struct kept *kept, size_t count)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += kept[i].bytes;
	while (count > 0) {
		size_t oldest = 0;

		for (size_t i = 1; i < count; i++) {
			if (is_older(&kept[i], &kept[oldest]))
				oldest = i;
		}
		if (!kept[oldest].stale && count < KEPT_COUNT_MAX && bytes <= KEPT_BYTES_MAX)
			break;
		if (try_remove(cache_fd, kept[oldest].name))
			bytes -= kept[oldest].bytes;
		kept[oldest] = kept[--count];
	}
}

/* What a killed maker left. */
static void clean_draft(int cache_fd, const char *draft)
{
	int lock_fd = cache_lock(cache_fd, draft);

	if (lock_fd < 0)
		return;
	remove_draft(cache_fd, draft);
	close(lock_fd);
}

/* A lock of nothing. */
static void clean_lock(int cache_fd, const char *lock)
{
	char name[NAME_LEN + 1];

	snprintf(name, sizeof(name), "%.*s", NAME_LEN, lock);
	if (faccessat(cache_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		(void)try_remove(cache_fd, name);
}

void cache_clean(int cache_fd, const char *name, const char *key)
{
	struct kept kept[SCAN_MAX] = {0};
	size_t count = 0;
	DIR *dir = fdopendir(openat(cache_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;

	cache_remove(cache_fd, name);
	while (dir != NULL && (entry = readdir(dir)) != NULL && count < SCAN_MAX) {
		size_t len = strlen(entry->d_name);

		if (len < NAME_LEN || strncmp(entry->d_name, name, NAME_LEN) == 0)
			continue;
		if (strcmp(entry->d_name + NAME_LEN, CACHE_DRAFT) == 0) {
			clean_draft(cache_fd, entry->d_name);
		} else if (strcmp(entry->d_name + NAME_LEN, LOCK) == 0) {
			clean_lock(cache_fd, entry->d_name);
		} else if (len == NAME_LEN) {
			memcpy(kept[count].name, entry->d_name, NAME_LEN);
			look_at(cache_fd, key, &kept[count++]);
		}
	}
	if (dir != NULL)
		closedir(dir);
	remove_oldest(cache_fd, kept, count);
}
