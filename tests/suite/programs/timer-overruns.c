/* SPDX-License-Identifier: MIT */
/*
 * Shows: how often a repeating timer has come while nobody took its signal or read it, with periods
 * down to a nanosecond and from long ago; what is told of a timer meanwhile; ignored signals; many
 * timers that come at once. Other processes go on: each wait here is one.
 */
#include "tests/suite/programs/say.h"
#include <poll.h>
#include <sys/time.h>
#include <sys/timerfd.h>

static sigset_t set;

static timer_t make(clockid_t clock, int notify)
{
	struct sigevent event = {.sigev_notify = notify, .sigev_signo = SIGUSR1};
	timer_t timer;

	if (timer_create(clock, &event, &timer) != 0)
		_exit(96);
	return timer;
}

static void start(timer_t timer, int flags, time_t sec, long nsec, long interval_ns)
{
	struct itimerspec value = {{.tv_nsec = interval_ns}, {.tv_sec = sec, .tv_nsec = nsec}};

	if (timer_settime(timer, flags, &value, NULL) != 0)
		_exit(95);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* As many as fit between the start and the taking of the signal: 150 ms at least. */
static void held_back(const char *what, long interval_ns)
{
	timer_t timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL);
	int64_t begin = now_ns(), most;
	siginfo_t info;

	start(timer, 0, 0, 1, interval_ns);
	sleep_ms(150);
	say_number(what, sigwaitinfo(&set, &info) == SIGUSR1);
	most = (now_ns() - begin) / interval_ns;
	say_truth("as many as fit",
	          info.si_overrun >= 150000000 / interval_ns - 1 && info.si_overrun <= most);
	say_truth("said twice", timer_getoverrun(timer) == info.si_overrun);
	timer_delete(timer);
}

static void long_past(void)
{
	timer_t timer = make(CLOCK_REALTIME, SIGEV_SIGNAL);
	siginfo_t info;

	start(timer, TIMER_ABSTIME, 1, 0, 1000000);
	sigwaitinfo(&set, &info);
	say("since 1970 by the millisecond: %d", info.si_overrun);
	timer_delete(timer);
}

static void told_meanwhile(void)
{
	timer_t timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL);
	timer_t silent = make(CLOCK_MONOTONIC, SIGEV_NONE);
	struct itimerspec left;

	start(timer, 0, 0, 1000, 50000000);
	start(silent, 0, 0, 1000, 50000000);
	sleep_ms(120);
	timer_gettime(timer, &left);
	say_truth("pending: less than a period is left", left.it_value.tv_sec == 0 &&
	                                                     left.it_value.tv_nsec > 0 &&
	                                                     left.it_value.tv_nsec <= 50000000);
	say("overrun before the signal was taken: %d", timer_getoverrun(timer));
	timer_gettime(silent, &left);
	say_truth("silent: likewise",
	          left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 50000000);
	start(silent, 0, 0, 1, 0);
	sleep_ms(5);
	timer_gettime(silent, &left);
	say("silent and once: %ld left", left.it_value.tv_nsec);
	sigwaitinfo(&set, NULL);
	say_truth("overrun", timer_getoverrun(timer) >= 2);
	timer_delete(timer);
	start(silent, 0, 0, 0, 1000);
	timer_gettime(silent, &left);
	say("off: interval %ld", left.it_interval.tv_nsec);
	timer_delete(silent);
}

static volatile int count;

static void note(int number)
{
	(void)number;
	count++;
}

/* An ignored signal's timer goes on as soon as the signal is wanted. */
static void ignored(void)
{
	timer_t timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL);
	struct itimerspec left;

	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	start(timer, 0, 0, 1, 1);
	sleep_ms(50);
	timer_gettime(timer, &left);
	say("ignored: interval %ld, left %d", left.it_interval.tv_nsec, left.it_value.tv_nsec > 0);
	start(timer, 0, 0, 1000000, 1000000);
	sleep_ms(20);
	handle(SIGUSR1, note, 0);
	for (int i = 0; i < 1000 && count < 3; i++)
		sleep_ms(1);
	say_truth("wanted again", count >= 3);
	timer_delete(timer);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void descriptor(const char *what, clockid_t clock, int flags, long interval_ns)
{
	int fd = timerfd_create(clock, TFD_NONBLOCK);
	struct itimerspec value = {{.tv_nsec = interval_ns}, {.tv_nsec = 1}};
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	uint64_t expirations = 0;
	int64_t begin = now_ns();

	timerfd_settime(fd, flags, &value, NULL);
	sleep_ms(50);
	say("%s: readable %d", what, poll(&poll_fd, 1, 0));
	timerfd_gettime(fd, &value);
	say_truth("less than a period is left", value.it_value.tv_nsec <= interval_ns);
	if (read(fd, &expirations, 8) != 8)
		say_done("read", -1);
	say_truth(
	    "as many as fit",
	    expirations >= 50000000 / (uint64_t)interval_ns &&
	        (flags || expirations <= (uint64_t)(now_ns() - begin) / (uint64_t)interval_ns + 1));
	close(fd);
}

static void work_until_pending(int number)
{
	volatile long spin = 0;
	sigset_t pending;

	while (sigpending(&pending), !sigismember(&pending, number))
		for (int i = 0; i < 10000; i++)
			spin++;
}

/* setitimer's timer rests while its signal is pending, too. */
static void interval_timer(int which, int number, const char *what)
{
	struct itimerval value = {{.tv_usec = 1}, {.tv_usec = 1}};
	sigset_t own;

	sigemptyset(&own);
	sigaddset(&own, number);
	sigprocmask(SIG_BLOCK, &own, NULL);
	setitimer(which, &value, NULL);
	for (int i = 0; i < 3; i++) {
		work_until_pending(number);
		if (i > 0)
			sleep_ms(20);
		getitimer(which, &value);
		say("%s: interval %ld", what, (long)value.it_interval.tv_usec);
		if (which == ITIMER_REAL)
			say("left while it is pending: %ld", (long)value.it_value.tv_usec);
		say_number("taken", sigwaitinfo(&own, NULL) == number);
	}
	value = (struct itimerval){0};
	setitimer(which, &value, NULL);
	signal(number, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &own, NULL);
}

/* All come within a millisecond, each once. */
static void many(void)
{
	enum { TIMERS = 600 };
	static timer_t timers[TIMERS];
	struct timespec limit = {.tv_sec = 10};
	int seen = 0;

	for (int i = 0; i < TIMERS; i++)
		timers[i] = make(CLOCK_MONOTONIC, SIGEV_SIGNAL);
	for (int i = 0; i < TIMERS; i++)
		start(timers[i], 0, 0, 1000000, 0);
	while (seen < TIMERS && sigtimedwait(&set, NULL, &limit) == SIGUSR1)
		seen++;
	say("%d timers: %d signals", TIMERS, seen);
	for (int i = 0; i < TIMERS; i++)
		timer_delete(timers[i]);
}

int main(void)
{
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	held_back("a nanosecond", 1);
	held_back("a hundred", 100);
	held_back("a microsecond", 1000);
	held_back("a millisecond", 1000000);
	long_past();
	told_meanwhile();
	ignored();
	descriptor("descriptor, a nanosecond", CLOCK_MONOTONIC, 0, 1);
	descriptor("descriptor, a microsecond", CLOCK_REALTIME, 0, 1000);
	descriptor("descriptor, since 1970", CLOCK_REALTIME, TFD_TIMER_ABSTIME, 1);
	interval_timer(ITIMER_REAL, SIGALRM, "real");
	interval_timer(ITIMER_VIRTUAL, SIGVTALRM, "virtual");
	interval_timer(ITIMER_PROF, SIGPROF, "profiling");
	many();
	return 0;
}
