/* SPDX-License-Identifier: MIT */
/* Shows: a byte sent to and fro between two processes 2000 times, a ring of six, and work shared
 * by several that compute: nothing lost, every result right. */
#include "tests/suite/programs/say.h"

static void ping_pong(void)
{
	int to[2], from[2], i;
	unsigned char value = 0;

	if (pipe(to) || pipe(from))
		_exit(1);
	if (fork() == 0) {
		for (i = 0; i < 2000; i++) {
			if (read(to[0], &value, 1) != 1)
				_exit(1);
			value++;
			if (write(from[1], &value, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < 2000; i++)
		if (write(to[1], &value, 1) != 1 || read(from[0], &value, 1) != 1)
			_exit(1);
	say("to and fro: %d", value);
	wait(NULL);
}

static void ring(void)
{
	int links[6][2], i, turns;
	int value = 0;

	for (i = 0; i < 6; i++)
		if (pipe(links[i]))
			_exit(1);
	for (i = 0; i < 5; i++) {
		if (fork() == 0) {
			for (turns = 0; turns < 50; turns++) {
				if (read(links[i][0], &value, sizeof(value)) != sizeof(value))
					_exit(1);
				value += i + 1;
				if (write(links[i + 1][1], &value, sizeof(value)) != sizeof(value))
					_exit(1);
			}
			_exit(0);
		}
	}
	for (turns = 0; turns < 50; turns++)
		if (write(links[0][1], &value, sizeof(value)) != sizeof(value) ||
		    read(links[5][0], &value, sizeof(value)) != sizeof(value))
			_exit(1);
	say("ring: %d", value);
	while (wait(NULL) > 0)
		;
}

static void compute(void)
{
	int ends[2], i;
	unsigned long total = 0;

	if (pipe(ends))
		_exit(1);
	for (i = 0; i < 5; i++) {
		if (fork() == 0) {
			unsigned long x = (unsigned long)i + 1;
			int turns;

			for (turns = 0; turns < 2000000; turns++)
				x = x * 6364136223846793005UL + 1442695040888963407UL;
			if (write(ends[1], &x, sizeof(x)) != sizeof(x))
				_exit(1);
			_exit(0);
		}
	}
	for (i = 0; i < 5; i++) {
		unsigned long x = 0;

		if (read(ends[0], &x, sizeof(x)) != sizeof(x))
			_exit(1);
		total += x;
	}
	say("computed: %016lx", total);
	while (wait(NULL) > 0)
		;
}

int main(void)
{
	ping_pong();
	ring();
	compute();
	return 0;
}
