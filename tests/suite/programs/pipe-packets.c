/* SPDX-License-Identifier: MIT */
/* Shows: pipes with O_DIRECT keep the borders of what is written: a read gives one packet and drops
 * the rest of it, a longer write becomes several, each takes a page of the pipe's size; a switch by
 * F_SETFL in the middle; bad buffers; sizes of pipes. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/ioctl.h>

static char text[100000];
static int ends[2];

static long get(size_t bytes)
{
	return read(ends[0], text, bytes);
}

static long put(const char *what)
{
	return write(ends[1], what, strlen(what));
}

static void drain(void)
{
	while (get(sizeof(text)) > 0)
		continue;
}

static void tell_fill(void)
{
	struct pollfd both[2] = {{.fd = ends[0], .events = POLLIN},
	                         {.fd = ends[1], .events = POLLOUT}};
	int bytes = -1, got;

	ioctl(ends[0], FIONREAD, &bytes);
	got = poll(both, 2, 0);
	say("%d bytes, %d ready: %x %x", bytes, got, (unsigned int)both[0].revents,
	    (unsigned int)both[1].revents);
}

static void borders(void)
{
	int i;

	say("flags: %x %x", (unsigned int)fcntl(ends[0], F_GETFL),
	    (unsigned int)fcntl(ends[1], F_GETFL) & ~(unsigned int)O_ACCMODE);
	tell_fill();
	say("written: %ld %ld", put("abc"), put("defg"));
	tell_fill();
	say_number("one", get(50));
	say_number("another", get(50));
	say_number("none", get(50));
	put("abcdef");
	put("gh");
	say_number("a part", get(2));
	say_number("the rest is lost", get(50));
	say("got %.2s", text);
	say_number("nothing written", put(""));
	say_number("is no packet", get(50));
	for (i = 0; put("x") == 1; i++)
		continue;
	say("%d fill it", i);
	tell_fill();
	get(50);
	tell_fill();
	drain();
}

static void long_ones(void)
{
	say_number("10000", write(ends[1], text, 10000));
	say("read: %ld %ld %ld", get(20000), get(20000), get(20000));
	say_number("more than fits", write(ends[1], text, sizeof(text)));
	tell_fill();
	drain();
}

static void mixed(void)
{
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	put("stream");
	fcntl(ends[1], F_SETFL, O_NONBLOCK | O_DIRECT);
	say_number("joins what is there", put("packet"));
	say_number("read", get(50));
	put("packet");
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	put("more");
	put("still");
	say_number("a packet", get(50));
	say_number("a stream", get(50));
	put("stream");
	fcntl(ends[1], F_SETFL, O_NONBLOCK | O_DIRECT);
	say_number("fills a page", write(ends[1], text, 4096));
	put("third");
	say_number("up to the packet's end", get(8192));
	say_number("third", get(8192));
}

static void bad_buffers(void)
{
	char *end = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	end += 4096;
	munmap(end, 4096);
	put("abcdef");
	say_number("read", read(ends[0], end, 6));
	say_number("read half", read(ends[0], end - 3, 6));
	say_number("it is whole", get(50));
	say_number("write half", write(ends[1], end - 100, 200));
	say_number("nothing came", get(50));
}

static void sizes(void)
{
	int file = open("f", O_RDWR | O_CREAT, 0600), i;

	for (i = 0; i < 10; i++)
		put("x");
	say_number("too small", fcntl(ends[0], F_SETPIPE_SZ, 32768));
	get(50);
	get(50);
	say_number("just enough", fcntl(ends[0], F_SETPIPE_SZ, 32768));
	say_number("full", put("x"));
	say_number("larger", fcntl(ends[1], F_SETPIPE_SZ, 65537));
	say_number("read back", fcntl(ends[0], F_GETPIPE_SZ));
	say_number("room", put("x"));
	drain();
	say_number("0", fcntl(ends[0], F_SETPIPE_SZ, 0));
	say_number("a megabyte", fcntl(ends[0], F_SETPIPE_SZ, 1 << 20));
	say_number("too much", fcntl(ends[0], F_SETPIPE_SZ, (1u << 31) + 1));
	say_number("of a file", fcntl(file, F_SETPIPE_SZ, 4096));
}

static void named(void)
{
	int fifo;

	mkfifo("p", 0600);
	say_number("named, O_DIRECT", open("p", O_RDWR | O_DIRECT));
	fifo = open("p", O_RDWR | O_NONBLOCK);
	say_number("set later", fcntl(fifo, F_SETFL, O_NONBLOCK | O_DIRECT));
	say("written: %ld %ld", (long)write(fifo, "ab", 2), (long)write(fifo, "cde", 3));
	say_number("one", read(fifo, text, 50));
	say_number("another", read(fifo, text, 50));
	say_number("a device", open("/dev/null", O_RDWR | O_DIRECT));
	say_number("set on a device", fcntl(open("/dev/null", O_RDWR), F_SETFL, O_DIRECT));
}

int main(void)
{
	if (pipe2(ends, O_DIRECT | O_NONBLOCK))
		return 1;
	borders();
	long_ones();
	mixed();
	bad_buffers();
	sizes();
	named();
	return 0;
}
