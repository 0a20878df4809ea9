/* SPDX-License-Identifier: MIT */
/* Shows: alarm, setitimer real and virtual, repeating timers, what is left of them, fork and
 * exec; errors. */
#include "tests/suite/programs/say.h"
#include <sys/time.h>

static volatile int count;

static void note(int number)
{
	(void)number;
	count++;
}

static void wait_for(int number)
{
	int turns = 0;

	while (count < number && turns++ < 3000)
		sleep_ms(1);
}

static struct itimerval every(long first_ms, long then_ms)
{
	struct itimerval value = {
	    .it_value = {.tv_sec = first_ms / 1000, .tv_usec = first_ms % 1000 * 1000},
	    .it_interval = {.tv_sec = then_ms / 1000, .tv_usec = then_ms % 1000 * 1000}};

	return value;
}

static void child_view(void)
{
	struct itimerval left;

	getitimer(ITIMER_REAL, &left);
	say("in a child: %ld", (long)(left.it_value.tv_sec + left.it_value.tv_usec));
	alarm(1);
	alarm(0);
}

static void unhandled(void)
{
	struct itimerval value = every(20, 0);

	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_REAL, &value, NULL);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct itimerval value, left;
	volatile long spin = 0;

	if (argc > 1) {
		getitimer(ITIMER_REAL, &left);
		say_truth("alarm runs on after exec", left.it_value.tv_sec > 50);
		return 0;
	}
	handle(SIGALRM, note, 0);
	say("no alarm before: %u", alarm(100));
	say("seconds left: %u", alarm(0));
	say("none now: %u", alarm(0));
	value = every(20, 0);
	say_number("once", setitimer(ITIMER_REAL, &value, NULL));
	wait_for(1);
	sleep_ms(60);
	say("times: %d", count);
	getitimer(ITIMER_REAL, &left);
	say("left: %ld", (long)(left.it_value.tv_sec + left.it_value.tv_usec));
	count = 0;
	value = every(10, 10);
	say_number("repeating", setitimer(ITIMER_REAL, &value, NULL));
	wait_for(4);
	value = every(0, 0);
	say_number("stopped", setitimer(ITIMER_REAL, &value, &left));
	say("at least four: %d, interval %ld", count >= 4, (long)left.it_interval.tv_usec);
	handle(SIGVTALRM, note, 0);
	count = 0;
	value = every(20, 0);
	say_number("virtual", setitimer(ITIMER_VIRTUAL, &value, NULL));
	while (count == 0 && spin < 2000000000L)
		spin++;
	say("times: %d", count);
	handle(SIGPROF, note, 0);
	count = 0;
	value = every(20, 0);
	say_number("profiling", setitimer(ITIMER_PROF, &value, NULL));
	for (spin = 0; count == 0 && spin < 2000000000L; spin++)
		;
	say("times: %d", count);
	value = every(5000, 0);
	value.it_value.tv_usec = 1000000;
	say_number("bad microseconds", setitimer(ITIMER_REAL, &value, NULL));
	say_number("bad timer", getitimer(9, &left));
	alarm(100);
	in_child("child", child_view);
	in_child("unhandled", unhandled);
	execl(argv[0], argv[0], "again", (char *)NULL);
	return 1;
}
