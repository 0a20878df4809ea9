/* SPDX-License-Identifier: MIT */
/* Shows: record locks by fcntl: conflicts between processes, ranges that split and join, who
 * holds them, waiting, release at close and exit, deadlock; flock: shared, exclusive, inherited. */
#include "tests/suite/programs/say.h"
#include <sys/file.h>

static int fd;

static int record(int command, short type, off_t start, off_t length)
{
	struct flock lock = {
	    .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	return fcntl(fd, command, &lock);
}

static void ask(const char *what, short type, off_t start, off_t length)
{
	struct flock lock = {
	    .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	if (fcntl(fd, F_GETLK, &lock))
		say_number(what, -1);
	else if (lock.l_type == F_UNLCK)
		say("%s: free", what);
	else
		say("%s: held, type %d, %ld+%ld, parent's %d", what, lock.l_type,
		    (long)lock.l_start, (long)lock.l_len, lock.l_pid == getppid());
}

static void stranger(void)
{
	ask("read 0-9", F_RDLCK, 0, 10);
	ask("write 20-29", F_WRLCK, 20, 10);
	ask("write 30-39", F_WRLCK, 30, 10);
	ask("read 30-39", F_RDLCK, 30, 10);
	ask("to the end", F_WRLCK, 60, 0);
	say_number("take 0-9", record(F_SETLK, F_WRLCK, 0, 10));
	say_number("take 30-39 shared", record(F_SETLK, F_RDLCK, 30, 10));
	say_number("take 50-59", record(F_SETLK, F_WRLCK, 50, 10));
}

static void closer(void)
{
	int other = open("f", O_RDWR);

	say_number("own lock", record(F_SETLK, F_WRLCK, 100, 10));
	close(other);
}

static void with_flock(void)
{
	int one = open("g", O_RDWR | O_CREAT, 0600), two = open("g", O_RDWR), copy = dup(one);

	say_number("shared", flock(one, LOCK_SH));
	say_number("shared too", flock(two, LOCK_SH | LOCK_NB));
	say_number("exclusive", flock(two, LOCK_EX | LOCK_NB));
	say_number("unlock", flock(one, LOCK_UN));
	say_number("exclusive now", flock(two, LOCK_EX | LOCK_NB));
	say_number("other", flock(copy, LOCK_SH | LOCK_NB));
	close(two);
	say_number("after its close", flock(copy, LOCK_EX | LOCK_NB));
	say_number("copy is the same", flock(one, LOCK_EX | LOCK_NB));
	say_number("nonsense", flock(one, 77));
	say_number("closed", flock(99, LOCK_SH));
}

int main(void)
{
	pid_t child;
	int ready[2];
	char byte;

	fd = open("f", O_RDWR | O_CREAT, 0600);
	if (pipe(ready))
		return 1;
	say_number("lock 0-49", record(F_SETLK, F_WRLCK, 0, 50));
	say_number("share 30-39", record(F_SETLK, F_RDLCK, 30, 10));
	say_number("free 20-29", record(F_SETLK, F_UNLCK, 20, 10));
	in_child("stranger", stranger);
	ask("own locks do not show", F_WRLCK, 0, 0);
	in_child("closer", closer);
	child = fork();
	if (child == 0) {
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		say_number("waited for 0-9", record(F_SETLKW, F_WRLCK, 0, 10));
		_exit(0);
	}
	if (read(ready[0], &byte, 1) != 1)
		return 1;
	sleep_ms(30);
	say("letting go");
	record(F_SETLK, F_UNLCK, 0, 0);
	say_end("waiter", child);
	ask("all free again", F_WRLCK, 0, 0);
	say_number("bad type", record(F_SETLK, 99, 0, 10));
	say_number("before the start", record(F_SETLK, F_WRLCK, -5, 10));
	fd = open("f", O_RDONLY);
	say_number("write lock by a reader", record(F_SETLK, F_WRLCK, 0, 10));
	with_flock();
	return 0;
}
