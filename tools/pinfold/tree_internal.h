/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of tree.h share: the archive (tree.c), and what is taken from this machine
 * (tree_host.c).
 */
#ifndef PINFOLD_TOOLS_TREE_INTERNAL_H
#define PINFOLD_TOOLS_TREE_INTERNAL_H

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdio.h>

#include "tools/pinfold/tree.h"

struct tree {
	struct archive *archive;
	struct archive_entry_linkresolver *links;
	void *known;   /* a search tree of paths */
	void *numbers; /* of files with several names: struct file_number of tree_host.c */
	time_t made_at;
	ino_t next_ino;
	FILE *times_file; /* what goes to `times` */
	char *times;
	size_t times_len;
	int64_t packed;           /* bytes of the archive, with what comes before it */
	int64_t passed, unpacked; /* bytes read and made when the guest has come up to here */
	int64_t excess;           /* the most that `unpacked` was ahead of `passed` */
	int64_t limit;            /* of tree_close()'s result */
	bool is_over;
};

/* Ends the process when a call of libarchive's has failed. */
void tree_check(struct tree *tree, la_ssize_t result, const char *path);

/* A fresh entry for a guest path, with the folders above it written. */
struct archive_entry *tree_new_entry(struct tree *tree, const char *path, mode_t mode);

/* The entry's time: as far as the format goes in the entry, and exactly at the end. */
void tree_note_time(struct tree *tree, struct archive_entry *entry, const struct timespec *time);

/*
 * Writes the entry, with the content of its source path, or holds it back until it is known which
 * name of the file carries the content. Takes the entry over.
 */
void tree_write_resolved(struct tree *tree, struct archive_entry *entry);

#endif
