/* SPDX-License-Identifier: MIT */
/*
 * Saved machines for runs, see saved.h.
 */
#include "tools/pinfold/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/maker.h"
#include "tools/pinfold/qemu.h"
#include "tools/pinfold/qmp.h"
#include "tools/pinfold/strvec.h"

#define KEY_FORM     "pinfold saved machine 1"
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

/* A file, as far as that can be told without reading it. "" for no name; NULL: not there. */
static char *describe(const char *what, const char *path)
{
	struct stat stat_file;
	char *real, *text;

	if (path == NULL)
		return string_format("%s: none\n", what);
	real = realpath(path, NULL);
	if (real == NULL || stat(real, &stat_file) != 0) {
		free(real);
		return NULL;
	}
	text = string_format("%s: %s dev %ju ino %ju size %jd mtime %jd.%09ld ctime %jd.%09ld\n",
	                     what, real, (uintmax_t)stat_file.st_dev, (uintmax_t)stat_file.st_ino,
	                     (intmax_t)stat_file.st_size, (intmax_t)stat_file.st_mtim.tv_sec,
	                     stat_file.st_mtim.tv_nsec, (intmax_t)stat_file.st_ctim.tv_sec,
	                     stat_file.st_ctim.tv_nsec);
	free(real);
	return text;
}

static bool read_boot_id(char *text, size_t room)
{
	int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, room - 1);

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

/* QEMU's command with fixed names in place of files and descriptors. */
static char *describe_command(const struct options *options, const struct machine_parts *parts,
                              uint64_t channel_bytes)
{
	struct qemu_files files = {.xen = "xen",
	                           .kernel = "kernel",
	                           .ramdisk = parts->base == NULL ? NULL : "base",
	                           .channel = "channel",
	                           .channel_bytes = channel_bytes,
	                           .start = QEMU_TO_SAVE,
	                           .ram = "ram"};
	struct strvec command = {0};
	char *text = fail_alloc(strdup(""));

	qemu_build_command(&command, options, &files);
	for (size_t i = 0; i < command.count; i++) {
		char *longer = string_format("%s%s\n", text, command.item[i]);

		free(text);
		text = longer;
	}
	strvec_free(&command);
	return text;
}

/* The text that says what a machine is made of. NULL: something is not to be found. */
static char *make_key(const struct options *options, const struct machine_parts *parts,
                      uint64_t channel_bytes)
{
	char boot_id[64];
	char *qemu_file = qemu_path();
	char *part[] = {
	    describe("xen", parts->xen),
	    describe("kernel", parts->kernel),
	    describe("base", parts->base),
	    describe("qemu", qemu_file == NULL ? "" : qemu_file),
	};
	char *command = describe_command(options, parts, channel_bytes);
	char *key = NULL;

	if (read_boot_id(boot_id, sizeof(boot_id)) && part[0] != NULL && part[1] != NULL &&
	    part[2] != NULL && part[3] != NULL)
		key = string_format(KEY_FORM " channel %u\nboot %s\n%s%s%s%s%s", CHANNEL_VERSION,
		                    boot_id, part[0], part[1], part[2], part[3], command);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		free(part[i]);
	free(command);
	free(qemu_file);
	return key;
}

/* The machine comes up on a channel of its own, which is forgotten. */
static enum maker_end make(struct maker *maker, const struct options *options,
                           const struct machine_parts *parts, const struct template *drafted)
{
	struct hostchan channel;
	struct qmp qmp;
	struct machine machine = {0};
	struct machine_saved files;
	struct maker_machine made;
	enum maker_end end;

	maker->why = "there is no socket for QEMU's commands";
	if (!qmp_open(&qmp))
		return MAKER_FAILED;
	hostchan_create(&channel, options->memory_mib);
	files = (struct machine_saved){
	    .ram_fd = drafted->ram_fd, .state_fd = -1, .qmp_fd = qmp.qemu_fd};
	machine_describe(&machine, options, parts, &channel, QEMU_TO_SAVE, &files);
	made = (struct maker_machine){
	    .machine = &machine, .channel = &channel, .qmp = &qmp, .files = drafted};
	end = maker_run(maker, &made);
	machine_free(&machine);
	qmp_close(&qmp);
	hostchan_destroy(&channel);
	return end;
}

/* There is none yet. */
static enum saved_answer make_and_find(struct saved *saved, struct maker *maker,
                                       const struct options *options,
                                       const struct machine_parts *parts)
{
	uint64_t bytes = (uint64_t)qemu_memory_mib(options) << 20;
	struct template_draft draft;
	enum maker_end end;

	if (!template_begin(&saved->place, &draft, bytes, &saved->why))
		return SAVED_NONE;
	end = make(maker, options, parts, &draft.files);
	if (end != MAKER_DONE) {
		template_give_up(&saved->place, &draft, end == MAKER_FAILED);
		saved->why = maker->why;
		return end == MAKER_SIGNAL    ? SAVED_SIGNAL
		       : end == MAKER_TIMEOUT ? SAVED_TIMEOUT
		                              : SAVED_NONE;
	}
	saved->why = "what was made is not whole";
	if (!template_finish(&saved->place, &draft) ||
	    template_find(&saved->place, &saved->files) != TEMPLATE_FOUND)
		return SAVED_NONE;
	saved->is_new = true;
	return SAVED_FOUND;
}

enum saved_answer saved_get(struct saved *saved, const struct options *options,
                            const struct machine_parts *parts, struct maker *maker)
{
	*saved = (struct saved){.files = {-1, -1, -1}, .place = {.cache_fd = -1}};
	saved->why = "it is not known what this machine is made of";
	saved->key = make_key(options, parts, maker->run->area_bytes);
	if (saved->key == NULL || !template_place(&saved->place, saved->key, &saved->why))
		return SAVED_NONE;
	switch (template_find(&saved->place, &saved->files)) {
	case TEMPLATE_FOUND:
		return SAVED_FOUND;
	case TEMPLATE_REFUSED:
		saved->why = "to save one failed not long ago";
		return SAVED_NONE;
	default:
		return make_and_find(saved, maker, options, parts);
	}
}

/* Whether all of the file is in the pipe now. */
static bool fill_pipe(int to, int from)
{
	static char data[65536];
	struct stat stat_state;
	off_t at = 0;
	ssize_t got;

	/* Nobody reads yet. */
	if (fstat(from, &stat_state) != 0 || stat_state.st_size > INT_MAX ||
	    fcntl(to, F_SETPIPE_SZ, (int)stat_state.st_size) < (int)stat_state.st_size)
		return false;
	while ((got = pread(from, data, sizeof(data), at)) > 0) {
		if (write(to, data, (size_t)got) != got)
			return false;
		at += got;
	}
	return got == 0;
}

int saved_open_state(const struct saved *saved)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	if (!fill_pipe(ends[1], saved->files.state_fd)) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

void saved_reject(struct saved *saved)
{
	template_remove(&saved->place, &saved->files);
}

void saved_close(struct saved *saved)
{
	template_close(&saved->files);
	if (saved->place.cache_fd >= 0)
		close(saved->place.cache_fd);
	free(saved->key);
	*saved = (struct saved){.files = {-1, -1, -1}, .place = {.cache_fd = -1}};
}
