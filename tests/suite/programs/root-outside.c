/* SPDX-License-Identifier: MIT */
/* Shows: a current directory outside of the root: the call says so by a path that is none, the
 * library by ENOENT; mounts outside are not listed. */
#include "tests/suite/programs/say.h"

static void tell(const char *what)
{
	char text[300] = "";
	long got = syscall(SYS_getcwd, text, sizeof(text));
	char *last = strrchr(text, '/');

	if (got < 0)
		say_number(what, got);
	else
		say("%s: %.13s ... %s", what, text, last ? last : "");
	say_truth("the library has one", getcwd(text, sizeof(text)) != NULL);
}

int main(void)
{
	char text[20];

	mkdir("out", 0700);
	mkdir("jail", 0700);
	mkdir("jail/in", 0700);
	if (chdir("out") || chroot("../jail"))
		return 1;
	tell("outside");
	say_number("little room", syscall(SYS_getcwd, text, 13));
	if (chdir("/in"))
		return 1;
	tell("inside");
	return 0;
}
