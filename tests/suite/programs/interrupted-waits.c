/* SPDX-License-Identifier: MIT */
/* Shows: what waits leave behind when a handler ends them: poll clears what it would report, select
 * keeps its sets, both say how much time was left; epoll_wait touches nothing. And that a signal
 * which the mask of ppoll lets in comes first even where there is no time to wait. */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>

static int ends[2];
static sigset_t none;

static void note(int number)
{
	(void)number;
}

static void soon(void)
{
	struct itimerval in = {.it_value.tv_usec = 20000};

	setitimer(ITIMER_REAL, &in, NULL);
}

static void poll_leaves(void)
{
	struct pollfd two[2] = {{.fd = ends[0], .events = POLLIN, .revents = 0x7f},
	                        {.fd = -1, .events = POLLIN, .revents = 0x7f}};
	struct timespec left = {.tv_sec = 5};

	soon();
	say_number("poll", poll(two, 2, 5000));
	say("events %d %d", two[0].revents, two[1].revents);
	two[0].revents = two[1].revents = 0x7f;
	soon();
	say_number("ppoll", syscall(SYS_ppoll, two, 2, &left, &none, 8));
	say("events %d %d", two[0].revents, two[1].revents);
	say_truth("less time left", left.tv_sec == 4);
}

static void select_leaves(void)
{
	struct timeval left = {.tv_sec = 5};
	struct timespec exact = {.tv_sec = 5};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	soon();
	say_number("select", select(ends[0] + 1, &set, NULL, NULL, &left));
	say_truth("set kept", FD_ISSET(ends[0], &set));
	say_truth("less time left", left.tv_sec == 4);
	soon();
	say_number("pselect", syscall(SYS_pselect6, ends[0] + 1, &set, NULL, NULL, &exact, NULL));
	say_truth("set kept", FD_ISSET(ends[0], &set));
	say_truth("less time left", exact.tv_sec == 4);
}

static void epoll_leaves(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(0);

	epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event);
	event.events = 0x7f;
	soon();
	say_number("epoll_wait", epoll_wait(set, &event, 1, 5000));
	soon();
	say_number("epoll_pwait", epoll_pwait(set, &event, 1, 5000, &none));
	say("events %x", event.events);
}

/* The time cannot be told, so the call cannot go on with the rest of it. */
static void time_that_cannot_be_told(void)
{
	struct timespec *fixed =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*fixed = (struct timespec){.tv_nsec = 1000000};
	mprotect(fixed, 4096, PROT_READ);
	say_number("time out", syscall(SYS_ppoll, NULL, 0, fixed, NULL, 8));
}

static void no_time(void)
{
	struct timespec zero = {.tv_sec = 0};
	struct pollfd one = {.fd = ends[0], .events = POLLIN, .revents = 0x7f};
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	say_number("ppoll at once", ppoll(&one, 1, &zero, &none));
	raise(SIGUSR1);
	say_number("pselect at once", pselect(0, NULL, NULL, NULL, &zero, &none));
	raise(SIGUSR1);
	if (write(ends[1], "x", 1) == 1)
		say_number("ppoll with something there", ppoll(&one, 1, &zero, &none));
}

int main(void)
{
	sigemptyset(&none);
	handle(SIGALRM, note, SA_RESTART);
	handle(SIGUSR1, note, SA_RESTART);
	if (pipe(ends))
		return 1;
	poll_leaves();
	select_leaves();
	epoll_leaves();
	time_that_cannot_be_told();
	no_time();
	return 0;
}
