/* SPDX-License-Identifier: MIT */
/* Shows: processes that wait for record locks in a ring of two to five: one is told EDEADLK, the
 * others get their locks in the end; a thread's own ring and rings of locks of open files are not
 * looked for. And flock from one kind to another, which gives the old lock up first. */
#include "tests/suite/programs/say.h"
#include <sys/file.h>

static int record(int fd, int command, short type, off_t start)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};

	return fcntl(fd, command, &lock);
}

static void note(int number)
{
	(void)number;
}

/* Holds one lock, waits for the next one, and ends with the error. */
static void member(int index, int count, int command, int ready, int go)
{
	int fd = open("f", O_RDWR);
	char byte = 0;

	if (record(fd, command, F_WRLCK, index) || write(ready, &byte, 1) != 1)
		_exit(99);
	if (read(go, &byte, 1) != 0)
		_exit(98);
	if (command == F_OFD_SETLKW)
		alarm(1);
	_exit(record(fd, command, F_WRLCK, (index + 1) % count) ? errno : 0);
}

static void ring(const char *what, int count, int command)
{
	int ready[2], go[2], i, status, got = 0, deadlocks = 0;
	char byte;

	if (pipe(ready) || pipe(go))
		return;
	for (i = 0; i < count; i++) {
		if (fork() == 0) {
			close(go[1]);
			member(i, count, command, ready[1], go[0]);
		}
		if (read(ready[0], &byte, 1) != 1)
			return;
	}
	close(go[1]);
	for (i = 0; i < count; i++) {
		if (wait(&status) < 0)
			break;
		got += WIFEXITED(status) && WEXITSTATUS(status) == 0;
		deadlocks += WIFEXITED(status) && WEXITSTATUS(status) == EDEADLK;
	}
	if (command == F_SETLKW)
		say("%s of %d: %d got it, %d told", what, count, got, deadlocks);
	else
		say("%s of %d: %d told", what, count, deadlocks);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
}

/* Waiting in a line is no ring. */
static void line(void)
{
	int fd = open("f", O_RDWR), status, i, good = 0;

	record(fd, F_SETLKW, F_WRLCK, 3);
	for (i = 0; i < 3; i++) {
		if (fork() == 0) {
			int mine = open("f", O_RDWR);

			_exit(record(mine, F_SETLKW, F_WRLCK, i) ||
			      record(mine, F_SETLKW, F_WRLCK, i + 1));
		}
	}
	sleep_ms(50);
	record(fd, F_SETLKW, F_UNLCK, 3);
	while (wait(&status) > 0)
		good += status == 0;
	say("a line: %d of 3", good);
}

static void whole(void)
{
	int a = open("f", O_RDWR), b = open("f", O_RDWR), c = open("f", O_RDWR);

	say_number("shared", flock(a, LOCK_SH));
	say_number("shared", flock(b, LOCK_SH));
	say_number("the same again", flock(a, LOCK_SH | LOCK_NB));
	say_number("exclusive", flock(a, LOCK_EX | LOCK_NB));
	say_number("the other goes", flock(b, LOCK_UN));
	say_number("the shared one is lost", flock(c, LOCK_EX | LOCK_NB));
	say_number("to shared", flock(c, LOCK_SH | LOCK_NB));
	say_number("beside it", flock(b, LOCK_SH | LOCK_NB));
	say_number("unlock none", flock(a, LOCK_UN));
	say_number("a path", flock(open("f", O_PATH), LOCK_SH));
}

int main(void)
{
	int count;

	make_file("f", "");
	handle(SIGALRM, note, 0);
	for (count = 2; count <= 5; count++)
		ring("a ring", count, F_SETLKW);
	ring("a ring of open files", 2, F_OFD_SETLKW);
	line();
	whole();
	return 0;
}
