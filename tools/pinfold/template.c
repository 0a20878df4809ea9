/* SPDX-License-Identifier: MIT */
/*
 * Saved machines on disk, see template.h; the folder as a whole is looked after in cache.c.
 */
#include "tools/pinfold/template.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/pinfold/cache.h"

#define REFUSED_S   600
#define USED_S      60 /* the time of use is this exact */
#define SEAL_MAX    256
#define ROOM_SPARE  (64ull << 20)
#define FNV64_START 0xcbf29ce484222325u
#define FNV64_PRIME 0x100000001b3u

/* What of a file says that it is the one that was sealed. */
static int print_identity(char *text, size_t room, const struct stat *stat)
{
	return snprintf(text, room, "%ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)stat->st_ino,
	                (intmax_t)stat->st_size, (intmax_t)stat->st_mtim.tv_sec,
	                stat->st_mtim.tv_nsec, (intmax_t)stat->st_ctim.tv_sec,
	                stat->st_ctim.tv_nsec);
}

static uint64_t hash_more(uint64_t hash, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)data[i]) * FNV64_PRIME;
	return hash;
}

bool template_place(struct template_place *place, const char *key, const char **why)
{
	uint64_t hash = hash_more(FNV64_START, key, strlen(key));

	*place = (struct template_place){.key = key};
	snprintf(place->name, sizeof(place->name), "%016" PRIx64, hash);
	place->cache_fd = cache_open(why);
	return place->cache_fd >= 0;
}

static uint64_t hash_file(int fd)
{
	static char data[65536];
	uint64_t hash = FNV64_START;
	off_t at = 0;
	ssize_t got;

	while ((got = pread(fd, data, sizeof(data), at)) > 0) {
		hash = hash_more(hash, data, (size_t)got);
		at += got;
	}
	return hash;
}

/* The state is small enough to be looked at each time; the memory is not. */
static bool make_seal(const struct template *files, char *text)
{
	struct stat ram, state;
	int len;

	if (fstat(files->ram_fd, &ram) != 0 || fstat(files->state_fd, &state) != 0)
		return false;
	len = print_identity(text, SEAL_MAX, &ram);
	len += print_identity(text + len, SEAL_MAX - (size_t)len, &state);
	snprintf(text + len, SEAL_MAX - (size_t)len, "%016" PRIx64 "\n",
	         hash_file(files->state_fd));
	return true;
}

/* Whether the file has exactly this text. */
static bool file_is(int folder_fd, const char *name, const char *text)
{
	size_t len = strlen(text);
	char *found = malloc(len + 1);
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool same = found != NULL && fd >= 0 && read(fd, found, len + 1) == (ssize_t)len &&
	            memcmp(found, text, len) == 0;

	if (fd >= 0)
		close(fd);
	free(found);
	return same;
}

static bool write_file(int folder_fd, const char *name, const char *text)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t len = strlen(text);
	bool done = fd >= 0 && write(fd, text, len) == (ssize_t)len;

	if (fd >= 0)
		close(fd);
	return done;
}

void template_close(struct template *template)
{
	int *const fds[] = {&template->ram_fd, &template->state_fd, &template->log_fd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static void open_files(struct template *files, int folder_fd, int flags)
{
	files->ram_fd = openat(folder_fd, "ram", flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	files->state_fd = openat(folder_fd, "state", flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	files->log_fd = openat(folder_fd, "log", flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool are_open(const struct template *files)
{
	return files->ram_fd >= 0 && files->state_fd >= 0 && files->log_fd >= 0;
}

/* The time of use is that of the key. */
static enum template_answer look_into(const struct template_place *place, int folder_fd,
                                      struct template *found)
{
	struct stat key;
	time_t age;
	char seal[SEAL_MAX];

	if (!file_is(folder_fd, "key", place->key) || fstatat(folder_fd, "key", &key, 0) != 0)
		return TEMPLATE_MISSING;
	age = time(NULL) - key.st_mtim.tv_sec;
	if (faccessat(folder_fd, "seal", F_OK, 0) != 0)
		return age >= 0 && age < REFUSED_S ? TEMPLATE_REFUSED : TEMPLATE_MISSING;
	open_files(found, folder_fd, O_RDONLY);
	if (!are_open(found) || !make_seal(found, seal) || !file_is(folder_fd, "seal", seal)) {
		template_close(found);
		return TEMPLATE_MISSING;
	}
	if (age < 0 || age >= USED_S)
		(void)utimensat(folder_fd, "key", NULL, 0);
	return TEMPLATE_FOUND;
}

enum template_answer template_find(const struct template_place *place, struct template *found)
{
	int folder_fd =
	    openat(place->cache_fd, place->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	enum template_answer answer;

	*found = (struct template){-1, -1, -1};
	if (folder_fd < 0)
		return TEMPLATE_MISSING;
	answer = look_into(place, folder_fd, found);
	close(folder_fd);
	return answer;
}

static void print_draft_name(char name[CACHE_NAME_BYTES], const struct template_place *place)
{
	snprintf(name, CACHE_NAME_BYTES, "%s" CACHE_DRAFT, place->name);
}

static bool open_draft(const struct template_place *place, struct template_draft *draft,
                       uint64_t bytes)
{
	char name[CACHE_NAME_BYTES];

	print_draft_name(name, place);
	if (mkdirat(place->cache_fd, name, 0700) != 0)
		return false;
	draft->folder_fd =
	    openat(place->cache_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (draft->folder_fd < 0 || !write_file(draft->folder_fd, "key", place->key))
		return false;
	open_files(&draft->files, draft->folder_fd, O_RDWR | O_CREAT | O_EXCL);
	return are_open(&draft->files) && ftruncate(draft->files.ram_fd, (off_t)bytes) == 0;
}

bool template_begin(const struct template_place *place, struct template_draft *draft,
                    uint64_t bytes, const char **why)
{
	struct template found;

	*draft = (struct template_draft){.files = {-1, -1, -1}, .folder_fd = -1};
	*why = "another run makes it";
	draft->lock_fd = cache_lock(place->cache_fd, place->name);
	if (draft->lock_fd < 0)
		return false;
	if (template_find(place, &found) != TEMPLATE_MISSING) {
		/* Just now. */
		template_close(&found);
		template_give_up(place, draft, false);
		return false;
	}
	*why = "the cache has too little room";
	cache_clean(place->cache_fd, place->name, place->key);
	if (!cache_has_room(place->cache_fd, bytes + ROOM_SPARE) ||
	    !open_draft(place, draft, bytes)) {
		template_give_up(place, draft, false);
		return false;
	}
	return true;
}

static void close_draft(struct template_draft *draft)
{
	template_close(&draft->files);
	if (draft->folder_fd >= 0)
		close(draft->folder_fd);
	close(draft->lock_fd);
	draft->folder_fd = draft->lock_fd = -1;
}

bool template_finish(const struct template_place *place, struct template_draft *draft)
{
	char name[CACHE_NAME_BYTES], seal[SEAL_MAX];

	print_draft_name(name, place);
	if (!make_seal(&draft->files, seal) || !write_file(draft->folder_fd, "seal", seal) ||
	    renameat(place->cache_fd, name, place->cache_fd, place->name) != 0) {
		template_give_up(place, draft, false);
		return false;
	}
	close_draft(draft);
	return true;
}

void template_give_up(const struct template_place *place, struct template_draft *draft,
                      bool remember)
{
	char name[CACHE_NAME_BYTES];

	print_draft_name(name, place);
	if (draft->folder_fd >= 0) {
		/* A folder with the key alone is what is remembered. */
		if (remember)
			(void)cache_empty(draft->folder_fd, "key");
		if (!remember || renameat(place->cache_fd, name, place->cache_fd, place->name) != 0)
			cache_remove(place->cache_fd, name);
	}
	close_draft(draft);
}

void template_remove(const struct template_place *place, const struct template *broken)
{
	int lock_fd = cache_lock(place->cache_fd, place->name);
	struct template there;
	struct stat old, new;

	if (lock_fd < 0)
		return;
	/* Perhaps another run has replaced it meanwhile. */
	if (template_find(place, &there) != TEMPLATE_FOUND || fstat(broken->ram_fd, &old) != 0 ||
	    fstat(there.ram_fd, &new) != 0 || old.st_ino == new.st_ino)
		cache_remove(place->cache_fd, place->name);
	template_close(&there);
	close(lock_fd);
}
