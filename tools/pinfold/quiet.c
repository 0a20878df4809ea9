/* SPDX-License-Identifier: MIT */
/*
 * Looking at another process's threads, see quiet.h. Facts: proc(5), /proc/PID/task/TID/stat, whose
 * third field is the state, behind the name in parentheses.
 */
#include "tools/pinfold/quiet.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool sleeps(int task_fd, const char *thread)
{
	char path[64], text[256];
	ssize_t len;
	char *state;
	int fd;

	snprintf(path, sizeof(path), "%.32s/stat", thread);
	fd = openat(task_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len < 0 ? 0 : len] = '\0';
	state = strrchr(text, ')');
	return state == NULL || (strncmp(state, ") R", 3) != 0 && strncmp(state, ") D", 3) != 0);
}

bool quiet_all(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	bool quiet = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return true;
	while (quiet && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			quiet = sleeps(dirfd(dir), entry->d_name);
	}
	closedir(dir);
	return quiet;
}
