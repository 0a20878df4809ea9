/* SPDX-License-Identifier: MIT */
/* Shows: descriptors: lowest number first, dup, dup2, dup3, F_DUPFD, flags, close-on-exec, shared
 * offsets, errors of closed numbers. */
#include "tests/suite/programs/say.h"

int main(int argc, char **argv)
{
	int fd, other, i;
	char byte;

	if (argc > 1) {
		for (i = 3; i < 12; i++)
			say("after exec %d: %s", i, fcntl(i, F_GETFD) >= 0 ? "open" : "closed");
		return 0;
	}
	make_file("f", "0123456789");
	say_number("first free", fd = open("f", O_RDWR));
	say_number("next", other = open("f", O_RDONLY));
	close(fd);
	say_number("lowest again", fd = open("f", O_RDWR | O_CLOEXEC));
	say_number("dup", dup(fd));
	say_number("dup2", dup2(fd, 10));
	say_number("dup2 onto itself", dup2(fd, fd));
	say_number("dup2 of a closed one", dup2(55, 56));
	say_number("dup2 of a closed one onto itself", dup2(55, 55));
	say_number("dup2 to a bad number", dup2(fd, -1));
	say_number("dup2 beyond the limit", dup2(fd, 5000));
	say_number("dup3 onto itself", dup3(fd, fd, 0));
	say_number("dup3 with cloexec", dup3(fd, 11, O_CLOEXEC));
	say_number("dup3 with a bad flag", dup3(fd, 12, O_APPEND));
	say_number("F_DUPFD", fcntl(fd, F_DUPFD, 7));
	say_number("F_DUPFD_CLOEXEC", fcntl(fd, F_DUPFD_CLOEXEC, 7));
	say_number("F_DUPFD too high", fcntl(fd, F_DUPFD, 100000));
	for (i = 3; i < 12; i++)
		say_number("flags", fcntl(i, F_GETFD));
	lseek(fd, 5, SEEK_SET);
	if (read(10, &byte, 1) == 1)
		say("shared offset: %c", byte);
	if (read(other, &byte, 1) == 1)
		say("own offset: %c", byte);
	say_number("F_GETFL", fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	say_number("F_SETFL append", fcntl(fd, F_SETFL, O_APPEND | O_WRONLY));
	say_number("seen by the copy", fcntl(10, F_GETFL) & (O_ACCMODE | O_APPEND));
	say_number("not by the other", fcntl(other, F_GETFL) & (O_ACCMODE | O_APPEND));
	say_number("bad command", fcntl(fd, 9999));
	say_number("close", close(other));
	say_number("close again", close(other));
	say_number("close of -1", close(-1));
	say_number("F_SETFD", fcntl(10, F_SETFD, FD_CLOEXEC));
	close(fd);
	if (read(10, &byte, 1) == 1)
		say("copy lives on: %c", byte);
	execl(argv[0], argv[0], "again", (char *)NULL);
	return 1;
}
