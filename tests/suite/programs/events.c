/* SPDX-License-Identifier: MIT */
/* Shows: epoll level and edge, eventfd counters and semaphores, timerfd once and repeating, and
 * how they work together with poll. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

static int add(int set, int fd, unsigned int events, unsigned int data)
{
	struct epoll_event event = {.events = events, .data.u32 = data};

	return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

static void wait_on(const char *what, int set, int ms)
{
	struct epoll_event event[4] = {{.events = 0}};
	int got = epoll_wait(set, event, 4, ms);

	if (got < 0)
		say_number(what, got);
	else
		say("%s: %d, events %x, data %u", what, got, got ? event[0].events : 0u,
		    got ? event[0].data.u32 : 0u);
}

static void with_epoll(void)
{
	int set = epoll_create1(EPOLL_CLOEXEC), ends[2], file = open("f", O_RDWR | O_CREAT, 0600);
	struct epoll_event event = {.events = EPOLLOUT, .data.u32 = 9};
	char text[10];

	if (pipe(ends))
		return;
	say_number("add", add(set, ends[0], EPOLLIN, 5));
	say_number("add again", add(set, ends[0], EPOLLIN, 5));
	say_number("add a file", add(set, file, EPOLLIN, 5));
	say_number("add a closed one", add(set, 99, EPOLLIN, 5));
	say_number("add itself", add(set, set, EPOLLIN, 5));
	wait_on("nothing", set, 0);
	wait_on("nothing for a while", set, 10);
	if (write(ends[1], "abc", 3) != 3)
		return;
	wait_on("readable", set, 1000);
	wait_on("still", set, 0);
	event.events = EPOLLIN | EPOLLET;
	say_number("edge", epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event));
	wait_on("first", set, 0);
	wait_on("second", set, 0);
	if (write(ends[1], "d", 1) != 1)
		return;
	wait_on("more", set, 0);
	event.events = EPOLLIN | EPOLLONESHOT;
	say_number("once", epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event));
	wait_on("first", set, 0);
	wait_on("second", set, 0);
	say_number("read", read(ends[0], text, sizeof(text)));
	close(ends[1]);
	epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event);
	wait_on("hung up", set, 0);
	say_number("remove", epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL));
	say_number("remove again", epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL));
	wait_on("no room", set, 0);
	say_number("no events", epoll_wait(set, &event, 0, 0));
	say_number("not a set", epoll_wait(file, &event, 1, 0));
}

static void with_eventfd(void)
{
	int fd = eventfd(3, EFD_NONBLOCK), semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
	uint64_t value = 4;

	say_number("write", write(fd, &value, 8));
	say_number("poll", poll(&one, 1, 0));
	say("events %x", (unsigned int)one.revents);
	say_number("read", read(fd, &value, 8));
	say("value %lu", (unsigned long)value);
	say_number("read again", read(fd, &value, 8));
	say_number("too short", read(fd, &value, 4));
	value = UINT64_MAX;
	say_number("too much", write(fd, &value, 8));
	value = UINT64_MAX - 1;
	say_number("full", write(fd, &value, 8));
	value = 1;
	say_number("beyond full", write(fd, &value, 8));
	say_number("semaphore", read(semaphore, &value, 8));
	say("value %lu", (unsigned long)value);
	say_number("semaphore", read(semaphore, &value, 8));
	say_number("semaphore", read(semaphore, &value, 8));
}

static void with_timerfd(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec value = {.it_value = {.tv_nsec = 150000000}}, left;
	struct pollfd one = {.fd = fd, .events = POLLIN};
	uint64_t count = 0;

	say_number("poll unset", poll(&one, 1, 0));
	say_number("set", timerfd_settime(fd, 0, &value, NULL));
	say_number("poll", poll(&one, 1, 0));
	say_number("read", read(fd, &count, 8));
	say("count %lu", (unsigned long)count);
	timerfd_gettime(fd, &left);
	say("left %ld", (long)(left.it_value.tv_sec + left.it_value.tv_nsec));
	value.it_value.tv_nsec = value.it_interval.tv_nsec = 5000000;
	timerfd_settime(fd, 0, &value, NULL);
	sleep_ms(60);
	say_number("read", read(fd, &count, 8));
	say_truth("several", count >= 5);
	say_number("bad clock", timerfd_create(99, 0));
	value.it_value.tv_nsec = -1;
	say_number("bad time", timerfd_settime(fd, 0, &value, NULL));
	say_number("not a timer", timerfd_settime(1, 0, &left, NULL));
}

int main(void)
{
	with_epoll();
	with_eventfd();
	with_timerfd();
	return 0;
}
