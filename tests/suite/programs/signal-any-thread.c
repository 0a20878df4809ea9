/* SPDX-License-Identifier: MIT */
/* Shows: signals sent to a process with threads: any thread takes it that does not block it, one
 * alone, also when it sleeps or is the last that can; threads in sigwait share a queue of them. */
#include "tests/suite/programs/threads.h"

static _Atomic int taken_by, taken, ready, tid;

static void note(int number)
{
	(void)number;
	taken_by = own_tid();
	taken++;
}

static void set_blocked(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(how, &set, NULL);
}

static void *open_one(void *argument)
{
	int before = taken;

	(void)argument;
	set_blocked(SIG_UNBLOCK);
	tid = own_tid();
	while (taken == before)
		pause();
	return (void *)(intptr_t)(taken_by == own_tid());
}

static void *closed_one(void *argument)
{
	while (!*(_Atomic int *)argument)
		usleep(1000);
	return (void *)(intptr_t)(taken_by == own_tid());
}

/* Of many threads one has it open, wherever it stands in the row. */
static void one_open(void)
{
	for (int turn = 0; turn < 5; turn++) {
		pthread_t closed[4], open;
		_Atomic int end = 0;
		long strays = 0;

		tid = 0;
		for (int i = 0; i < turn; i++)
			closed[i] = start(closed_one, &end);
		open = start(open_one, NULL);
		for (int i = turn; i < 4; i++)
			closed[i] = start(closed_one, &end);
		until_asleep(&tid);
		kill(getpid(), SIGUSR1);
		say("turn %d: taken by the open one %ld", turn, join(open));
		end = 1;
		for (int i = 0; i < 4; i++)
			strays += join(closed[i]);
		if (strays)
			say("strays %ld", strays);
	}
	say("taken %d", taken);
}

/* A thread opens for what is pending already. */
static void opens_late(void)
{
	int before = taken;

	kill(getpid(), SIGUSR1);
	say("pending, taken %d", taken - before);
	join(start(open_one, NULL));
	say("after it opened %d", taken - before);
}

static _Atomic long sum;
static _Atomic int received;

static void *wait_for_many(void *argument)
{
	sigset_t set;

	(void)argument;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGTERM);
	ready++;
	for (;;) {
		siginfo_t info;
		int number = sigwaitinfo(&set, &info);

		if (number == SIGTERM)
			return NULL;
		if (number == SIGRTMIN) {
			sum += info.si_value.sival_int;
			received++;
		}
	}
}

/* A queue of signals is work for many waiting threads: each piece is done once. */
static void shared_queue(void)
{
	pthread_t threads[5];

	for (int i = 0; i < 5; i++)
		threads[i] = start(wait_for_many, NULL);
	while (ready < 5)
		sched_yield();
	for (int i = 1; i <= 500; i++) {
		while (sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}))
			sched_yield();
	}
	while (received < 500)
		sched_yield();
	say("received %d, sum %ld", received, sum);
	for (int i = 0; i < 5; i++)
		pthread_kill(threads[i], SIGTERM);
	for (int i = 0; i < 5; i++)
		join(threads[i]);
}

static void *wait_timed(void *argument)
{
	struct timespec limit = {0, 3000000};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	say_number("timed", sigtimedwait(&set, NULL, &limit));
	pthread_kill(pthread_self(), SIGUSR1);
	say_truth("own", sigtimedwait(&set, NULL, &limit) == SIGUSR1);
	return argument;
}

/* The thread that a signal was meant for may close or end before it takes it: another has to. */
static void *open_for_a_moment(void *argument)
{
	for (int i = 0; i < 40; i++) {
		set_blocked(SIG_UNBLOCK);
		set_blocked(SIG_BLOCK);
	}
	return argument;
}

static void *send_many(void *argument)
{
	for (int i = 0; i < 50; i++) {
		int before = taken;

		kill(getpid(), SIGUSR1);
		while (taken == before)
			usleep(100);
	}
	*(_Atomic int *)argument = 1;
	return NULL;
}

static void *stay_open(void *argument)
{
	set_blocked(SIG_UNBLOCK);
	while (!*(_Atomic int *)argument)
		usleep(3000);
	return NULL;
}

static void moving_targets(void)
{
	_Atomic int end = 0;
	pthread_t stays = start(stay_open, &end), sender = start(send_many, &end);

	while (!end)
		run_threads(3, open_for_a_moment);
	join(sender);
	join(stays);
	say("none was left lying");
}

int main(void)
{
	handle(SIGUSR1, note, 0);
	set_blocked(SIG_BLOCK);
	one_open();
	opens_late();
	shared_queue();
	join(start(wait_timed, NULL));
	moving_targets();
	return 0;
}
