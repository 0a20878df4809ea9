/* SPDX-License-Identifier: MIT */
/* Shows: named pipes: opening waits for the other side, O_NONBLOCK does not, O_RDWR has both. */
#include "tests/suite/programs/say.h"

int main(void)
{
	struct stat status;
	char text[10];
	pid_t child;
	int reader, writer;

	say_number("mkfifo", mkfifo("p", 0640));
	say_number("again", mkfifo("p", 0640));
	stat("p", &status);
	say("mode %o, size %ld", status.st_mode, (long)status.st_size);
	say_number("writer that does not wait", open("p", O_WRONLY | O_NONBLOCK));
	reader = (int)say_done("reader that does not wait", open("p", O_RDONLY | O_NONBLOCK));
	say_number("no writer", read(reader, text, 1));
	writer = (int)say_done("writer", open("p", O_WRONLY | O_NONBLOCK));
	say_number("empty", read(reader, text, 1));
	say_number("write", write(writer, "abc", 3));
	say_number("read", read(reader, text, 10));
	close(writer);
	say_number("writer gone", read(reader, text, 10));
	close(reader);
	child = fork();
	if (child == 0) {
		writer = open("p", O_WRONLY);
		if (write(writer, "hello", 5) != 5)
			_exit(1);
		_exit(0);
	}
	reader = open("p", O_RDONLY);
	say_number("after waiting for each other", read(reader, text, 5));
	say("got %.5s", text);
	say_number("end", read(reader, text, 5));
	say_end("writer", child);
	close(reader);
	reader = (int)say_done("both ways", open("p", O_RDWR));
	say_number("to myself", write(reader, "me", 2));
	say_number("from myself", read(reader, text, 2));
	say_number("unlink", unlink("p"));
	say_number("still works", write(reader, "me", 2));
	return 0;
}
