/* SPDX-License-Identifier: MIT */
/*
 * Where Pinfold's own files are, see place.h.
 */
#include "tools/pinfold/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/strvec.h"

/* A multiboot header is one word at least, and lies in the first bytes of a file. */
#define MULTIBOOT_MAGIC 0x1badb002u
#define MULTIBOOT_BYTES 8192

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
	fail_exit(STATUS_FAILURE,
	          "%s is missing: no %s/%s; run make, or set PINFOLD_LIB to the folder that has %s",
	          places[file].what, own_folder(), places[file].built, places[file].installed);
}

/* An ELF file, or one with a multiboot header where the specification wants it. */
static bool is_bootable(const char *head, size_t len)
{
	if (len >= 4 && memcmp(head, "\177ELF", 4) == 0)
		return true;
	for (size_t at = 0; at + sizeof(uint32_t) <= len; at += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, head + at, sizeof(word));
		if (word == MULTIBOOT_MAGIC)
			return true;
	}
	return false;
}

char *place_xen(const char *chosen)
{
	static char head[MULTIBOOT_BYTES];
	ssize_t len = -1;
	int fd;

	if (chosen == NULL)
		return place_find(PLACE_XEN);
	fd = open(chosen, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		len = read(fd, head, sizeof(head));
	if (len < 0)
		fail_exit(STATUS_FAILURE, "--xen: %s: %s", chosen, strerror(errno));
	close(fd);
	if (!is_bootable(head, (size_t)len))
		fail_exit(STATUS_FAILURE, "--xen: %s is no Xen: neither ELF nor multiboot%s",
		          chosen, memcmp(head, "\37\213", 2) == 0 ? "; gunzip it first" : "");
	return fail_alloc(strdup(chosen));
}
