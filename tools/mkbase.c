/* SPDX-License-Identifier: MIT */
/*
 * Writes the base root, the guest's files when no --root is given: a static busybox with a link for
 * each of its applets, and the few files that programs look for.
 *
 * Use: mkbase BUSYBOX OUTPUT
 * The same busybox gives the same archive, byte by byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/pinfold/base.h"
#include "tools/pinfold/fail.h"
#include "tools/pinfold/strvec.h"
#include "tools/pinfold/tree.h"

static void put_text(struct tree *tree, const char *path, const char *text)
{
	tree_put_bytes(tree, path, 0644, text, strlen(text));
}

/* The applets' places are what this busybox itself says, as in "usr/bin/env". */
static void put_applets(struct tree *tree, const char *busybox)
{
	char *command = string_format("'%s' --list-full", busybox);
	FILE *list = fail_alloc(popen(command, "r"));
	char line[256];
	unsigned int count = 0;

	while (fgets(line, sizeof(line), list) != NULL) {
		char *path;

		line[strcspn(line, "\n")] = '\0';
		if (strchr(line, '/') == NULL || strcmp(line, "bin/busybox") == 0)
			continue;
		path = string_format("/%s", line);
		tree_put_symlink(tree, path, "/bin/busybox");
		free(path);
		count++;
	}
	if (pclose(list) != 0 || count == 0)
		fail_exit(STATUS_FAILURE, "%s does not list its applets", busybox);
	free(command);
}

int main(int argc, char **argv)
{
	struct stat stat_busybox;
	struct tree *tree;
	int fd;

	if (argc != 3)
		fail_exit(STATUS_FAILURE, "use: mkbase BUSYBOX OUTPUT");
	if (stat(argv[1], &stat_busybox) != 0)
		fail_exit(STATUS_FAILURE, "%s: %s", argv[1], strerror(errno));
	fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		fail_exit(STATUS_FAILURE, "%s: %s", argv[2], strerror(errno));
	tree = tree_open(fd, stat_busybox.st_mtim.tv_sec);
	for (size_t i = 0; i < BASE_FOLDER_COUNT; i++)
		tree_put_directory(tree, base_folders[i].path, base_folders[i].mode);
	tree_put_host(tree, argv[1], "/bin/busybox", TREE_AS_ROOT);
	put_applets(tree, argv[1]);
	put_text(tree, "/etc/passwd",
	         "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
	put_text(tree, "/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
	put_text(tree, "/etc/hostname", "pinfold\n");
	tree_close(tree);
	return close(fd) == 0 ? 0 : STATUS_FAILURE;
}
