/* SPDX-License-Identifier: MIT */
/*
 * Names of the base root, see base_names.h: the archive is read through, which is a millisecond.
 */
#include "tools/pinfold/base_names.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/place.h"
#include "tools/pinfold/strvec.h"

static bool find(struct archive *archive, const char *name)
{
	struct archive_entry *entry;

	while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
		if (archive_entry_filetype(entry) != AE_IFDIR &&
		    strcmp(archive_entry_pathname(entry), name) == 0)
			return true;
	}
	return false;
}

bool base_has(const char *path)
{
	char *place = place_find(PLACE_BASE);
	struct archive *archive = fail_alloc(archive_read_new());
	bool found = archive_read_support_format_cpio(archive) == ARCHIVE_OK &&
	             archive_read_open_filename(archive, place, 65536) == ARCHIVE_OK &&
	             find(archive, path + 1);

	archive_read_free(archive);
	free(place);
	return found;
}

bool base_has_command(const char *name)
{
	static const char *const folders[] = {"/bin", "/sbin", "/usr/bin", "/usr/sbin"};
	bool found = false;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !found; i++) {
		char *path = string_format("%s/%s", folders[i], name);

		found = base_has(path);
		free(path);
	}
	return found;
}
