/* SPDX-License-Identifier: MIT */
/* Shows: the stack grows by itself in small and large steps, up to its limit and no further; a
 * limit set before exec holds for the new program. */
#include "tests/suite/programs/say.h"
#include <alloca.h>
#include <sys/resource.h>

__attribute__((noinline)) static long deep(int level)
{
	volatile char room[1000];

	room[level % 1000] = (char)level;
	if (level == 0)
		return 0;
	return deep(level - 1) + room[level % 1000] * 0 + 1;
}

static void within(void)
{
	say("3000 levels: %ld", deep(3000));
}

static void large_step(void)
{
	volatile char *room = alloca(4 << 20);

	room[0] = 1;
	say("four MiB at once: %d", room[0]);
}

static void beyond(void)
{
	say("not reached: %ld", deep(20000));
}

static void far_beyond(void)
{
	volatile char *room = alloca(64 << 20);

	room[0] = 1;
	say("not reached");
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	if (argc > 1) {
		getrlimit(RLIMIT_STACK, &limit);
		say("limit after exec: %ld", (long)limit.rlim_cur);
		in_child("1000 levels", within);
		return 0;
	}
	in_child("within", within);
	in_child("large step", large_step);
	in_child("beyond", beyond);
	in_child("far beyond", far_beyond);
	limit.rlim_cur = 1 << 20;
	limit.rlim_max = RLIM_INFINITY;
	say_number("setrlimit", setrlimit(RLIMIT_STACK, &limit));
	execl(argv[0], argv[0], "again", (char *)NULL);
	return 1;
}
