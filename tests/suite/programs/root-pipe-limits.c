/* SPDX-License-Identifier: MIT */
/* Shows: what the pipes of one user may hold together: a user without rights gets small ones and
 * may not let them grow once there is too much, until some are closed; root is not held to it. */
#include "tests/suite/programs/say.h"

#define MIB        (1 << 20)
#define FULL_COUNT 64 /* of a MiB each: the limit */

static int ends[FULL_COUNT + 1][2];

static void try(const char *who)
{
	int grown = 0, size, result;

	for (int i = 0; i < FULL_COUNT; i++)
		if (pipe(ends[i]) == 0 && fcntl(ends[i][0], F_SETPIPE_SZ, MIB) == MIB)
			grown++;
	say("%s: %d of a MiB", who, grown);
	say_number("one more", pipe(ends[FULL_COUNT]));
	size = fcntl(ends[FULL_COUNT][0], F_GETPIPE_SZ);
	say("it is %s", size == 65536 ? "of the usual size" : size <= 8192 ? "small" : "odd");
	result = fcntl(ends[FULL_COUNT][0], F_SETPIPE_SZ, 131072);
	say_number("let it grow", result);
	say_number("to what it is", fcntl(ends[FULL_COUNT][0], F_SETPIPE_SZ, size) == size);
	say_number("make another smaller", fcntl(ends[0][0], F_SETPIPE_SZ, 65536));
	close(ends[1][0]);
	close(ends[1][1]);
	say_number("let it grow now", fcntl(ends[FULL_COUNT][0], F_SETPIPE_SZ, 131072));
}

static void as_nobody(void)
{
	if (setgid(65534) != 0 || setuid(65534) != 0)
		_exit(99);
	try("nobody");
}

static void as_root(void)
{
	try("root");
}

int main(void)
{
	in_child("nobody", as_nobody);
	in_child("root", as_root);
	return 0;
}
