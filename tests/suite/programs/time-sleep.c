/* SPDX-License-Identifier: MIT */
/* Shows: nanosleep and clock_nanosleep, relative and absolute, in the past, with bad values; many
 * sleepers wake in the order of their times. */
#include "tests/suite/programs/say.h"

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void sleep_until(long long when)
{
	struct timespec time = {.tv_sec = when / 1000000000, .tv_nsec = when % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static void order(void)
{
	static const int places[] = {3, 1, 4, 0, 2};
	long long start = now();
	int ends[2];
	char text[6] = "";
	size_t i;

	if (pipe(ends))
		return;
	for (i = 0; i < 5; i++) {
		if (fork() == 0) {
			char digit = (char)('0' + places[i]);

			sleep_until(start + 60000000 + places[i] * 40000000LL);
			if (write(ends[1], &digit, 1) != 1)
				_exit(1);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	if (read(ends[0], text, 5) == 5)
		say("woken in order %s", text);
}

int main(void)
{
	struct timespec length = {.tv_nsec = 30000000}, rest = {.tv_sec = 9, .tv_nsec = 9};
	long long before = now();

	say_number("nanosleep", nanosleep(&length, &rest));
	say_truth("long enough", now() - before >= 30000000);
	say("rest untouched: %ld %ld", (long)rest.tv_sec, rest.tv_nsec);
	length.tv_nsec = 0;
	say_number("zero", nanosleep(&length, NULL));
	length.tv_nsec = 1;
	say_number("one nanosecond", nanosleep(&length, NULL));
	length.tv_nsec = 1000000000;
	say_number("too many nanoseconds", nanosleep(&length, NULL));
	length = (struct timespec){.tv_sec = -1};
	say_number("negative", nanosleep(&length, NULL));
	before = now() + 40000000;
	length = (struct timespec){.tv_sec = before / 1000000000, .tv_nsec = before % 1000000000};
	say("absolute: %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &length, NULL));
	say_truth("not before", now() >= before);
	say("absolute, past: %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &length, NULL));
	clock_gettime(CLOCK_REALTIME, &length);
	length.tv_nsec = 0;
	say("realtime, past: %d", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &length, NULL));
	say("bad clock: %d", clock_nanosleep(77, 0, &length, NULL));
	order();
	return 0;
}
