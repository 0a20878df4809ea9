/* SPDX-License-Identifier: MIT */
/* Shows: timer_create with signals and values, overruns, what is left, deletion, not inherited by
 * fork. */
#include "tests/suite/programs/say.h"

static volatile int count, value_seen, code_seen;

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	count++;
	value_seen = info->si_value.sival_int;
	code_seen = info->si_code;
}

static void wait_for(int number)
{
	int turns = 0;

	while (count < number && turns++ < 3000)
		sleep_ms(1);
}

int main(void)
{
	struct sigevent event = {
	    .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 55};
	struct itimerspec value = {.it_value = {.tv_nsec = 20000000}}, left;
	struct timespec now;
	timer_t timer, none;
	sigset_t set;

	handle_info(SIGRTMIN, note, 0);
	say_number("create", timer_create(CLOCK_MONOTONIC, &event, &timer));
	say_number("set", timer_settime(timer, 0, &value, NULL));
	wait_for(1);
	say("signals %d, value %d, code %d", count, value_seen, code_seen);
	timer_gettime(timer, &left);
	say("left %ld", (long)(left.it_value.tv_sec + left.it_value.tv_nsec));
	value.it_interval.tv_nsec = 10000000;
	timer_settime(timer, 0, &value, NULL);
	count = 0;
	wait_for(4);
	say_truth("repeats", count >= 4);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sleep_ms(100);
	count = 0;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	say("held back: %d", count >= 1);
	say_truth("overrun", timer_getoverrun(timer) >= 3);
	say_number("delete", timer_delete(timer));
	say_number("delete again", (int)syscall(SYS_timer_delete, 12345));
	clock_gettime(CLOCK_REALTIME, &now);
	event.sigev_notify = SIGEV_NONE;
	say_number("without signal", timer_create(CLOCK_REALTIME, &event, &none));
	value = (struct itimerspec){.it_value = {.tv_sec = now.tv_sec + 1000}};
	say_number("absolute", timer_settime(none, TIMER_ABSTIME, &value, NULL));
	timer_gettime(none, &left);
	say_truth("left fits", left.it_value.tv_sec >= 990 && left.it_value.tv_sec <= 1000);
	value.it_value.tv_nsec = 1000000000;
	say_number("bad time", timer_settime(none, 0, &value, NULL));
	event.sigev_signo = 99;
	event.sigev_notify = SIGEV_SIGNAL;
	say_number("bad signal", timer_create(CLOCK_REALTIME, &event, &timer));
	say_number("bad clock", timer_create(99, NULL, &timer));
	return 0;
}
