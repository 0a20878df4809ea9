/* SPDX-License-Identifier: MIT */
/*
 * Writes a tree of files as a cpio archive through libarchive, see tree.h.
 *
 * Invariant: a folder is written before what lies in it, and never twice by accident: `known` holds
 * every folder that was written or is there from an earlier archive, so that making the folders
 * above a file never changes the mode of one that exists.
 */
#include "tools/pinfold/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/limits.h"
#include "tools/pinfold/progress.h"
#include "tools/pinfold/tree_internal.h"

#define COPY_BYTES    65536
#define NEWC_HEAD     110          /* bytes of a header, before the name */
#define NEWC_TIME_MAX 0xffffffffll /* as sizes: eight hexadecimal digits, no sign */

/* What a file takes in the guest beside its pages: its inode, its name; and for each page. */
#define GUEST_ENTRY_BYTES 1024
#define GUEST_PAGE_BYTES  (4096 + 16)

static int compare_paths(const void *a, const void *b)
{
	return strcmp(a, b);
}

void tree_check(struct tree *tree, la_ssize_t result, const char *path)
{
	if (result < ARCHIVE_WARN)
		fail_exit(STATUS_FAILURE, "ramdisk: %s: %s", path,
		          archive_errno(tree->archive) == EFBIG
		              ? limits_explain(EFBIG)
		              : archive_error_string(tree->archive));
}

struct tree *tree_open(int fd, time_t made_at)
{
	struct tree *tree = fail_alloc(calloc(1, sizeof(*tree)));

	tree->made_at = made_at;
	tree->next_ino = 1;
	tree->limit = INT64_MAX;
	tree->times_file = fail_alloc(open_memstream(&tree->times, &tree->times_len));
	tree->archive = fail_alloc(archive_write_new());
	tree_check(tree, archive_write_set_format_cpio_newc(tree->archive), "format");
	tree_check(tree, archive_write_set_bytes_per_block(tree->archive, COPY_BYTES), "format");
	tree_check(tree, archive_write_set_bytes_in_last_block(tree->archive, 512), "format");
	tree_check(tree, archive_write_open_fd(tree->archive, fd), "open");
	tree->links = fail_alloc(archive_entry_linkresolver_new());
	archive_entry_linkresolver_set_strategy(tree->links, ARCHIVE_FORMAT_CPIO_SVR4_NOCRC);
	tree_know_directory(tree, "/");
	return tree;
}

void tree_set_limit(struct tree *tree, int64_t before, int64_t limit)
{
	tree->packed = before;
	tree->limit = limit;
}

static int64_t align4(int64_t bytes)
{
	return (bytes + 3) & ~3ll;
}

/*
 * The guest holds what is not unpacked yet, and the files that are. The most of that is asked for:
 * at the end of the archive, or, where small files come first, on the way.
 */
static int64_t need(const struct tree *tree)
{
	return tree->packed + tree->excess;
}

/* Counts an entry of so many bytes. Once it is too much nothing is written any more. */
static void count(struct tree *tree, const char *path, int64_t size)
{
	int64_t content;

	tree->packed += align4(NEWC_HEAD + (int64_t)strlen(path) + 1) + align4(size);
	tree->passed += align4(NEWC_HEAD + (int64_t)strlen(path) + 1) + align4(size);
	tree->unpacked += GUEST_ENTRY_BYTES + (size + 4095) / 4096 * GUEST_PAGE_BYTES;
	content = tree->unpacked - tree->passed;
	if (content > tree->excess)
		tree->excess = content;
	tree->is_over = tree->is_over || need(tree) > tree->limit;
}

void tree_know_directory(struct tree *tree, const char *path)
{
	char *copy = fail_alloc(strdup(path));
	char **found = fail_alloc(tsearch(copy, &tree->known, compare_paths));

	if (*found != copy)
		free(copy);
}

static bool is_known(struct tree *tree, const char *path)
{
	return tfind(path, &tree->known, compare_paths) != NULL;
}

static void put_parents(struct tree *tree, const char *path)
{
	char *part = fail_alloc(strdup(path));

	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!is_known(tree, part))
			tree_put_directory(tree, part, 0755);
		*slash = '/';
	}
	free(part);
}

struct archive_entry *tree_new_entry(struct tree *tree, const char *path, mode_t mode)
{
	struct archive_entry *entry = fail_alloc(archive_entry_new());

	put_parents(tree, path);
	archive_entry_set_pathname(entry, path + 1);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_mtime(entry, tree->made_at, 0);
	archive_entry_set_nlink(entry, 1);
	archive_entry_set_ino64(entry, (la_int64_t)tree->next_ino++);
	archive_entry_set_size(entry, 0);
	return entry;
}

/* Writes a header. False: there is no room, and no content is to be written either. */
static bool put_header(struct tree *tree, struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);
	const char *target = archive_entry_symlink(entry);

	count(tree, path, target != NULL ? (int64_t)strlen(target) : archive_entry_size(entry));
	if (tree->is_over)
		return false;
	tree_check(tree, archive_write_header(tree->archive, entry), path);
	return true;
}

void tree_put_directory(struct tree *tree, const char *path, mode_t mode)
{
	struct archive_entry *entry = tree_new_entry(tree, path, S_IFDIR | mode);

	tree_know_directory(tree, path);
	put_header(tree, entry);
	archive_entry_free(entry);
}

void tree_put_bytes(struct tree *tree, const char *path, mode_t mode, const void *data, size_t len)
{
	struct archive_entry *entry = tree_new_entry(tree, path, S_IFREG | mode);

	archive_entry_set_size(entry, (la_int64_t)len);
	if (put_header(tree, entry))
		tree_check(tree, archive_write_data(tree->archive, data, len), path);
	archive_entry_free(entry);
}

void tree_put_symlink(struct tree *tree, const char *path, const char *target)
{
	struct archive_entry *entry = tree_new_entry(tree, path, S_IFLNK | 0777);

	archive_entry_set_symlink(entry, target);
	put_header(tree, entry);
	archive_entry_free(entry);
}

void tree_note_time(struct tree *tree, struct archive_entry *entry, const struct timespec *time)
{
	int64_t seconds = time->tv_sec;

	if (seconds < 0 || seconds > NEWC_TIME_MAX || time->tv_nsec != 0)
		fprintf(tree->times_file, "%lld %ld %s%c", (long long)seconds, time->tv_nsec,
		        archive_entry_pathname(entry), '\0');
	if (seconds < 0)
		seconds = 0;
	archive_entry_set_mtime(entry, seconds > NEWC_TIME_MAX ? NEWC_TIME_MAX : seconds, 0);
}

static ssize_t read_some(int fd, void *buffer, size_t room, const char *host)
{
	ssize_t len = read(fd, buffer, room);

	if (len < 0)
		fail_exit(STATUS_FAILURE, "cannot read %s: %s", host, strerror(errno));
	return len;
}

/* As much as there is, up to the room. */
static size_t read_whole(int fd, char *buffer, size_t room, const char *host)
{
	size_t len = 0;
	ssize_t got;

	while (len < room && (got = read_some(fd, buffer + len, room - len, host)) > 0)
		len += (size_t)got;
	return len;
}

/*
 * The rest of a file's content. It has the length that the header says: what grew meanwhile is cut
 * off, and what shrank gets zeros, as the header cannot be taken back.
 */
static void copy_content(struct tree *tree, int fd, int64_t left, const char *host)
{
	static char buffer[COPY_BYTES];

	while (left > 0) {
		size_t want = left < COPY_BYTES ? (size_t)left : COPY_BYTES;
		ssize_t len = read_some(fd, buffer, want, host);

		if (len == 0) {
			fail_print("%s has shrunk while it was packed: its last %lld bytes are "
			           "zeros in the guest",
			           host, (long long)left);
			return;
		}
		tree_check(tree, archive_write_data(tree->archive, buffer, (size_t)len), host);
		left -= len;
		progress_add(len);
	}
}

/* A small file's length is what can be read: files of /proc and /sys do not know theirs. */
static void write_file(struct tree *tree, struct archive_entry *entry)
{
	static char start[COPY_BYTES + 1];
	const char *host = archive_entry_sourcepath(entry);
	int64_t size = archive_entry_size(entry);
	int fd = open(host, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;

	if (fd < 0)
		fail_exit(STATUS_FAILURE, "cannot read %s: %s", host, strerror(errno));
	if (size <= COPY_BYTES)
		len = read_whole(fd, start, sizeof(start), host);
	if (size <= COPY_BYTES && len <= COPY_BYTES)
		size = (int64_t)len;
	else if (size < (int64_t)len)
		len = (size_t)size;
	archive_entry_set_size(entry, size);
	if (put_header(tree, entry)) {
		tree_check(tree, archive_write_data(tree->archive, start, len), host);
		copy_content(tree, fd, size - (int64_t)len, host);
	}
	close(fd);
}

/* Of a file with several names one entry has the content, the others have no size. */
static void write_entry(struct tree *tree, struct archive_entry *entry)
{
	if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_size_is_set(entry) &&
	    archive_entry_sourcepath(entry) != NULL)
		write_file(tree, entry);
	else
		put_header(tree, entry);
	archive_entry_free(entry);
}

void tree_write_resolved(struct tree *tree, struct archive_entry *entry)
{
	struct archive_entry *spare = NULL;

	archive_entry_linkify(tree->links, &entry, &spare);
	if (entry != NULL)
		write_entry(tree, entry);
	if (spare != NULL)
		write_entry(tree, spare);
}

static void free_known(struct tree *tree)
{
	while (tree->known != NULL) {
		char *path = *(char **)tree->known;

		tdelete(path, &tree->known, compare_paths);
		free(path);
	}
}

/* The last entry: what the format cannot say of the others' times. */
static void put_times(struct tree *tree)
{
	if (fclose(tree->times_file) != 0)
		fail_exit(STATUS_FAILURE, "out of memory");
	if (tree->times_len > 0)
		tree_put_bytes(tree, TREE_TIMES_PATH, 0600, tree->times, tree->times_len);
	free(tree->times);
}

struct tree_size tree_close(struct tree *tree)
{
	struct archive_entry *entry = NULL, *spare = NULL;
	struct tree_size size;

	/* What is still held back: files whose other names lie outside the tree. */
	for (;;) {
		entry = NULL;
		archive_entry_linkify(tree->links, &entry, &spare);
		if (entry == NULL)
			break;
		write_entry(tree, entry);
	}
	put_times(tree);
	archive_entry_linkresolver_free(tree->links);
	tree_check(tree, archive_write_close(tree->archive), "end");
	archive_write_free(tree->archive);
	free_known(tree);
	tdestroy(tree->numbers, free);
	size = (struct tree_size){.packed = tree->packed, .needed = need(tree)};
	free(tree);
	return size;
}
