/* SPDX-License-Identifier: MIT */
/*
 * Builds the ramdisk, see ramdisk.h.
 *
 * It is one or two cpio archives, one after another: the base root (copied as it is, unless --root
 * replaces it), then what this run adds. A later entry replaces an earlier one of the same name.
 *
 * Which file PROGRAM means, in this order: a name without a slash is looked up in the guest's PATH
 * by the kernel. A path that --add or --root brings is the guest's. Else a path that exists
 * here is a file of this machine, checked and put into the guest at its absolute path; but when the
 * guest cannot run it and the base root has a program at that path, it is that one. Else it is a
 * path in the guest's root.
 */
#include "tools/pinfold/ramdisk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/pinfold/base.h"
#include "tools/pinfold/base_names.h"
#include "tools/pinfold/copy.h"
#include "tools/pinfold/elf.h"
#include "tools/pinfold/fail.h"
#include "tools/pinfold/path.h"
#include "tools/pinfold/place.h"
#include "tools/pinfold/progress.h"
#include "tools/pinfold/tree.h"

/*
 * What the guest's memory holds beside the ramdisk and its files: the kernel with what Xen puts
 * around it, then records and tables for each page, what files never take (one page in 32), and
 * something for programs. Measured: 7 MiB of 32, 16 of 256, 58 of 1024.
 */
#define KERNEL_NEEDS_MIB   8
#define KERNEL_NEEDS_SHARE 16 /* one MiB of so many */

/*
 * For a ramdisk that is a file of an image. Xen moves it to the end of the machine's memory,
 * forwards and some 504 MiB at a time. If the two places overlap, a larger one is damaged by that
 * (seen with 700 MiB in a guest of 800, on 4.17); they do not when the memory is twice as large.
 * QEMU loads no file of 2 GiB, and below the hole for devices there is room for two of
 * HANDED_OVER_MIB.
 */
#define MOVED_MIB       500
#define HANDED_OVER_MIB 1400

#define DESCRIPTION_PATH "/.pinfold-run"
#define GUEST_PATH       "/bin:/sbin:/usr/bin:/usr/sbin"

/* The run description's text so far. */
struct description {
	char *data;
	size_t len;
};

/* Returns its bytes. */
static int64_t copy_base(int fd)
{
	char *path = place_find(PLACE_BASE);
	int64_t bytes = copy_whole(fd, "the ramdisk", path);

	free(path);
	return bytes;
}

static int64_t measure_base(void)
{
	char *path = place_find(PLACE_BASE);
	struct stat stat_base;

	if (stat(path, &stat_base) != 0)
		fail_exit(STATUS_FAILURE, "%s: %s", path, strerror(errno));
	free(path);
	return stat_base.st_size;
}

/* Splits HOST[:GUEST] at the last colon that a slash follows. The caller frees both. */
static void split_add(const char *text, char **host, char **guest)
{
	const char *colon = NULL;

	for (const char *at = text; (at = strstr(at, ":/")) != NULL; at++)
		colon = at;
	if (colon == NULL || colon == text) {
		*host = fail_alloc(strdup(text));
		*guest = path_absolute_here(text);
		return;
	}
	*host = fail_alloc(strndup(text, (size_t)(colon - text)));
	if (colon[strlen(colon) - 1] == '/' && colon[2] != '\0') {
		char *whole = path_absolute_here(*host);

		*guest = path_absolute(colon + 1, strrchr(whole, '/') + 1);
		free(whole);
	} else {
		*guest = path_absolute("/", colon + 1);
	}
}

/*
 * The place of a guest path in the tree that --root gives, its links followed. Takes the path over.
 */
static char *settle(int root_fd, char *guest)
{
	char *inside;

	if (root_fd < 0 || strcmp(guest, "/") == 0)
		return guest;
	inside = path_inside(root_fd, guest);
	free(guest);
	return inside;
}

/* Returns true if one of the additions is, or holds, the guest path. */
static bool put_adds(struct tree *tree, int root_fd, const struct options *options,
                     const char *wanted)
{
	bool found = false;

	for (size_t i = 0; i < options->adds.count; i++) {
		char *host, *guest;
		size_t len;

		split_add(options->adds.item[i], &host, &guest);
		len = strcmp(guest, "/") == 0 ? 0 : strlen(guest);
		if (wanted != NULL && strncmp(wanted, guest, len) == 0 &&
		    (wanted[len] == '/' || wanted[len] == '\0')) {
			char *there = string_format("%s%s", host, wanted + len);

			found = found || access(there, F_OK) == 0;
			free(there);
		}
		if (access(host, F_OK) != 0)
			fail_exit(STATUS_FAILURE, "--add: %s: %s%s", host, strerror(errno),
			          strchr(host, ':') != NULL ? "; the place in the guest must be"
			                                      " an absolute path"
			                                    : "");
		guest = settle(root_fd, guest);
		tree_put_host(tree, host, guest, TREE_AS_ROOT);
		free(host);
		free(guest);
	}
	return found;
}

/*
 * The guest cannot run this file of this machine's. Returns if it has a program of its own at that
 * path, which is meant then; else ends the process.
 */
static void refuse_program(const struct options *options, const char *program, const char *why)
{
	const char *name = strrchr(program, '/') + 1;
	bool may_own = options->root == NULL;

	if (may_own && program[0] == '/' && base_has(program)) {
		if (options->verbose || isatty(STDERR_FILENO))
			fail_print("%s %s; the guest's own %s is run", program, why, program);
		return;
	}
	fail_exit(STATUS_NOEXEC, "%s %s%s%s", program, why,
	          may_own && base_has_command(name) ? "; the guest has its own: -- " : "",
	          may_own && base_has_command(name) ? name : "");
}

/*
 * False if the guest's own program at that path is meant. Ends the process when the guest can
 * run neither.
 */
static bool check_program(const struct options *options, const char *program)
{
	struct stat stat_program;
	char why[512];
	int fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (stat(program, &stat_program) != 0)
		fail_exit(STATUS_NOEXEC, "%s: %s", program, strerror(errno));
	if (S_ISDIR(stat_program.st_mode))
		fail_exit(STATUS_NOEXEC, "%s is a directory", program);
	if (!S_ISREG(stat_program.st_mode))
		fail_exit(STATUS_NOEXEC, "%s is not a regular file", program);
	if (access(program, X_OK) != 0)
		fail_exit(STATUS_NOEXEC, "%s is not executable (no x permission)", program);
	if (fd < 0)
		fail_exit(STATUS_NOEXEC, "%s cannot be read", program);
	if (elf_check_static(fd, why, sizeof(why)) != 0) {
		close(fd);
		refuse_program(options, program, why);
		return false;
	}
	close(fd);
	return true;
}

static bool is_on_host(const char *program)
{
	struct stat stat_program;

	return stat(program, &stat_program) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* What the description names as the program: a path in the guest, or "" for a search in PATH. */
static char *put_program(struct tree *tree, int root_fd, const struct options *options,
                         bool is_added)
{
	const char *program = options->program[0];
	char *guest;

	if (strchr(program, '/') == NULL)
		return fail_alloc(strdup(""));
	if (is_added || (root_fd >= 0 && program[0] == '/' && path_exists_inside(root_fd, program)))
		return path_absolute("/", program);
	if (!is_on_host(program))
		return path_absolute("/", program);
	if (!check_program(options, program))
		return path_absolute("/", program);
	guest = settle(root_fd, path_absolute_here(program));
	tree_put_host(tree, program, guest, TREE_AS_ROOT);
	return guest;
}

static void description_add(struct description *description, const char *text)
{
	size_t len = strlen(text) + 1;

	description->data = fail_alloc(realloc(description->data, description->len + len));
	memcpy(description->data + description->len, text, len);
	description->len += len;
}

static void description_add_count(struct description *description, size_t count)
{
	char *text = string_format("%zu", count);

	description_add(description, text);
	free(text);
}

/*
 * PATH, HOME and TERM, then what --env-file and --env give; of two the last one counts.
 */
static void list_environment(struct strvec *list, const struct options *options, bool terminal)
{
	const char *term = terminal ? getenv("TERM") : NULL;
	struct strvec all = {0};

	strvec_add(&all, "PATH=" GUEST_PATH);
	/* Another user's home is the guest's to say. */
	if (options->user == NULL)
		strvec_add(&all, "HOME=/root");
	strvec_addf(&all, "TERM=%s", term == NULL || term[0] == '\0' ? "dumb" : term);
	for (size_t i = 0; i < options->file_environment.count; i++)
		strvec_add(&all, options->file_environment.item[i]);
	for (size_t i = 0; i < options->environment.count; i++)
		strvec_add(&all, options->environment.item[i]);
	for (size_t i = 0; i < all.count; i++) {
		size_t name = strcspn(all.item[i], "=") + 1;
		bool again = false;

		for (size_t j = i + 1; j < all.count; j++)
			again = again || strncmp(all.item[i], all.item[j], name) == 0;
		if (!again)
			strvec_add(list, all.item[i]);
	}
	strvec_free(&all);
}

static void description_add_list(struct description *description, const struct strvec *list)
{
	description_add_count(description, list->count);
	for (size_t i = 0; i < list->count; i++)
		description_add(description, list->item[i]);
}

static void list_settings(struct strvec *list, const struct options *options)
{
	if (options->workdir != NULL)
		strvec_addf(list, "cwd=%s", options->workdir);
	if (options->user != NULL)
		strvec_addf(list, "user=%s", options->user);
	for (size_t i = 0; i < options->limits.count; i++)
		strvec_addf(list, "limit=%s", options->limits.item[i]);
}

/* The form is told in kernel/task/run.c. */
static void put_description(struct tree *tree, const struct options *options, const char *program,
                            bool terminal)
{
	struct description description = {0};
	struct strvec environment = {0}, settings = {0};

	list_settings(&settings, options);
	list_environment(&environment, options, terminal);
	description_add(&description, "2");
	description_add(&description, program);
	description_add_count(&description, (size_t)options->program_argc);
	for (int i = 0; i < options->program_argc; i++)
		description_add(&description, options->program[i]);
	description_add_list(&description, &environment);
	description_add_list(&description, &settings);
	tree_put_bytes(tree, DESCRIPTION_PATH, 0600, description.data, description.len);
	strvec_free(&environment);
	strvec_free(&settings);
	free(description.data);
}

static int open_root(const char *root)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fail_exit(STATUS_FAILURE, "--root: %s: %s", root, strerror(errno));
	return fd;
}

static int64_t room_for_files(int64_t memory_mib)
{
	return (memory_mib << 20) - (memory_mib << 20) / KERNEL_NEEDS_SHARE -
	       ((int64_t)KERNEL_NEEDS_MIB << 20);
}

/* Whether a guest of that memory can take the files; `image`: and Xen their ramdisk. */
static bool fits(int64_t mib, const struct tree_size *size, bool image)
{
	int64_t machine = (mib + mib / 32) << 20;

	if (room_for_files(mib) < size->needed)
		return false;
	return !image || size->packed <= (int64_t)MOVED_MIB << 20 ||
	       (size->packed <= (int64_t)HANDED_OVER_MIB << 20 && machine >= 2 * size->packed);
}

static _Noreturn void refuse_size(const struct tree_size *size, const struct options *options,
                                  bool image)
{
	int64_t mib = size->needed >> 20;

	while (mib <= OPTIONS_MEMORY_MIB_MAX && !fits(mib, size, image))
		mib++;
	if (mib > OPTIONS_MEMORY_MIB_MAX)
		fail_exit(STATUS_FAILURE,
		          "the files are too much for any guest: they take %lld MiB",
		          (long long)(size->packed >> 20));
	fail_exit(STATUS_FAILURE,
	          "the files do not fit into %u MiB of memory: --memory %lld would do",
	          options->memory_mib, (long long)mib);
}

/* The base root is in the guest already, or is copied as the first archive. */
static void write_archives(int fd, const struct options *options, bool terminal, bool with_base)
{
	const char *wanted = options->program[0][0] == '/' ? options->program[0] : NULL;
	int root_fd = options->root == NULL ? -1 : open_root(options->root);
	int64_t room = room_for_files(options->memory_mib), base = 0;
	struct tree_size size;
	struct tree *tree;
	char *program;
	bool is_added;

	progress_begin("packing the ramdisk");
	if (root_fd < 0)
		base = with_base ? copy_base(fd) : measure_base();
	tree = tree_open(fd, 0);
	tree_set_limit(tree, base, room);
	if (root_fd < 0) {
		for (size_t i = 0; i < BASE_FOLDER_COUNT; i++)
			tree_know_directory(tree, base_folders[i].path);
	} else {
		tree_put_host(tree, options->root, "/", TREE_KEEP_OWNERS);
	}
	is_added = put_adds(tree, root_fd, options, wanted);
	program = put_program(tree, root_fd, options, is_added);
	put_description(tree, options, program, terminal);
	size = tree_close(tree);
	if (!fits(options->memory_mib, &size, with_base))
		refuse_size(&size, options, with_base);
	progress_end();
	free(program);
	if (root_fd >= 0)
		close(root_fd);
}

void ramdisk_write(int fd, const struct options *options, bool terminal)
{
	write_archives(fd, options, terminal, true);
}

void ramdisk_write_own(int fd, const struct options *options, bool terminal)
{
	write_archives(fd, options, terminal, false);
}
