/* SPDX-License-Identifier: MIT */
/* Shows: opening what a descriptor stands for once more, through /proc/self/fd. An end of a pipe
 * without a name never waits for the other one and may become any of the two; a named pipe waits as
 * its name does; eventfd, timerfd and epoll cannot be opened again; a memory file can. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

static int again(int fd, int flags)
{
	char name[40];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return open(name, flags);
}

static void look(const char *what, int fd)
{
	struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
	int got = poll(&one, 1, 0);

	say("%s: %d, events %x", what, got, (unsigned int)one.revents);
}

static void writers_gone(void)
{
	char text[10] = "";
	int ends[2], more;

	if (pipe(ends) || write(ends[1], "left", 4) != 4)
		return;
	close(ends[1]);
	more = (int)say_done("a reader, writers gone", again(ends[0], O_RDONLY));
	look("it", more);
	say_number("read", read(more, text, 2));
	say_number("read by the first", read(ends[0], text + 2, 8));
	say("text %s", text);
	look("the end of it", more);
	say_number("end", read(more, text, 8));
	close(more);
	more = (int)say_done("without waiting", again(ends[0], O_RDONLY | O_NONBLOCK));
	look("it", more);
	say_number("end", read(more, text, 8));
	close(more);
	more = (int)say_done("a writer from the reader", again(ends[0], O_WRONLY));
	say_number("write", write(more, "new", 3));
	say_number("read", read(ends[0], text, 8));
	close(more);
	look("writers gone again", ends[0]);
	more = (int)say_done("both", again(ends[0], O_RDWR));
	look("both", more);
	say_number("write", write(more, "both", 4));
	say_number("read", read(more, text, 8));
}

static void readers_gone(void)
{
	int ends[2], more;
	char text[10];

	signal(SIGPIPE, SIG_IGN);
	if (pipe(ends))
		return;
	close(ends[0]);
	more = (int)say_done("a writer, readers gone", again(ends[1], O_WRONLY));
	look("it", more);
	say_number("write", write(more, "x", 1));
	close(more);
	more = (int)say_done("without waiting", again(ends[1], O_WRONLY | O_NONBLOCK));
	say_number("write", write(more, "x", 1));
	close(more);
	more = (int)say_done("a reader from the writer", again(ends[1], O_RDONLY));
	say_number("write", write(ends[1], "xyz", 3));
	say_number("read", read(more, text, 10));
}

/* Only a reference to what it was is left, and the pipe begins anew. */
static void both_gone(void)
{
	int ends[2], path, more;
	char text[10];

	if (pipe(ends) || write(ends[1], "lost", 4) != 4)
		return;
	path = (int)say_done("a path", again(ends[0], O_PATH));
	close(ends[0]);
	close(ends[1]);
	more = (int)say_done("opened by it", again(path, O_RDONLY));
	look("it", more);
	say_number("read", read(more, text, 10));
}

static void named(void)
{
	int both, path, more;
	char text[10];
	pid_t child;

	mkfifo("p", 0600);
	path = (int)say_done("a path to a named pipe", open("p", O_PATH));
	say_number("a writer that does not wait", again(path, O_WRONLY | O_NONBLOCK));
	child = fork();
	if (child == 0) {
		more = again(path, O_WRONLY);
		_exit(write(more, "from afar", 9) != 9);
	}
	more = (int)say_done("a reader that waits", again(path, O_RDONLY));
	say_number("read", read(more, text, 9));
	say_end("writer", child);
	close(more);
	both = (int)say_done("both", open("p", O_RDWR));
	more = (int)say_done("again", again(both, O_WRONLY | O_NONBLOCK));
	say_number("write", write(more, "x", 1));
	say_number("read", read(both, text, 1));
}

static void nameless(void)
{
	int timer = timerfd_create(CLOCK_MONOTONIC, 0), memory = memfd_create("m", 0), more;
	char text[10] = "";

	say_number("eventfd", again(eventfd(0, 0), O_RDWR));
	say_number("epoll", again(epoll_create1(0), O_RDWR));
	say_number("timerfd", again(timer, O_RDWR));
	say_done("timerfd as a path", again(timer, O_PATH));
	say_number("write", write(memory, "memory", 6));
	more = (int)say_done("memory file", again(memory, O_RDONLY));
	say_number("read", read(more, text, 6));
	say_number("write", write(more, "x", 1));
	more = (int)say_done("emptied", again(memory, O_RDWR | O_TRUNC));
	say_number("size", lseek(more, 0, SEEK_END));
}

int main(void)
{
	alarm(10);
	writers_gone();
	readers_gone();
	both_gone();
	named();
	nameless();
	return 0;
}
