/* SPDX-License-Identifier: MIT */
/* Shows: many processes: 120 one after another, 40 at once, each with its own status; waiting for
 * any, for one, and the errors of wait. */
#include "tests/suite/programs/say.h"

int main(void)
{
	int total = 0, i, status;
	pid_t child[40];

	for (i = 0; i < 120; i++) {
		pid_t one = fork();

		if (one == 0)
			_exit(i);
		if (waitpid(one, &status, 0) == one && WIFEXITED(status))
			total += WEXITSTATUS(status);
	}
	say("one after another: %d", total);
	for (i = 0; i < 40; i++) {
		child[i] = fork();
		if (child[i] == 0)
			_exit(i + 1);
	}
	for (i = 39; i >= 20; i--)
		if (waitpid(child[i], &status, 0) != child[i] || WEXITSTATUS(status) != i + 1)
			say("child %d ended wrongly", i);
	total = 0;
	while (wait(&status) > 0)
		total += WEXITSTATUS(status);
	say("the rest: %d", total);
	say_number("wait without children", wait(NULL));
	say_number("waitpid for another's child", waitpid(getppid(), NULL, 0));
	say_number("bad options", waitpid(-1, NULL, 0x1000000));
	child[0] = fork();
	if (child[0] == 0)
		_exit(300 % 256);
	while (waitpid(child[0], &status, WNOHANG) == 0)
		sleep_ms(2);
	say_status("polled", status);
	say_number("again", waitpid(child[0], &status, WNOHANG));
	return 0;
}
