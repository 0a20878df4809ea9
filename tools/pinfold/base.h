/* SPDX-License-Identifier: MIT */
/*
 * The folders of the base root: mkbase writes them, the launcher knows that they are there.
 */
#ifndef PINFOLD_TOOLS_BASE_H
#define PINFOLD_TOOLS_BASE_H

#include <stddef.h>
#include <sys/types.h>

struct base_folder {
	const char *path;
	mode_t mode;
};

static const struct base_folder base_folders[] = {
    {"/bin", 0755},     {"/dev", 0755},      {"/etc", 0755},  {"/home", 0755},
    {"/mnt", 0755},     {"/proc", 0755},     {"/root", 0700}, {"/run", 0755},
    {"/sbin", 0755},    {"/sys", 0755},      {"/tmp", 01777}, {"/usr", 0755},
    {"/usr/bin", 0755}, {"/usr/sbin", 0755}, {"/var", 0755},  {"/var/tmp", 01777},
};

#define BASE_FOLDER_COUNT (sizeof(base_folders) / sizeof(base_folders[0]))

#endif
