/* SPDX-License-Identifier: MIT */
/*
 * Sets the clock, so it runs in the guest alone: it refuses any other machine. What shows real time
 * follows, what waits for a moment of it goes on when the moment has come, and monotonic clocks
 * stay.
 */
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>

#include "tests/system/counters.h"

/* 2040 and 2001. */
#define LATE  2208988800l
#define EARLY 1000000000l

static time_t seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec;
}

static int set_clock(time_t sec)
{
	struct timespec time = {.tv_sec = sec};

	return clock_settime(CLOCK_REALTIME, &time);
}

/* So soon after it was set that less than ten minutes have passed. */
static bool near(time_t time, time_t set_to)
{
	return time >= set_to && time < set_to + 600;
}

static time_t boot_time(void)
{
	char line[256];
	long value = -1;
	FILE *file = fopen("/proc/stat", "r");

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "btime %ld", &value);
	if (file)
		fclose(file);
	return value;
}

static void test_shown(void)
{
	time_t up = seconds(CLOCK_MONOTONIC);
	struct timeval day;
	struct stat attr;

	CHECK(set_clock(LATE) == 0);
	CHECK(near(seconds(CLOCK_REALTIME), LATE));
	CHECK(near(seconds(CLOCK_REALTIME_COARSE), LATE));
	CHECK(near(seconds(CLOCK_TAI), LATE));
	CHECK(near(time(NULL), LATE));
	CHECK(gettimeofday(&day, NULL) == 0 && near(day.tv_sec, LATE));
	CHECK(near(boot_time() + 300, LATE));
	CHECK(near(seconds(CLOCK_MONOTONIC), up) && near(seconds(CLOCK_BOOTTIME), up));
	CHECK(mkdir("/tmp/made", 0700) == 0 && stat("/tmp/made", &attr) == 0);
	CHECK(near(attr.st_mtime, LATE));
}

static void test_ways(void)
{
	struct timex step = {.modes = ADJ_SETOFFSET, .time = {-100000, 0}};
	struct timeval day = {.tv_sec = EARLY};
	struct timezone zone = {.tz_minuteswest = -60};

	CHECK(settimeofday(&day, NULL) == 0);
	CHECK(near(time(NULL), EARLY));
	CHECK(adjtimex(&step) == TIME_ERROR && near(time(NULL), EARLY - 100000));
	step = (struct timex){.modes = ADJ_SETOFFSET | ADJ_NANO, .time = {100000, 999999999}};
	CHECK(clock_adjtime(CLOCK_REALTIME, &step) == TIME_ERROR && near(time(NULL), EARLY));
	step = (struct timex){.modes = ADJ_SETOFFSET, .time = {0, -1}};
	CHECK(adjtimex(&step) == -1 && errno == EINVAL);
	step = (struct timex){.modes = ADJ_FREQUENCY};
	CHECK(adjtimex(&step) == -1 && errno == EOPNOTSUPP);
	CHECK(syscall(SYS_settimeofday, NULL, &zone) == 0);
	zone.tz_minuteswest = 0;
	CHECK(syscall(SYS_gettimeofday, NULL, &zone) == 0 && zone.tz_minuteswest == -60);
	/* Boot was not before 1970. */
	CHECK(set_clock(0) == -1 && errno == EINVAL);
	CHECK(near(time(NULL), EARLY));
}

/* Waits for what is far away before the clock is set; what it waited is its result. */
static void *sleeper(void *arg)
{
	struct timespec until = {.tv_sec = LATE};

	(void)arg;
	return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == 0 ? "slept" : NULL;
}

static void *waiter(void *arg)
{
	struct timespec until = {.tv_sec = LATE};
	static uint32_t word;

	(void)arg;
	syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &until, NULL, ~0u);
	return errno == ETIMEDOUT ? "waited" : NULL;
}

static void *locker(void *arg)
{
	struct timespec until = {.tv_sec = LATE};

	return pthread_mutex_timedlock(arg, &until) == ETIMEDOUT ? "locked" : NULL;
}

static void sleep_ms(long ms)
{
	struct timespec time = {.tv_nsec = ms * 1000000};

	nanosleep(&time, NULL);
}

static void test_waits(void)
{
	pthread_mutex_t mutex;
	pthread_mutexattr_t attr;
	pthread_t threads[3];
	void *result;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&mutex, &attr);
	pthread_mutex_lock(&mutex);
	CHECK(set_clock(EARLY) == 0);
	pthread_create(&threads[0], NULL, sleeper, NULL);
	pthread_create(&threads[1], NULL, waiter, NULL);
	pthread_create(&threads[2], NULL, locker, &mutex);
	sleep_ms(200);
	CHECK(set_clock(EARLY + 100) == 0); /* not yet */
	sleep_ms(100);
	for (int i = 0; i < 3; i++)
		CHECK(pthread_tryjoin_np(threads[i], &result) == EBUSY);
	CHECK(set_clock(LATE) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(pthread_join(threads[i], &result) == 0 && result);
}

static int timerfd_at(time_t sec, int flags)
{
	struct itimerspec value = {.it_value.tv_sec = sec};
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);

	CHECK(fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME | flags, &value, NULL) == 0);
	return fd;
}

static bool readable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 100) == 1;
}

/* Timers for a moment of real time move with it, those that run for a while do not. */
static void test_timers(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec value = {.it_value.tv_sec = LATE, .it_interval.tv_sec = 50}, left;
	struct timespec now = {0, 0}, wait = {.tv_sec = 5};
	timer_t moment, span;
	uint64_t count;
	sigset_t set;
	int fd, cancelled;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK(set_clock(EARLY) == 0);
	fd = timerfd_at(LATE, 0);
	cancelled = timerfd_at(LATE, TFD_TIMER_CANCEL_ON_SET);
	CHECK(timer_create(CLOCK_REALTIME, &event, &moment) == 0);
	CHECK(timer_create(CLOCK_REALTIME, &event, &span) == 0);
	CHECK(timer_settime(moment, TIMER_ABSTIME, &value, NULL) == 0);
	value = (struct itimerspec){.it_value.tv_sec = 1000};
	CHECK(timer_settime(span, 0, &value, NULL) == 0);
	CHECK(set_clock(EARLY + 100) == 0);
	CHECK(!readable(fd) && readable(cancelled));
	CHECK(read(cancelled, &count, sizeof(count)) == -1 && errno == ECANCELED);
	CHECK(!readable(cancelled));
	CHECK(sigtimedwait(&set, NULL, &now) == -1);
	CHECK(set_clock(LATE + 120) == 0);
	CHECK(readable(fd) && read(fd, &count, sizeof(count)) == 8 && count == 1);
	CHECK(sigtimedwait(&set, NULL, &wait) == SIGUSR1);
	CHECK(timer_getoverrun(moment) == 2); /* at 0 and at 50 and at 100 */
	timer_gettime(moment, &left);
	CHECK(left.it_value.tv_sec <= 30 && left.it_value.tv_sec > 0);
	timer_gettime(span, &left);
	CHECK(left.it_value.tv_sec > 500 && left.it_value.tv_sec <= 1000);
	close(fd), close(cancelled);
	timer_delete(moment), timer_delete(span);
}

int main(void)
{
	struct utsname name;

	if (uname(&name) != 0 || !strstr(name.release, "pinfold"))
		return 2;
	run("clock-that-was-set-is-shown", test_shown);
	run("clock-is-set-by-every-call", test_ways);
	run("clock-that-was-set-ends-waits", test_waits);
	run("clock-that-was-set-moves-timers", test_timers);
	return 0;
}
