/* SPDX-License-Identifier: MIT */
/* Shows: pipes: order, capacity, end of file, EPIPE and SIGPIPE, O_NONBLOCK, atomic writes,
 * FIONREAD, partial writes, many processes, what lseek and friends say. */
#include "tests/suite/programs/say.h"
#include <sys/ioctl.h>

static int ends[2];
static volatile int signals;

static void note(int number)
{
	signals = number;
}

static void capacity(void)
{
	char block[4096];
	long total = 0, got;

	memset(block, 'x', sizeof(block));
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	say_number("read of an empty pipe", read(ends[0], block, 10));
	while ((got = write(ends[1], block, sizeof(block))) > 0)
		total += got;
	say_number("write to a full pipe", got);
	say("capacity %ld, F_GETPIPE_SZ %d", total, fcntl(ends[1], F_GETPIPE_SZ));
	say_number("one byte more", write(ends[1], "x", 1));
	say_number("read a page", read(ends[0], block, 4096));
	say_number("room for one page again", write(ends[1], block, 4096));
	while ((got = read(ends[0], block, sizeof(block))) > 0)
		total -= got;
	say("left after draining: %ld", total);
	fcntl(ends[0], F_SETFL, 0);
	fcntl(ends[1], F_SETFL, 0);
}

static void slow_writer(void)
{
	char *block = malloc(200000);
	size_t i;

	close(ends[0]);
	for (i = 0; i < 200000; i++)
		block[i] = (char)(i % 251);
	say_number("large write", write(ends[1], block, 200000));
}

static void large(void)
{
	unsigned char block[3000];
	size_t at = 0, bad = 0;
	ssize_t got, i;
	pid_t child = fork();

	if (child == 0) {
		slow_writer();
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], block, sizeof(block))) > 0)
		for (i = 0; i < got; i++)
			bad += block[i] != at++ % 251;
	say("received %zu, wrong %zu", at, bad);
	say_end("writer", child);
	say_number("at the end of file", read(ends[0], block, 1));
	close(ends[0]);
}

static void broken(void)
{
	if (pipe(ends))
		_exit(1);
	close(ends[0]);
	handle(SIGPIPE, note, 0);
	say_number("write without a reader", write(ends[1], "x", 1));
	say("signal %d", signals);
	signal(SIGPIPE, SIG_IGN);
	say_number("and ignored", write(ends[1], "x", 1));
	say_number("zero bytes", write(ends[1], "x", 0));
	signal(SIGPIPE, SIG_DFL);
	if (write(ends[1], "x", 1))
		say("not reached");
}

int main(void)
{
	char text[20];
	int waiting = -1;

	say_number("pipe", pipe(ends));
	say_number("write", write(ends[1], "first", 5));
	say_number("write", write(ends[1], "second", 6));
	ioctl(ends[0], FIONREAD, &waiting);
	say("waiting: %d", waiting);
	say_number("read", read(ends[0], text, 8));
	say("got %.8s", text);
	say_number("read", read(ends[0], text, 20));
	say("got %.3s", text);
	say_number("lseek", lseek(ends[0], 0, SEEK_SET));
	say_number("pread", pread(ends[0], text, 1, 0));
	say_number("read at the wrong end", read(ends[1], text, 1));
	say_number("write at the wrong end", write(ends[0], text, 1));
	say_number("ftruncate", ftruncate(ends[1], 0));
	say_number("fsync", fsync(ends[1]));
	capacity();
	large();
	in_child("broken", broken);
	say_number("bad flags", pipe2(ends, 0x7777777));
	say_number("O_CLOEXEC", pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	say("flags %d %x", fcntl(ends[0], F_GETFD), (unsigned int)fcntl(ends[0], F_GETFL));
	return 0;
}
