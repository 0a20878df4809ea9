/* SPDX-License-Identifier: MIT */
/* Shows: mkdir, rmdir, reading directories whole and in small pieces, with changes between,
 * seeking back, chdir, fchdir, getcwd, removed current directory. */
#include "tests/suite/programs/say.h"
#include <dirent.h>

static int by_name(const void *one, const void *two)
{
	return strcmp(*(char *const *)one, *(char *const *)two);
}

static void list(DIR *directory, const char *what)
{
	char *names[300];
	char line[900] = "";
	size_t count = 0, i;
	struct dirent *entry;

	while ((entry = readdir(directory)) && count < 300) {
		names[count] = malloc(strlen(entry->d_name) + 3);
		sprintf(names[count++], "%s/%c", entry->d_name,
		        entry->d_type == DT_DIR   ? 'd'
		        : entry->d_type == DT_REG ? 'f'
		        : entry->d_type == DT_LNK ? 'l'
		                                  : '?');
	}
	qsort(names, count, sizeof(names[0]), by_name);
	for (i = 0; i < count && i < 12; i++) {
		strcat(line, " ");
		strcat(line, names[i]);
	}
	say("%s: %zu:%s", what, count, line);
}

static void many(void)
{
	struct dirent *entry;
	char name[32];
	DIR *directory;
	int i, seen = 0, sum = 0;

	mkdir("many", 0755);
	for (i = 0; i < 250; i++) {
		snprintf(name, sizeof(name), "many/entry-number-%d", i);
		make_file(name, "");
	}
	directory = opendir("many");
	while ((entry = readdir(directory))) {
		if (sscanf(entry->d_name, "entry-number-%d", &i) != 1)
			continue;
		seen++;
		sum += i;
		snprintf(name, sizeof(name), "many/%s", entry->d_name);
		unlink(name);
	}
	say("removed while reading: %d, sum %d", seen, sum);
	closedir(directory);
	say_number("rmdir", rmdir("many"));
}

static void current(void)
{
	char path[300], *end;
	int here = open(".", O_RDONLY | O_DIRECTORY);

	mkdir("c", 0755);
	mkdir("c/d", 0755);
	say_number("chdir", chdir("c/d"));
	end = getcwd(path, sizeof(path));
	say("getcwd ends with %s", end ? strstr(path, "/c/d") : strerror(errno));
	say_number("getcwd into five bytes", getcwd(path, 5) ? 0 : -1);
	say_number("remove it", rmdir("../d"));
	say_number("getcwd of nowhere", getcwd(path, sizeof(path)) ? 0 : -1);
	say_number("create in nowhere", open("x", O_WRONLY | O_CREAT, 0600));
	say_number("mkdir in nowhere", mkdir("x", 0700));
	say_number("fchdir", fchdir(here));
	say_number("fchdir to a file", fchdir(open("f", O_RDONLY)));
	say_number("fchdir to nothing", fchdir(99));
	say_number("chdir to a file", chdir("f"));
	say_number("chdir to nothing", chdir("none"));
	say_number("chdir to the empty path", chdir(""));
}

int main(void)
{
	DIR *directory;

	say_number("mkdir", mkdir("d", 0755));
	say_number("again", mkdir("d", 0755));
	make_file("f", "x");
	say_number("over a file", mkdir("f", 0755));
	say_number("below a file", mkdir("f/d", 0755));
	say_number("below nothing", mkdir("n/d", 0755));
	say_number("with a slash", mkdir("slash/", 0755));
	say_number("dot", mkdir(".", 0755));
	say_number("root", mkdir("/", 0755));
	if (symlink("f", "l"))
		return 1;
	directory = opendir(".");
	list(directory, "first");
	make_file("g", "x");
	rewinddir(directory);
	list(directory, "rewound");
	closedir(directory);
	make_file("d/x", "x");
	say_number("rmdir of a full one", rmdir("d"));
	unlink("d/x");
	directory = opendir("d");
	say_number("rmdir of an open one", rmdir("d"));
	list(directory, "removed");
	closedir(directory);
	say_number("rmdir of nothing", rmdir("d"));
	say_number("rmdir dot", rmdir("slash/."));
	say_number("rmdir dots", rmdir("slash/.."));
	say_number("opendir of a file", opendir("f") ? 0 : -1);
	many();
	current();
	return 0;
}
