/* SPDX-License-Identifier: MIT */
/* Shows: telldir and seekdir come back to the same entry; reading in tiny pieces shows every
 * entry once; entries added and removed meanwhile do not disturb the others; two readers of one
 * directory. */
#include "tests/suite/programs/say.h"
#include <dirent.h>

#define FILES 60

static int numbers(DIR *directory, int limit, bool *seen)
{
	struct dirent *entry;
	int count = 0, number;

	while (limit-- > 0 && (entry = readdir(directory))) {
		if (sscanf(entry->d_name, "f%d", &number) != 1 || number >= FILES)
			continue;
		if (seen[number])
			say("seen twice: %s", entry->d_name);
		seen[number] = true;
		count++;
	}
	return count;
}

static void tiny_pieces(void)
{
	char buffer[80], name[64] = "";
	int fd = open("d", O_RDONLY | O_DIRECTORY), entries = 0;
	long got;

	while ((got = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		long at = 0;

		while (at < got) {
			unsigned short length;

			memcpy(&length, buffer + at + 16, sizeof(length));
			snprintf(name, sizeof(name), "%s", buffer + at + 19);
			entries++;
			at += length;
		}
	}
	say("in pieces: %d entries, end %ld", entries, got);
	say_number("again at the end", syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));
	say_number("back", lseek(fd, 0, SEEK_SET));
	say_truth("from the start", syscall(SYS_getdents64, fd, buffer, sizeof(buffer)) > 0);
}

int main(void)
{
	bool seen[FILES] = {false}, other[FILES] = {false};
	DIR *directory, *second;
	struct dirent *entry;
	char name[300], first[300];
	long place;
	int i;

	mkdir("d", 0755);
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "d/f%d", i);
		make_file(name, "");
	}
	directory = opendir("d");
	second = opendir("d");
	for (i = 0; i < 20; i++)
		readdir(directory);
	place = telldir(directory);
	entry = readdir(directory);
	snprintf(first, sizeof(first), "%s", entry->d_name);
	for (i = 0; i < 10; i++)
		readdir(directory);
	seekdir(directory, place);
	entry = readdir(directory);
	say_truth("same entry", entry && !strcmp(entry->d_name, first));
	rewinddir(directory);
	numbers(directory, 30, seen);
	make_file("d/new", "");
	for (i = 0; i < FILES; i++) {
		if (seen[i]) {
			snprintf(name, sizeof(name), "d/f%d", i);
			unlink(name);
		}
	}
	numbers(directory, 1000, seen);
	for (i = 0; i < FILES; i++)
		if (!seen[i])
			say("never seen: f%d", i);
	say_truth("second reader has its own place", numbers(second, 1000, other) >= 30);
	tiny_pieces();
	return 0;
}
