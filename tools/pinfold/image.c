/* SPDX-License-Identifier: MIT */
/*
 * `pinfold image`: writes the kernel, the ramdisk, Xen, a script that starts QEMU and a
 * configuration for xl into one folder. There is no launcher at the other end, so there is no
 * channel: the guest's program has the machine's console.
 */
#include "tools/pinfold/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/pinfold/copy.h"
#include "tools/pinfold/fail.h"
#include "tools/pinfold/place.h"
#include "tools/pinfold/qemu.h"
#include "tools/pinfold/ramdisk.h"
#include "tools/pinfold/strvec.h"

#define IMAGE_KERNEL  "pinfold-kernel.elf"
#define IMAGE_RAMDISK "ramdisk.cpio"
#define IMAGE_XEN     "xen"
#define IMAGE_SCRIPT  "run-qemu.sh"
#define IMAGE_XL      "pinfold.cfg"

static int create(int folder, const char *name, mode_t mode)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0)
		fail_exit(STATUS_FAILURE, "cannot write %s: %s", name, strerror(errno));
	return fd;
}

static void finish(int fd, const char *name)
{
	if (close(fd) != 0)
		fail_exit(STATUS_FAILURE, "cannot write %s: %s", name, strerror(errno));
}

static void copy_file(int folder, const char *name, const char *from)
{
	int to = create(folder, name, 0644);

	copy_whole(to, name, from);
	finish(to, name);
}

static void write_script(int folder, const struct options *options)
{
	static const struct qemu_files files = {
	    .xen = IMAGE_XEN, .kernel = IMAGE_KERNEL, .ramdisk = IMAGE_RAMDISK};
	struct strvec command = {0};
	int fd = create(folder, IMAGE_SCRIPT, 0755);

	qemu_build_command(&command, options, &files);
	dprintf(fd, "#!/bin/sh\n# Starts the guest as Xen's first domain, inside QEMU.\n"
	            "cd \"$(dirname \"$0\")\" || exit 1\nexec ");
	qemu_print_command(&command, " \\\n\t", fd);
	strvec_free(&command);
	finish(fd, IMAGE_SCRIPT);
}

/* A string of xl's configuration has no escapes, so what cannot be written in one is refused. */
static void check_xl_string(const char *text)
{
	if (strpbrk(text, "\"\\\n") != NULL)
		fail_exit(STATUS_FAILURE, "xl's configuration cannot hold this argument: %s", text);
}

static void write_xl(int folder, const struct options *options)
{
	int fd = create(folder, IMAGE_XL, 0644);

	check_xl_string(options->kernel_args);
	dprintf(fd,
	        "# For `xl create -c " IMAGE_XL "`, to be run in this folder.\n"
	        "name = \"pinfold\"\n"
	        "type = \"pv\"\n"
	        "kernel = \"" IMAGE_KERNEL "\"\n"
	        "ramdisk = \"" IMAGE_RAMDISK "\"\n"
	        "extra = \"%s\"\n"
	        "memory = %u\n"
	        "vcpus = %u\n"
	        "on_poweroff = \"destroy\"\n"
	        "on_reboot = \"destroy\"\n"
	        "on_crash = \"destroy\"\n",
	        options->kernel_args, options->memory_mib, options->vcpus);
	finish(fd, IMAGE_XL);
}

static int open_folder(const char *path)
{
	int fd;

	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		fail_exit(STATUS_FAILURE, "cannot make %s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail_exit(STATUS_FAILURE, "%s: %s", path, strerror(errno));
	return fd;
}

int image_write(const struct options *options)
{
	char *kernel = place_find(PLACE_KERNEL);
	char *xen = place_xen(options->xen);
	int folder = open_folder(options->output);
	int ramdisk = create(folder, IMAGE_RAMDISK, 0644);

	ramdisk_write(ramdisk, options, true);
	finish(ramdisk, IMAGE_RAMDISK);
	copy_file(folder, IMAGE_KERNEL, kernel);
	copy_file(folder, IMAGE_XEN, xen);
	write_script(folder, options);
	write_xl(folder, options);
	printf("%s: %s, %s, %s, %s, %s\n", options->output, IMAGE_KERNEL, IMAGE_RAMDISK, IMAGE_XEN,
	       IMAGE_SCRIPT, IMAGE_XL);
	printf("The program's input and output are the machine's console: sh %s/" IMAGE_SCRIPT
	       ", or xl create -c " IMAGE_XL " there.\n",
	       options->output);
	close(folder);
	free(kernel);
	free(xen);
	return fflush(stdout) == 0 ? 0 : STATUS_FAILURE;
}
