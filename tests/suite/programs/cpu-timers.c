/* SPDX-License-Identifier: MIT */
/*
 * Shows: timers and sleeps on CPU-time clocks: of the process, of a thread, of a child; what is
 * left, overruns, a child that ends; which clocks have none.
 */
#include "tests/suite/programs/say.h"
#include <pthread.h>

static sigset_t set;
static volatile long spin;

static void work(int turns)
{
	for (int i = 0; i < turns; i++)
		spin++;
}

static void create(const char *what, clockid_t clock)
{
	int id;

	say_number(what, syscall(SYS_timer_create, clock, NULL, &id) == 0 ? 0 : -1);
}

static timer_t make(clockid_t clock)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	timer_t timer;

	if (timer_create(clock, &event, &timer) != 0)
		_exit(96);
	return timer;
}

static void start(timer_t timer, int flags, long nsec, long interval_ns)
{
	struct itimerspec value = {{.tv_nsec = interval_ns}, {.tv_nsec = nsec}};

	say_number("set", timer_settime(timer, flags, &value, NULL));
}

static long used_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool pending(void)
{
	sigset_t now;

	sigpending(&now);
	return sigismember(&now, SIGUSR1);
}

static void own(const char *what, clockid_t clock)
{
	timer_t timer = make(clock);
	struct itimerspec left;
	long begin = used_ns(clock);
	siginfo_t info;

	say("%s", what);
	start(timer, 0, 20000000, 5000000);
	timer_gettime(timer, &left);
	say_truth("left", left.it_value.tv_sec == 0 && left.it_value.tv_nsec > 0 &&
	                      left.it_value.tv_nsec <= 20000000);
	sleep_ms(60);
	say_truth("not while asleep", !pending());
	while (!pending())
		work(10000);
	say_truth("in time", used_ns(clock) - begin >= 20000000);
	while (used_ns(clock) - begin < 100000000)
		work(10000);
	sigwaitinfo(&set, &info);
	say("code %d", info.si_code);
	say_truth("overrun", info.si_overrun >= 15 &&
	                         info.si_overrun <= (used_ns(clock) - begin - 20000000) / 5000000);
	timer_delete(timer);
}

static void past(void)
{
	timer_t timer = make(CLOCK_PROCESS_CPUTIME_ID);
	struct itimerspec left;

	start(timer, TIMER_ABSTIME, 1, 0);
	say_number("a moment that is past", sigwaitinfo(&set, NULL) == SIGUSR1);
	timer_gettime(timer, &left);
	say("left: %ld", left.it_value.tv_nsec);
	timer_delete(timer);
}

/* Works, or sleeps, until it is killed. */
static pid_t child(bool works)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	while (works)
		work(10000);
	for (;;)
		pause();
}

static void of_child(void)
{
	pid_t worker = child(true), sleeper = child(false);
	struct timespec nap = {.tv_nsec = 5000000};
	struct itimerspec left, value = {.it_value.tv_sec = 100, .it_interval.tv_sec = 3};
	clockid_t working, sleeping;
	timer_t timer, idle;

	say_number("clock", clock_getcpuclockid(worker, &working));
	say_number("clock", clock_getcpuclockid(sleeper, &sleeping));
	timer = make(working);
	idle = make(sleeping);
	start(idle, 0, 50000000, 0);
	start(timer, 0, 20000000, 0);
	say_number("came", sigwaitinfo(&set, NULL) == SIGUSR1);
	say_truth("the child has worked", used_ns(working) >= 20000000);
	say_number("nap while it works", clock_nanosleep(working, 0, &nap, NULL));
	say_number("set", timer_settime(timer, 0, &value, NULL));
	timer_gettime(timer, &left);
	say_truth("left", left.it_value.tv_sec == 99 || left.it_value.tv_sec == 100);
	kill(worker, SIGKILL);
	kill(sleeper, SIGKILL);
	waitpid(worker, NULL, 0);
	waitpid(sleeper, NULL, 0);
	timer_gettime(timer, &left);
	say("ended: left %ld, interval %ld", (long)left.it_value.tv_sec,
	    (long)left.it_interval.tv_sec);
	say_number("set", timer_settime(timer, 0, &value, NULL));
	say_number("create", timer_create(working, NULL, &timer));
	say_number("sleep", clock_nanosleep(working, 0, &nap, NULL));
}

static void *busy(void *stop)
{
	while (!*(volatile bool *)stop)
		work(1000);
	return NULL;
}

static long raw_sleep(clockid_t clock, int flags)
{
	struct timespec length = {.tv_nsec = 1000};

	return syscall(SYS_clock_nanosleep, clock, flags, &length, NULL);
}

static void interrupted(int number)
{
	(void)number;
}

static void sleeps(void)
{
	struct timespec length = {.tv_nsec = 30000000}, left = {0, 0};
	long begin = used_ns(CLOCK_PROCESS_CPUTIME_ID);
	static volatile bool stop;
	pthread_t thread;
	clockid_t its;
	pid_t killer;

	pthread_create(&thread, NULL, busy, (void *)&stop);
	say_number("sleep while a thread works",
	           clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &length, NULL));
	say_truth("long enough", used_ns(CLOCK_PROCESS_CPUTIME_ID) - begin >= 30000000);
	pthread_getcpuclockid(thread, &its);
	begin = used_ns(its);
	say_number("on the thread's clock", clock_nanosleep(its, 0, &length, NULL));
	say_truth("long enough", used_ns(its) - begin >= 30000000);
	stop = true;
	pthread_join(thread, NULL);
	handle(SIGUSR2, interrupted, 0);
	killer = fork();
	if (killer == 0) {
		sleep_ms(50);
		kill(getppid(), SIGUSR2);
		_exit(0);
	}
	length.tv_sec = 5;
	say_number("interrupted",
	           clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &length, &left) == EINTR);
	say_truth("left", left.tv_sec == 4 || left.tv_sec == 5);
	waitpid(killer, NULL, 0);
	say_number("past", raw_sleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME));
	say_number("own thread", raw_sleep(CLOCK_THREAD_CPUTIME_ID, 0));
	say_number("own thread by number", raw_sleep(-2, 0));
	say_number("raw", raw_sleep(CLOCK_MONOTONIC_RAW, 0));
	say_number("coarse", raw_sleep(CLOCK_REALTIME_COARSE, 0));
	say_number("none", raw_sleep(77, 0));
	say_number("bad pointer", syscall(SYS_clock_nanosleep, -6, 0, 8, NULL));
}

static void errors(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	timer_t timer = make(CLOCK_MONOTONIC);
	int id;

	create("raw", CLOCK_MONOTONIC_RAW);
	create("coarse", CLOCK_REALTIME_COARSE);
	create("none", 77);
	create("user time", -7);
	create("of nobody", (clockid_t)(~1000000u << 3 | 2));
	say_number("no value", syscall(SYS_timer_settime, (int)(intptr_t)timer, 0, NULL, NULL));
	say_number("bad value", syscall(SYS_timer_settime, (int)(intptr_t)timer, 0, 8, NULL));
	say_number("no thread",
	           syscall(SYS_timer_create, CLOCK_REALTIME, &event, &id) == 0 ? 0 : -1);
	event._sigev_un._tid = getpid();
	say_number("the thread",
	           syscall(SYS_timer_create, CLOCK_REALTIME, &event, &id) == 0 ? 0 : -1);
	event.sigev_notify = SIGEV_THREAD;
	say_number("the library's kind",
	           syscall(SYS_timer_create, CLOCK_REALTIME, &event, &id) == 0 ? 0 : -1);
	event.sigev_notify = 3;
	say_number("no kind", syscall(SYS_timer_create, CLOCK_REALTIME, &event, &id) == 0 ? 0 : -1);
}

int main(void)
{
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	own("process", CLOCK_PROCESS_CPUTIME_ID);
	own("thread", CLOCK_THREAD_CPUTIME_ID);
	past();
	of_child();
	sleeps();
	errors();
	return 0;
}
