/* SPDX-License-Identifier: MIT */
/*
 * The machine of a run, see machine.h.
 */
#include "tools/pinfold/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/place.h"

static int open_part(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail_exit(STATUS_FAILURE, "%s: %s", path, strerror(errno));
	return fd;
}

void machine_find_parts(struct machine_parts *parts, const struct options *options)
{
	*parts = (struct machine_parts){.base_fd = -1};
	parts->xen = place_xen(options->xen);
	parts->kernel = place_find(PLACE_KERNEL);
	parts->kernel_fd = open_part(parts->kernel);
	if (options->root == NULL) {
		parts->base = place_find(PLACE_BASE);
		parts->base_fd = open_part(parts->base);
	}
}

/* QEMU's name of a descriptor that it inherits. The caller frees it. */
static char *pass(int **next, int fd)
{
	*(*next)++ = fd;
	return string_format("/proc/self/fd/%d", fd);
}

void machine_describe(struct machine *machine, const struct options *options,
                      const struct machine_parts *parts, const struct hostchan *channel,
                      enum qemu_start start, const struct machine_saved *saved)
{
	int *next = machine->inherited;
	char *kernel = pass(&next, parts->kernel_fd);
	char *base = parts->base_fd < 0 ? NULL : pass(&next, parts->base_fd);
	char *area = pass(&next, channel->memory_fd);
	char *ram = NULL;
	struct qemu_files files = {.xen = parts->xen,
	                           .kernel = kernel,
	                           .ramdisk = base,
	                           .channel = area,
	                           .channel_bytes = channel->area_bytes,
	                           .bell_fd = channel->qemu_fd,
	                           .start = start};

	*next++ = channel->qemu_fd;
	if (start != QEMU_COLD) {
		files.ram = ram = pass(&next, saved->ram_fd);
		files.qmp_fd = *next++ = saved->qmp_fd;
		*next++ = saved->state_fd;
	}
	*next = -1;
	machine->command = (struct strvec){0};
	qemu_build_command(&machine->command, options, &files);
	free(kernel);
	free(base);
	free(area);
	free(ram);
}

void machine_free(struct machine *machine)
{
	strvec_free(&machine->command);
}
