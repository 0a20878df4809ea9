/* SPDX-License-Identifier: MIT */
/* Shows: fork in a process with threads: the child has the caller alone, with its data as they
 * were; handlers before and after in their order; memory, threads and forks of several at once. */
#include "tests/suite/programs/threads.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int own = 5;
static _Atomic int end, parent_told;
static _Atomic long ticks;

static void before_first(void)
{
	say("before, first");
}

static void before_second(void)
{
	say("before, second");
	pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&lock);
	parent_told = 1;
}

static void in_forked(void)
{
	pthread_mutex_unlock(&lock);
	say("after, child");
}

static void *tick(void *argument)
{
	char *blocks[16] = {NULL};

	for (unsigned int i = 0; !end; i++) {
		/* The library's own locks are in use all the time. */
		free(blocks[i % 16]);
		blocks[i % 16] = malloc(i % 3000 + 1);
		pthread_mutex_lock(&lock);
		ticks++;
		pthread_mutex_unlock(&lock);
	}
	for (int i = 0; i < 16; i++)
		free(blocks[i]);
	return argument;
}

static void *fork_here(void *argument)
{
	pid_t child;

	own = (int)(intptr_t)argument + 10;
	child = fork();
	if (child == 0) {
		int status = own == (int)(intptr_t)argument + 10 ? 0 : 1;
		char *block = malloc(100000);
		long before = ticks;

		memset(block, 7, 100000);
		free(block);
		sleep_ms(1);
		if (ticks != before || own_tid() != getpid())
			status |= 2;
		_exit(status);
	}
	waitpid(child, (int *)&argument, 0);
	return (void *)((intptr_t)argument & 0xffff);
}

/* A child makes threads of its own and forks again. */
static void *in_grandchild(void *argument)
{
	return (void *)(intptr_t)(own == 5 && argument == NULL);
}

static void *deeper(void *argument)
{
	pid_t child = fork();

	if (child == 0) {
		pid_t grandchild;

		if (join(start(in_grandchild, NULL)) != 1)
			_exit(1);
		grandchild = fork();
		if (grandchild == 0)
			_exit(join(start(in_grandchild, NULL)) == 1 ? 4 : 5);
		waitpid(grandchild, (int *)&argument, 0);
		_exit(WEXITSTATUS((int)(intptr_t)argument) + 10);
	}
	say_end("deeper", child);
	return NULL;
}

/* Memory that others write while it is copied: each counter in the child is whole, and stands. */
struct pair {
	_Alignas(64) _Atomic uint64_t value;
};

static struct pair pairs[4][64];

static void *write_pairs(void *argument)
{
	struct pair *mine = pairs[(intptr_t)argument];

	for (uint64_t i = 1; !end; i++) {
		for (int k = 0; k < 64; k++)
			mine[k].value = i << 32 | i;
	}
	return NULL;
}

static void *fork_and_look(void *argument)
{
	long bad = 0;

	for (int i = 0; i < 15; i++) {
		pid_t child = fork();
		int status = 0;

		if (child == 0) {
			for (int k = 0; k < 4 * 64; k++) {
				uint64_t value = pairs[k / 64][k % 64].value;

				if (value >> 32 != (value & 0xffffffff))
					_exit(1);
				if (k > 0 && k % 64 && pairs[k / 64][k % 64 - 1].value < value)
					_exit(2);
			}
			_exit(0);
		}
		waitpid(child, &status, 0);
		bad += status != 0;
	}
	end = 1;
	(void)argument;
	return (void *)bad;
}

static void *either(void *argument)
{
	return (intptr_t)argument == 3 ? fork_and_look(argument) : write_pairs(argument);
}

int main(void)
{
	pthread_t threads[3];
	pid_t child;

	for (int i = 0; i < 3; i++)
		threads[i] = start(tick, NULL);
	say("bad children: %ld", run_threads(6, fork_here));
	end = 1;
	for (int i = 0; i < 3; i++)
		join(threads[i]);
	join(start(deeper, NULL));
	end = 0;
	say("torn: %ld", run_threads(4, either));
	pthread_atfork(before_second, in_parent, in_forked);
	pthread_atfork(before_first, NULL, NULL);
	end = 0;
	threads[0] = start(tick, NULL);
	child = fork();
	if (child == 0)
		_exit(9);
	say_end("child", child);
	say("after, parent %d", parent_told);
	end = 1;
	join(threads[0]);
	return 0;
}
