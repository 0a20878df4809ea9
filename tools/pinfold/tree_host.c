/* SPDX-License-Identifier: MIT */
/*
 * Takes files and folders of this machine into the archive, see tree.h.
 */
#include <errno.h>
#include <fts.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/path.h"
#include "tools/pinfold/tree_internal.h"

#define NEWC_FILE_MAX 0xffffffffll /* sizes have eight hexadecimal digits */

static void put_link(struct archive_entry *entry, const char *host)
{
	char target[4096] = "";
	ssize_t len = readlink(host, target, sizeof(target) - 1);

	if (len < 0)
		fail_exit(STATUS_FAILURE, "cannot read the link %s: %s", host, strerror(errno));
	archive_entry_set_symlink(entry, target);
}

/* A file of this machine that has several names, and its number in the archive. */
struct file_number {
	dev_t dev;
	ino_t ino, number;
};

static int compare_numbers(const void *a, const void *b)
{
	const struct file_number *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

/* The archive's numbers are ours: this machine's may be longer than the format's. */
static ino_t number_of(struct tree *tree, const struct stat *stat)
{
	struct file_number *number = fail_alloc(malloc(sizeof(*number)));
	struct file_number **found;

	*number = (struct file_number){.dev = stat->st_dev, .ino = stat->st_ino};
	found = fail_alloc(tsearch(number, &tree->numbers, compare_numbers));
	if (*found == number)
		number->number = tree->next_ino++;
	else
		free(number);
	return (*found)->number;
}

static void put_found(struct tree *tree, const FTSENT *found, const char *guest, enum tree_how how)
{
	const struct stat *stat = found->fts_statp;
	struct archive_entry *entry = tree_new_entry(tree, guest, stat->st_mode);

	tree_note_time(tree, entry, &stat->st_mtim);
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
			archive_entry_set_ino64(entry, (la_int64_t)number_of(tree, stat));
		}
	}
	tree_write_resolved(tree, entry);
}

static bool is_left_out(const FTSENT *found)
{
	mode_t mode = found->fts_statp->st_mode;

	return S_ISCHR(mode) || S_ISBLK(mode) || S_ISSOCK(mode);
}

/* The folders that the guest's kernel fills itself. */
static bool is_kernel_folder(const char *guest)
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
	struct stat named;
	FTSENT *found;

	if (stat(start, &named) == 0 && (S_ISCHR(named.st_mode) || S_ISBLK(named.st_mode)))
		fail_exit(STATUS_FAILURE, "%s is a device: the guest has its own", host);
	if (stat(start, &named) == 0 && S_ISSOCK(named.st_mode))
		fail_exit(STATUS_FAILURE, "%s is a socket: nobody would answer in the guest", host);
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
