/* SPDX-License-Identifier: MIT */
/* Shows: sets of epoll that watch sets: five in a chain and no ring, each arrival is an edge above;
 * edges of one source alone (what a reader does is none for readers); EPOLLEXCLUSIVE, which wakes
 * one of many sets, and what it cannot be combined with; what can be watched at all. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static int add(int set, int fd, unsigned int events)
{
	struct epoll_event event = {.events = events};

	return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

static int change(int set, int fd, unsigned int events)
{
	struct epoll_event event = {.events = events};

	return epoll_ctl(set, EPOLL_CTL_MOD, fd, &event);
}

static int ready(int set)
{
	struct epoll_event event;

	return epoll_wait(set, &event, 1, 0);
}

static void put(int fd, size_t bytes)
{
	if (write(fd, "abcdefgh", bytes) != (ssize_t)bytes)
		_exit(96);
}

static void take(int fd, size_t bytes)
{
	char text[8];

	if (read(fd, text, bytes) != (ssize_t)bytes)
		_exit(95);
}

static void chains(void)
{
	int up = epoll_create1(0), ring[3], i;

	for (i = 2; i <= 6; i++) {
		int above = epoll_create1(0);

		say("upwards, the %dth", i);
		say_number("add", add(above, up, EPOLLIN));
		up = above;
	}
	for (i = 0; i < 3; i++)
		ring[i] = epoll_create1(0);
	say_number("first", add(ring[0], ring[1], EPOLLIN));
	say_number("second", add(ring[1], ring[2], EPOLLIN));
	say_number("a ring", add(ring[2], ring[0], EPOLLIN));
	say_number("itself", add(ring[0], ring[0], EPOLLIN));
	say_number("another way", add(ring[0], ring[2], EPOLLIN));
}

/* Asks the sets one after the other, as their letters say. */
static void ask(const char *what, const char *names, int a, int b, int c)
{
	char text[40];
	size_t i;

	for (i = 0; names[i]; i++)
		text[i] = (char)('0' + ready(names[i] == 'a' ? a : names[i] == 'b' ? b : c));
	text[i] = 0;
	say("%s: %s", what, text);
}

static void edges_through_sets(void)
{
	int inner = epoll_create1(0), outer = epoll_create1(0), top = epoll_create1(0), ends[2], i;

	if (pipe(ends))
		return;
	say_number("add", add(inner, ends[0], EPOLLIN));
	say_number("add", add(outer, inner, EPOLLIN | EPOLLET));
	say_number("add", add(top, outer, EPOLLIN | EPOLLET));
	for (i = 0; i < 5; i++) {
		put(ends[1], 1);
		ask("an arrival", "ccbba", inner, outer, top);
	}
	take(ends[0], 2);
	ask("some is read", "cba", inner, outer, top);
	put(ends[1], 1);
	ask("told inside first", "abbc", inner, outer, top);
	put(ends[1], 1);
	take(ends[0], 5);
	ask("all is gone", "cba", inner, outer, top);
}

/* Many ways lead from the source to the top. */
static void many_ways(void)
{
	int top = epoll_create1(0), ends[2], layer[3][2], i, j;

	if (pipe(ends))
		return;
	for (i = 0; i < 6; i++)
		layer[i / 2][i % 2] = epoll_create1(0);
	for (i = 0; i < 2; i++) {
		say_number("bottom", add(layer[0][i], ends[0], EPOLLIN));
		for (j = 0; j < 4; j++)
			say_number("between",
			           add(layer[1 + j / 2][i], layer[j / 2][j % 2], EPOLLIN));
		say_number("top", add(top, layer[2][i], EPOLLIN | EPOLLET));
	}
	for (i = 0; i < 3; i++) {
		struct epoll_event event[8];

		put(ends[1], 1);
		say_number("both", epoll_wait(top, event, 8, 0));
		say_number("again", epoll_wait(top, event, 8, 0));
	}
}

static void edges_of_sources(void)
{
	int counter = eventfd(5, EFD_SEMAPHORE), reader = epoll_create1(0), both, ends[2];
	uint64_t value = 1;

	say_number("add", add(reader, counter, EPOLLIN | EPOLLET));
	say("at first: %d", ready(reader));
	if (read(counter, &value, 8) == 8)
		say("less is no arrival: %d", ready(reader));
	if (write(counter, &value, 8) == 8)
		say("more is: %d", ready(reader));
	mkfifo("p", 0600);
	both = open("p", O_RDWR);
	reader = epoll_create1(0);
	say_number("add", add(reader, both, EPOLLIN | EPOLLET));
	put(both, 6);
	say("arrived: %d", ready(reader));
	take(both, 1);
	say("some is read: %d", ready(reader));
	if (pipe(ends))
		return;
	reader = epoll_create1(0);
	say_number("add", add(reader, ends[1], EPOLLOUT | EPOLLET));
	say("room at first: %d", ready(reader));
	put(ends[1], 8);
	take(ends[0], 8);
	say("there was room all the time: %d", ready(reader));
}

/* How many of eight processes, each with a set of its own, see one byte. */
static void one_of_eight(const char *what, unsigned int events)
{
	int *woken = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ends[2], go[2], i;

	if (pipe(ends) || pipe(go))
		return;
	for (i = 0; i < 8; i++) {
		if (fork() == 0) {
			struct epoll_event event;
			int set = epoll_create1(0);

			add(set, ends[0], events);
			put(go[1], 1);
			if (epoll_wait(set, &event, 1, 400) == 1)
				__sync_fetch_and_add(woken, 1);
			_exit(0);
		}
		take(go[0], 1);
	}
	sleep_ms(150);
	put(ends[1], 1);
	while (wait(NULL) > 0)
		continue;
	say("%s: %d", what, *woken);
}

static void exclusive(void)
{
	int set = epoll_create1(0), inner = epoll_create1(0), ends[2], other[2];
	unsigned int only = EPOLLEXCLUSIVE;

	if (pipe(ends) || pipe(other))
		return;
	one_of_eight("woken by a byte", EPOLLIN | EPOLLET);
	one_of_eight("woken by a byte, exclusive", EPOLLIN | EPOLLET | EPOLLEXCLUSIVE);
	say_number("a set", add(set, inner, EPOLLIN | only));
	say_number("EPOLLPRI", add(set, ends[0], EPOLLPRI | only));
	say_number("EPOLLRDHUP", add(set, ends[0], EPOLLRDHUP | only));
	say_number("EPOLLONESHOT", add(set, ends[0], EPOLLIN | EPOLLONESHOT | only));
	say_number("all that goes",
	           add(set, ends[0], EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLET | only));
	say_number("changed", change(set, ends[0], EPOLLIN));
	say_number("changed to exclusive", change(set, ends[0], EPOLLIN | only));
	say_number("removed", epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL));
	say_number("another", add(set, other[0], EPOLLIN));
	say_number("changed to exclusive", change(set, other[0], EPOLLIN | only));
	say_number("nothing but that", add(set, ends[0], only));
	close(ends[1]);
	say("told all the same: %d", ready(set));
}

static void targets(void)
{
	int set = epoll_create1(0), ends[2], file = open("f", O_RDWR | O_CREAT, 0600);
	struct epoll_event event = {.events = EPOLLIN};

	if (pipe(ends))
		return;
	say_number("a path", add(set, open(".", O_PATH), EPOLLIN));
	say_number("a path as the set", add(open(".", O_PATH), ends[0], EPOLLIN));
	say_number("a directory", add(set, open(".", O_RDONLY), EPOLLIN));
	say_number("a device without an end", add(set, open("/dev/zero", O_RDWR), EPOLLIN));
	say_number("no set, closed target", add(ends[0], 99, EPOLLIN));
	say_number("no set, a file", add(ends[0], file, EPOLLIN));
	say_number("no set", add(ends[0], ends[1], EPOLLIN));
	say_number("no such operation", epoll_ctl(set, 7, ends[0], &event));
	say_number("no such operation, no event", epoll_ctl(set, 7, ends[0], NULL));
	say_number("change of none", change(set, ends[0], EPOLLIN));
}

int main(void)
{
	chains();
	edges_through_sets();
	many_ways();
	edges_of_sources();
	exclusive();
	targets();
	return 0;
}
