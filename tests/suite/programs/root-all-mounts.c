/* SPDX-License-Identifier: MIT */
/* Shows: watching what is mounted: /proc/self/mounts and mountinfo can always be read, and tell
 * each open file once that something was mounted or unmounted. Other files of a process cannot be
 * watched, those of the machine are always ready. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mount.h>

static int add(int set, const char *path, unsigned int events)
{
	struct epoll_event event = {.events = events};

	return epoll_ctl(set, EPOLL_CTL_ADD, open(path, O_RDONLY), &event);
}

static void look(const char *what, int fd)
{
	struct pollfd one = {.fd = fd, .events = POLLIN | POLLPRI};
	int got = poll(&one, 1, 0);

	say("%s: %d, events %x", what, got, (unsigned int)one.revents);
}

static int ready(int set)
{
	struct epoll_event event;

	return epoll_wait(set, &event, 1, 0);
}

int main(void)
{
	int mounts = open("/proc/self/mounts", O_RDONLY), set = epoll_create1(0);
	char text[10];

	mkdir("m", 0700);
	look("before", mounts);
	say_number("watch mounts", add(set, "/proc/self/mounts", EPOLLPRI | EPOLLET));
	say_number("watch mountinfo", add(set, "/proc/self/mountinfo", EPOLLPRI | EPOLLET));
	say("nothing: %d", ready(set));
	say_number("mount", mount("none", "m", "tmpfs", 0, NULL));
	look("mounted", mounts);
	look("told once", mounts);
	say("watched: %d", ready(set));
	say_truth("read", read(mounts, text, 10) == 10);
	say_number("unmount", umount("m"));
	look("unmounted", mounts);
	look("told once", mounts);
	say_number("a file of the process", add(set, "/proc/self/status", EPOLLIN));
	say_number("of the machine", add(set, "/proc/uptime", EPOLLIN));
	look("it", open("/proc/uptime", O_RDONLY));
	return 0;
}
