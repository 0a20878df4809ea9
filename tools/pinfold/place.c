/* SPDX-License-Identifier: MIT */
/*
 * Where Pinfold's own files are, see place.h.
 */
#include "tools/pinfold/place.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/strvec.h"

static const struct {
	const char *what;
	const char *built;     /* beside the command, in the source tree */
	const char *installed; /* in a folder that holds all of them */
} places[] = {
    [PLACE_KERNEL] = {"the kernel", "build/kernel/pinfold-kernel.elf", "pinfold-kernel.elf"},
    [PLACE_BASE] = {"the base ramdisk", "build/ramdisk/base.cpio", "base.cpio"},
    [PLACE_XEN] = {"the release Xen", "build/xen/xen-release", "xen-release"},
};

/* The folder that this command lies in. */
static const char *own_folder(void)
{
	static char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (len <= 0)
		fail_exit(STATUS_FAILURE,
		          "cannot find this command's own folder (is /proc there?)");
	path[len] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	return path;
}

char *place_find(enum place_file file)
{
	const char *chosen = getenv("PINFOLD_LIB");
	char *path;

	if (chosen != NULL && chosen[0] != '\0') {
		path = string_format("%s/%s", chosen, places[file].installed);
		if (access(path, R_OK) == 0)
			return path;
		fail_exit(STATUS_FAILURE, "%s is missing: no %s", places[file].what, path);
	}
	path = string_format("%s/%s", own_folder(), places[file].built);
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	path = string_format("%s/../lib/pinfold/%s", own_folder(), places[file].installed);
	if (access(path, R_OK) == 0)
		return path;
	fail_exit(STATUS_FAILURE, "%s is missing: no %s/%s; run make", places[file].what,
	          own_folder(), places[file].built);
}
