/* SPDX-License-Identifier: MIT */
/*
 * Writes a tree of files as a cpio archive through libarchive, see tree.h.
 *
 * Invariant: a folder is written before what lies in it, and never twice by accident: `known` holds
 * every folder that was written or is there from an earlier archive, so that making the folders
 * above a file never changes the mode of one that exists.
 */
#include "tools/pinfold/tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/path.h"
#include "tools/pinfold/strvec.h"

#define COPY_BYTES    65536
#define NEWC_FILE_MAX 0xffffffffll /* sizes have eight hexadecimal digits */

struct tree {
	struct archive *archive;
	struct archive_entry_linkresolver *links;
	void *known; /* a search tree of paths */
	time_t made_at;
	ino_t next_ino;
	int64_t bytes; /* of files, so far */
	int64_t limit;
};

static int compare_paths(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void check(struct tree *tree, la_ssize_t result, const char *path)
{
	if (result < ARCHIVE_WARN)
		fail_exit(STATUS_FAILURE, "ramdisk: %s: %s", path,
		          archive_error_string(tree->archive));
}

struct tree *tree_open(int fd, time_t made_at)
{
	struct tree *tree = fail_alloc(calloc(1, sizeof(*tree)));

	tree->made_at = made_at;
	tree->next_ino = 1;
	tree->limit = INT64_MAX;
	tree->archive = fail_alloc(archive_write_new());
	check(tree, archive_write_set_format_cpio_newc(tree->archive), "format");
	check(tree, archive_write_set_bytes_per_block(tree->archive, COPY_BYTES), "format");
	check(tree, archive_write_set_bytes_in_last_block(tree->archive, 512), "format");
	check(tree, archive_write_open_fd(tree->archive, fd), "open");
	tree->links = fail_alloc(archive_entry_linkresolver_new());
	archive_entry_linkresolver_set_strategy(tree->links, ARCHIVE_FORMAT_CPIO_SVR4_NOCRC);
	tree_know_directory(tree, "/");
	return tree;
}

void tree_set_limit(struct tree *tree, unsigned int mib)
{
	tree->limit = (int64_t)mib << 20;
}

void tree_know_directory(struct tree *tree, const char *path)
{
	char *copy = fail_alloc(strdup(path));
	char **found = fail_alloc(tsearch(copy, &tree->known, compare_paths));

	if (*found != copy)
		free(copy);
}

static int is_known(struct tree *tree, const char *path)
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

/* A fresh entry for a guest path, with the folders above it written. */
static struct archive_entry *new_entry(struct tree *tree, const char *path, mode_t mode)
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

void tree_put_directory(struct tree *tree, const char *path, mode_t mode)
{
	struct archive_entry *entry = new_entry(tree, path, S_IFDIR | mode);

	tree_know_directory(tree, path);
	check(tree, archive_write_header(tree->archive, entry), path);
	archive_entry_free(entry);
}

void tree_put_bytes(struct tree *tree, const char *path, mode_t mode, const void *data, size_t len)
{
	struct archive_entry *entry = new_entry(tree, path, S_IFREG | mode);

	archive_entry_set_size(entry, (la_int64_t)len);
	check(tree, archive_write_header(tree->archive, entry), path);
	check(tree, archive_write_data(tree->archive, data, len), path);
	archive_entry_free(entry);
}

void tree_put_symlink(struct tree *tree, const char *path, const char *target)
{
	struct archive_entry *entry = new_entry(tree, path, S_IFLNK | 0777);

	archive_entry_set_symlink(entry, target);
	check(tree, archive_write_header(tree->archive, entry), path);
	archive_entry_free(entry);
}

/*
 * A file that shrinks while it is copied is filled with zeros by libarchive, as the header
 * promised.
 */
static void copy_content(struct tree *tree, const char *host)
{
	static char buffer[COPY_BYTES];
	int fd = open(host, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (tree->bytes > tree->limit)
		fail_exit(STATUS_FAILURE, "more than %lld MiB of files do not fit --memory (%s)",
		          (long long)(tree->limit >> 20), host);
	if (fd < 0)
		fail_exit(STATUS_FAILURE, "cannot read %s: %s", host, strerror(errno));
	while ((len = read(fd, buffer, sizeof(buffer))) > 0)
		check(tree, archive_write_data(tree->archive, buffer, (size_t)len), host);
	if (len < 0)
		fail_exit(STATUS_FAILURE, "cannot read %s: %s", host, strerror(errno));
	close(fd);
}

static void write_entry(struct tree *tree, struct archive_entry *entry)
{
	check(tree, archive_write_header(tree->archive, entry), archive_entry_pathname(entry));
	tree->bytes += archive_entry_size(entry);
	if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_size(entry) > 0)
		copy_content(tree, archive_entry_sourcepath(entry));
	archive_entry_free(entry);
}

/* The names of one file are held back by the resolver until it knows which carries the content. */
static void write_resolved(struct tree *tree, struct archive_entry *entry)
{
	struct archive_entry *spare = NULL;

	archive_entry_linkify(tree->links, &entry, &spare);
	if (entry != NULL)
		write_entry(tree, entry);
	if (spare != NULL)
		write_entry(tree, spare);
}

static void put_link(struct archive_entry *entry, const char *host)
{
	char target[4096] = "";
	ssize_t len = readlink(host, target, sizeof(target) - 1);

	if (len < 0)
		fail_exit(STATUS_FAILURE, "cannot read the link %s: %s", host, strerror(errno));
	archive_entry_set_symlink(entry, target);
}

static void put_found(struct tree *tree, const FTSENT *found, const char *guest, enum tree_how how)
{
	const struct stat *stat = found->fts_statp;
	struct archive_entry *entry = new_entry(tree, guest, stat->st_mode);

	archive_entry_set_mtime(entry, stat->st_mtim.tv_sec, 0);
	if (how == TREE_KEEP_OWNERS) {
		archive_entry_set_uid(entry, stat->st_uid);
		archive_entry_set_gid(entry, stat->st_gid);
	}
	if (S_ISDIR(stat->st_mode)) {
		tree_know_directory(tree, guest);
	} else if (S_ISLNK(stat->st_mode)) {
		put_link(entry, found->fts_accpath);
	} else if (S_ISREG(stat->st_mode)) {
		if (stat->st_size > NEWC_FILE_MAX)
			fail_exit(STATUS_FAILURE, "%s is too large for a ramdisk", found->fts_path);
		archive_entry_set_size(entry, stat->st_size);
		archive_entry_copy_sourcepath(entry, found->fts_path);
		if (stat->st_nlink > 1) {
			archive_entry_set_nlink(entry, (unsigned int)stat->st_nlink);
			archive_entry_set_ino64(entry, (la_int64_t)stat->st_ino);
			archive_entry_set_dev(entry, stat->st_dev);
		}
	}
	write_resolved(tree, entry);
}

static int is_left_out(const FTSENT *found)
{
	mode_t mode = found->fts_statp->st_mode;

	return S_ISCHR(mode) || S_ISBLK(mode) || S_ISSOCK(mode);
}

/* The folders that the guest's kernel fills itself. */
static int is_kernel_folder(const char *guest)
{
	return strcmp(guest, "/dev") == 0 || strcmp(guest, "/proc") == 0 ||
	       strcmp(guest, "/sys") == 0;
}

static void put_visited(struct tree *tree, FTS *walk, FTSENT *found, const char *place, size_t skip,
                        enum tree_how how)
{
	const char *below = found->fts_path + skip;
	char *guest;

	below += *below == '/';
	guest = path_absolute(place, below);
	if (how == TREE_KEEP_OWNERS && found->fts_info == FTS_D && is_kernel_folder(guest))
		fts_set(walk, found, FTS_SKIP);
	/* The guest's root itself is there before any archive is unpacked. */
	if (strcmp(guest, "/") != 0 && !is_left_out(found))
		put_found(tree, found, guest, how);
	free(guest);
}

static int compare_found(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

void tree_put_host(struct tree *tree, const char *host, const char *guest, enum tree_how how)
{
	char *start = path_absolute_here(host);
	char *const paths[] = {start, NULL};
	size_t skip = strcmp(start, "/") == 0 ? 0 : strlen(start);
	FTS *walk =
	    fail_alloc(fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, compare_found));
	FTSENT *found;

	while ((found = fts_read(walk)) != NULL) {
		switch (found->fts_info) {
		case FTS_DP:
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			fail_exit(STATUS_FAILURE, "cannot read %s: %s", found->fts_path,
			          strerror(found->fts_errno));
		default:
			put_visited(tree, walk, found, guest, skip, how);
			break;
		}
	}
	fts_close(walk);
	free(start);
}

static void free_known(struct tree *tree)
{
	while (tree->known != NULL) {
		char *path = *(char **)tree->known;

		tdelete(path, &tree->known, compare_paths);
		free(path);
	}
}

void tree_close(struct tree *tree)
{
	struct archive_entry *entry = NULL, *spare = NULL;

	/* What is still held back: files whose other names lie outside the tree. */
	for (;;) {
		entry = NULL;
		archive_entry_linkify(tree->links, &entry, &spare);
		if (entry == NULL)
			break;
		write_entry(tree, entry);
	}
	archive_entry_linkresolver_free(tree->links);
	check(tree, archive_write_close(tree->archive), "end");
	archive_write_free(tree->archive);
	free_known(tree);
	free(tree);
}
