/* SPDX-License-Identifier: MIT */
/* Shows: pipes among threads: a token in a ring, many writers whose pieces stay whole, many readers
 * of which each byte is one's, ends that close while others wait. */
#include "tests/suite/programs/threads.h"
#include <limits.h>

#define RING    8
#define WRITERS 5
#define PIECES  120

static int ring[RING][2], many[2];
static _Atomic long bytes, sum, broken;
static _Atomic int tid;

static void *pass_on(void *argument)
{
	intptr_t own = (intptr_t)argument;
	int token;

	while (read(ring[own][0], &token, sizeof(token)) == sizeof(token)) {
		token++;
		if (token > 1000) {
			close(ring[(own + 1) % RING][1]);
			return (void *)(intptr_t)token;
		}
		if (write(ring[(own + 1) % RING][1], &token, sizeof(token)) != sizeof(token))
			return NULL;
	}
	/* The end of input travels round. */
	close(ring[(own + 1) % RING][1]);
	return NULL;
}

static void token_ring(void)
{
	int token = 0;

	for (int i = 0; i < RING; i++) {
		if (pipe(ring[i]))
			return;
	}
	if (write(ring[0][1], &token, sizeof(token)) != sizeof(token))
		return;
	say("token %ld", run_threads(RING, pass_on));
}

/* A piece of up to PIPE_BUF bytes is never torn by others. */
static void *write_pieces(void *argument)
{
	char piece[1500];
	size_t length = 300 * (size_t)((intptr_t)argument + 1);

	memset(piece, (char)('a' + (intptr_t)argument), length - 1);
	piece[length - 1] = '\n';
	for (int i = 0; i < PIECES; i++) {
		if (write(many[1], piece, length) != (ssize_t)length)
			broken++;
	}
	return NULL;
}

static void *read_lines(void *argument)
{
	FILE *input = fdopen(many[0], "r");
	char line[2000];

	while (fgets(line, sizeof(line), input)) {
		size_t length = strlen(line), expected = 300 * (size_t)(line[0] - 'a' + 1);

		for (size_t i = 0; i + 1 < length; i++)
			broken += line[i] != line[0];
		broken += length != expected;
		sum++;
	}
	fclose(input);
	return argument;
}

static void whole_pieces(void)
{
	pthread_t reader;

	if (pipe(many))
		return;
	reader = start(read_lines, NULL);
	run_threads(WRITERS, write_pieces);
	close(many[1]);
	join(reader);
	say("lines %ld, broken %ld", (long)sum, (long)broken);
}

static void *read_any(void *argument)
{
	unsigned char block[37];
	ssize_t count;

	while ((count = read(many[0], block, sizeof(block))) > 0) {
		bytes += count;
		for (ssize_t i = 0; i < count; i++)
			sum += block[i];
	}
	return argument;
}

static void *write_any(void *argument)
{
	unsigned char block[111];

	memset(block, (int)(intptr_t)argument + 1, sizeof(block));
	for (int i = 0; i < 300; i++) {
		if (write(many[1], block, sizeof(block)) != sizeof(block))
			broken++;
	}
	return NULL;
}

static void many_readers(void)
{
	pthread_t readers[4];

	bytes = sum = broken = 0;
	if (pipe(many))
		return;
	for (int i = 0; i < 4; i++)
		readers[i] = start(read_any, NULL);
	run_threads(4, write_any);
	close(many[1]);
	for (int i = 0; i < 4; i++)
		join(readers[i]);
	say("bytes %ld, sum %ld, broken %ld", (long)bytes, (long)sum, (long)broken);
}

/* A writer that waits for room when the last reader goes. */
static void *fill(void *argument)
{
	static char block[PIPE_BUF];
	ssize_t result;

	tid = own_tid();
	do {
		result = write(many[1], block, sizeof(block));
	} while (result > 0);
	say_number("writer", result);
	return argument;
}

static void *wait_for_input(void *argument)
{
	char byte;

	tid = own_tid();
	say_number("reader", read(many[0], &byte, 1));
	return argument;
}

static void closing(void)
{
	pthread_t thread;

	signal(SIGPIPE, SIG_IGN);
	if (pipe(many))
		return;
	tid = 0;
	thread = start(fill, NULL);
	until_asleep(&tid);
	close(many[0]);
	join(thread);
	close(many[1]);
	if (pipe(many))
		return;
	tid = 0;
	thread = start(wait_for_input, NULL);
	until_asleep(&tid);
	close(many[1]);
	join(thread);
}

/* SIGPIPE goes to the thread that wrote. */
static void broken_pipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	if (pipe(many) == 0) {
		close(many[0]);
		run_threads(1, write_any);
	}
}

int main(void)
{
	token_ring();
	whole_pieces();
	many_readers();
	closing();
	in_child("broken pipe", broken_pipe);
	return 0;
}
