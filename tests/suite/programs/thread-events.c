/* SPDX-License-Identifier: MIT */
/* Shows: poll, ppoll, epoll and eventfd among threads: each event is one thread's, all wake for
 * what concerns all, edges and one-shot among many, timers, an eventfd as a lock and as a count. */
#include "tests/suite/programs/threads.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#define ITEMS 400

static int queue[2], end_fd, set;
static _Atomic long sum, items, woken;

static void add(int fd, unsigned int events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event))
		say_done("epoll_ctl", -1);
}

/* Workers take numbers from a pipe that does not block: each number once, until the end is said. */
static void *work(void *argument)
{
	struct epoll_event events[4];

	for (;;) {
		int count = epoll_wait(set, events, 4, -1);

		for (int i = 0; i < count; i++) {
			int number;

			if (events[i].data.u64 == 1)
				return argument;
			while (read(queue[0], &number, sizeof(number)) == sizeof(number)) {
				sum += number;
				items++;
			}
			/* With one-shot it must be armed again, by whoever emptied it. */
			if (argument) {
				struct epoll_event again = {.events = EPOLLIN | EPOLLONESHOT};

				epoll_ctl(set, EPOLL_CTL_MOD, queue[0], &again);
			}
		}
	}
}

static void workers(const char *what, unsigned int events)
{
	void *one_shot = events & EPOLLONESHOT ? (void *)1 : NULL;
	pthread_t threads[4];

	if (pipe2(queue, O_NONBLOCK))
		return;
	set = epoll_create1(0);
	end_fd = eventfd(0, 0);
	sum = items = 0;
	add(queue[0], EPOLLIN | events, 0);
	add(end_fd, EPOLLIN, 1);
	for (int i = 0; i < 4; i++)
		threads[i] = start(work, one_shot);
	for (int i = 1; i <= ITEMS; i++) {
		while (write(queue[1], &i, sizeof(i)) != sizeof(i))
			sched_yield();
		if (i % 50 == 0)
			sched_yield();
	}
	while (items < ITEMS)
		sched_yield();
	if (write(end_fd, &(uint64_t){1}, 8) != 8)
		return;
	for (int i = 0; i < 4; i++)
		join(threads[i]);
	say("%s: %ld items, sum %ld", what, (long)items, (long)sum);
	close(queue[0]);
	close(queue[1]);
	close(end_fd);
	close(set);
}

/* One event for all of them, which nobody takes away. */
static void *wait_for_all(void *argument)
{
	struct pollfd one = {.fd = end_fd, .events = POLLIN};

	switch ((intptr_t)argument % 3) {
	case 0:
		poll(&one, 1, -1);
		break;
	case 1:
		ppoll(&one, 1, NULL, NULL);
		break;
	default:
		epoll_wait(set, &(struct epoll_event){.events = 0}, 1, -1);
		break;
	}
	woken++;
	return NULL;
}

static void all_wake(void)
{
	pthread_t threads[9];

	end_fd = eventfd(0, 0);
	set = epoll_create1(0);
	add(end_fd, EPOLLIN, 0);
	for (intptr_t i = 0; i < 9; i++)
		threads[i] = start(wait_for_all, (void *)i);
	sleep_ms(5);
	if (write(end_fd, &(uint64_t){1}, 8) != 8)
		return;
	for (int i = 0; i < 9; i++)
		join(threads[i]);
	say("woken %ld", (long)woken);
}

static int semaphore;

static void *take(void *argument)
{
	uint64_t value;

	for (int i = 0; i < 50; i++) {
		if (read(semaphore, &value, 8) != 8 || value != 1)
			say("taken %lu", (unsigned long)value);
		items++;
	}
	return argument;
}

static void *give(void *argument)
{
	for (int i = 0; i < 25; i++) {
		if (write(semaphore, &(uint64_t){2}, 8) != 8)
			say("not given");
	}
	return argument;
}

static void *either(void *argument)
{
	return (intptr_t)argument % 2 ? give(NULL) : take(NULL);
}

/* A full counter holds its writers until somebody reads. */
static void *read_all(void *argument)
{
	uint64_t value;

	sleep_ms(3);
	for (int i = 0; i < 2; i++) {
		if (read(end_fd, &value, 8) == 8)
			sum += (long)(value >> 32);
	}
	return argument;
}

static void counters(void)
{
	pthread_t thread;

	semaphore = eventfd(0, EFD_SEMAPHORE);
	items = sum = 0;
	run_threads(8, either);
	say("semaphore: %ld", (long)items);
	end_fd = eventfd(0, 0);
	if (write(end_fd, &(uint64_t){UINT64_MAX - 1}, 8) != 8)
		return;
	thread = start(read_all, NULL);
	say_number("write when full", write(end_fd, &(uint64_t){1ull << 33}, 8));
	join(thread);
	say("sum of the halves %ld", (long)sum);
}

/* Watched while others change the set. */
static void *change_set(void *argument)
{
	int fd = eventfd(1, 0);

	for (int i = 0; i < 100; i++) {
		struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 9};

		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
		epoll_ctl(set, EPOLL_CTL_MOD, fd, &event);
		if (i % 10 == 0)
			sched_yield();
		epoll_ctl(set, EPOLL_CTL_DEL, fd, &event);
	}
	close(fd);
	return argument;
}

static void changing(void)
{
	struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
	int timer = timerfd_create(CLOCK_MONOTONIC, 0), got = 0, strange = 0;
	struct epoll_event events[8];
	pthread_t threads[3];

	set = epoll_create1(0);
	add(timer, EPOLLIN, 5);
	for (int i = 0; i < 3; i++)
		threads[i] = start(change_set, NULL);
	for (int i = 0; i < 10; i++) {
		bool seen = false;

		timerfd_settime(timer, 0, &soon, NULL);
		while (!seen) {
			int count = epoll_wait(set, events, 8, -1);

			for (int k = 0; k < count; k++) {
				seen = seen || events[k].data.u64 == 5;
				strange += events[k].data.u64 != 5 && events[k].data.u64 != 9;
			}
		}
		got++;
	}
	for (int i = 0; i < 3; i++)
		join(threads[i]);
	say("timer seen %d times, strange %d", got, strange);
}

int main(void)
{
	workers("level", 0);
	workers("edge", EPOLLET);
	workers("one shot", EPOLLONESHOT);
	workers("exclusive", EPOLLEXCLUSIVE);
	all_wake();
	counters();
	changing();
	return 0;
}
