/* SPDX-License-Identifier: MIT */
/* Shows: files and descriptors of a process with threads: numbers that are given once, offsets that
 * are shared, appended pieces that stay whole, names made by one of many, locks of processes. */
#include "tests/suite/programs/threads.h"
#include <sys/file.h>

#define THREADS 6

static int file;
static _Atomic int wrong, made, in_use[200];

/* Each number belongs to one at a time. */
static void *open_and_close(void *argument)
{
	for (int i = 0; i < 200; i++) {
		int fd = i % 3 == 0   ? open("/dev/null", O_RDONLY)
		         : i % 3 == 1 ? dup(1)
		                      : fcntl(1, F_DUPFD, 20 + (int)(intptr_t)argument);

		if (fd < 0 || fd >= 200) {
			wrong++;
			continue;
		}
		wrong += in_use[fd]++ != 0;
		if (i % 16 == 0)
			sched_yield();
		in_use[fd]--;
		close(fd);
	}
	return NULL;
}

static void *append(void *argument)
{
	char line[64];

	memset(line, (char)('a' + (intptr_t)argument), sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 100; i++)
		wrong += write(file, line, sizeof(line)) != sizeof(line);
	return NULL;
}

/* The offset moves with each read, so each piece is read once. */
static void *read_pieces(void *argument)
{
	char line[64];
	long lines = 0;

	(void)argument;
	while (read(file, line, sizeof(line)) == sizeof(line)) {
		for (size_t i = 1; i + 1 < sizeof(line); i++)
			wrong += line[i] != line[0];
		lines++;
	}
	return (void *)lines;
}

static void *at_places(void *argument)
{
	char own = (char)('A' + (intptr_t)argument), seen;

	for (off_t i = 0; i < 300; i++) {
		off_t at = i * THREADS + (intptr_t)argument;

		wrong += pwrite(file, &own, 1, at) != 1;
		wrong += pread(file, &seen, 1, at) != 1 || seen != own;
	}
	return NULL;
}

/* Of many that make the same name one succeeds. */
static void *make_names(void *argument)
{
	char name[32];

	for (int i = 0; i < 60; i++) {
		int fd;

		snprintf(name, sizeof(name), "name-%d", i);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (fd >= 0) {
			made++;
			close(fd);
		} else if (errno != EEXIST) {
			wrong++;
		}
	}
	return argument;
}

static void *remove_names(void *argument)
{
	char name[32];

	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		if (unlink(name) == 0)
			made--;
	}
	return argument;
}

static void *rename_round(void *argument)
{
	char from[32], to[32];

	for (int i = 0; i < 60; i++) {
		snprintf(from, sizeof(from), "round-%d", (i + (int)(intptr_t)argument) % 4);
		snprintf(to, sizeof(to), "round-%d", (i + 1 + (int)(intptr_t)argument) % 4);
		rename(from, to);
	}
	return NULL;
}

/* Locks of a file belong to the process or to the open file, not to threads. */
static void *lock_again(void *argument)
{
	struct flock whole = {.l_type = F_WRLCK};

	say_number("same process", fcntl(file, F_SETLK, &whole));
	say_number("same open file", flock(file, LOCK_EX | LOCK_NB));
	say_number("another open file", flock(open("f", O_RDWR), LOCK_EX | LOCK_NB));
	return argument;
}

static void locks(void)
{
	struct flock whole = {.l_type = F_WRLCK};
	pid_t child;

	say_number("lock", fcntl(file, F_SETLK, &whole));
	say_number("flock", flock(file, LOCK_EX));
	join(start(lock_again, NULL));
	child = fork();
	if (child == 0) {
		struct flock other = {.l_type = F_WRLCK};

		say_number("another process", fcntl(file, F_SETLK, &other));
		_exit(0);
	}
	say_end("child", child);
}

int main(void)
{
	run_threads(THREADS, open_and_close);
	say("descriptors, wrong %d", wrong);
	file = open("f", O_RDWR | O_CREAT | O_APPEND, 0600);
	run_threads(THREADS, append);
	say("appended %ld, wrong %d", (long)lseek(file, 0, SEEK_END), wrong);
	lseek(file, 0, SEEK_SET);
	say("lines %ld, wrong %d", run_threads(THREADS, read_pieces), wrong);
	close(file);
	file = open("f", O_RDWR);
	run_threads(THREADS, at_places);
	say("places, wrong %d", wrong);
	run_threads(THREADS, make_names);
	say("made %d, wrong %d", made, wrong);
	run_threads(THREADS, remove_names);
	say("left %d", made);
	make_file("round-0", "");
	run_threads(THREADS, rename_round);
	made = 0;
	for (int i = 0; i < 4; i++)
		made += unlink((char[]){'r', 'o', 'u', 'n', 'd', '-', (char)('0' + i), 0}) == 0;
	say("renamed, left %d", made);
	locks();
	return 0;
}
