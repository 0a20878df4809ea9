/* SPDX-License-Identifier: MIT */
/* Shows: poll, ppoll and select on pipes and files: what is ready, times, hang-up, bad
 * descriptors, waking up by another process, signal masks. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/select.h>

static int ends[2];

static void look(const char *what, int fd, short events)
{
	struct pollfd one = {.fd = fd, .events = events, .revents = -1};
	int got = poll(&one, 1, 0);

	say("%s: %d, events %x", what, got, (unsigned int)(unsigned short)one.revents);
}

static void try_select(const char *what, int reader, int writer, long ms)
{
	struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	fd_set readers, writers;
	int got;

	FD_ZERO(&readers);
	FD_ZERO(&writers);
	FD_SET(reader, &readers);
	FD_SET(writer, &writers);
	got = select((reader > writer ? reader : writer) + 1, &readers, &writers, NULL, &limit);
	say("%s: %d, readable %d, writable %d", what, got, got >= 0 && FD_ISSET(reader, &readers),
	    got >= 0 && FD_ISSET(writer, &writers));
}

static void wake_up(void)
{
	struct pollfd one = {.fd = ends[0], .events = POLLIN};
	pid_t child = fork();

	if (child == 0) {
		sleep_ms(30);
		if (write(ends[1], "w", 1) != 1)
			_exit(1);
		_exit(0);
	}
	say_number("poll woken", poll(&one, 1, 5000));
	say("events %x", (unsigned int)one.revents);
	say_end("child", child);
}

static void note(int number)
{
	say("handler %d", number);
}

static void with_mask(void)
{
	struct pollfd one = {.fd = ends[0], .events = POLLIN};
	struct timespec limit = {.tv_nsec = 10000000};
	sigset_t set, none;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	handle(SIGUSR1, note, 0);
	raise(SIGUSR1);
	say_number("ppoll that lets the signal in", ppoll(&one, 1, &limit, &none));
	raise(SIGUSR1);
	say_number("ppoll that does not", ppoll(&one, 1, &limit, &set));
	say_number("pselect", pselect(0, NULL, NULL, NULL, &limit, &none));
}

int main(void)
{
	struct timespec before, after;
	struct pollfd many[3];
	char text[10];
	int file, i;

	if (pipe(ends))
		return 1;
	look("empty, reader", ends[0], POLLIN);
	look("empty, writer", ends[1], POLLOUT);
	if (write(ends[1], "x", 1) != 1)
		return 1;
	look("filled, reader", ends[0], POLLIN | POLLPRI);
	look("nothing asked", ends[0], 0);
	look("negative", -1, POLLIN);
	look("closed", 77, POLLIN);
	file = open("f", O_RDWR | O_CREAT, 0600);
	look("file", file, POLLIN | POLLOUT);
	look("null", open("/dev/null", O_RDWR), POLLIN | POLLOUT);
	try_select("select, filled", ends[0], ends[1], 0);
	if (read(ends[0], text, 1) != 1)
		return 1;
	try_select("select, empty", ends[0], ends[1], 0);
	wake_up();
	if (read(ends[0], text, 1) != 1)
		return 1;
	with_mask();
	clock_gettime(CLOCK_MONOTONIC, &before);
	say_number("poll for 50 ms", poll(NULL, 0, 50));
	clock_gettime(CLOCK_MONOTONIC, &after);
	say_truth("at least 50 ms",
	          (after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec >=
	              50000000);
	close(ends[1]);
	look("writer gone", ends[0], POLLIN);
	try_select("select, writer gone", ends[0], file, 0);
	if (pipe(ends))
		return 1;
	close(ends[0]);
	look("reader gone", ends[1], POLLOUT);
	for (i = 0; i < 3; i++)
		many[i] = (struct pollfd){.fd = i == 1 ? 55 : file, .events = POLLIN};
	say_number("three of them", poll(many, 3, 1000));
	say("events %d %d %d", many[0].revents, many[1].revents, many[2].revents);
	try_select("select of a closed one", 55, file, 0);
	say_number("select with a bad time",
	           select(0, NULL, NULL, NULL, &(struct timeval){.tv_sec = -1}));
	say_number("too many", poll(many, HIDE((nfds_t)1000000), 0));
	return 0;
}
