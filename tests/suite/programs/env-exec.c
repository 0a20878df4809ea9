/* SPDX-License-Identifier: MIT */
/* Shows: argv and environment pass through execve whole: empty strings, long ones, many of them, an
 * empty environment, and a list that is too large. */
#include "tests/suite/programs/say.h"

static char *self;
static char show_word[] = "show";
static char argument[] = "argument";

static void show(int argc, char **argv, char **environment)
{
	int count = 0, i;
	size_t bytes = 0;

	for (i = 2; i < argc; i++)
		bytes += strlen(argv[i]);
	while (environment[count])
		count++;
	say("argc %d, bytes %zu, environment %d, ends %s", argc, bytes, count,
	    argv[argc] ? "badly" : "with null");
	if (argc > 2)
		say("first \"%.20s\", last \"%.20s\"", argv[2], argv[argc - 1]);
	if (count)
		say("environment[0] \"%.30s\"", environment[0]);
}

static void exec_with(char **argv, char **environment)
{
	pid_t child = fork();

	if (child == 0) {
		execve(self, argv, environment);
		say_done("execve", -1);
		_exit(1);
	}
	say_end("child", child);
}

static void too_large(void)
{
	static char big[3][120000];
	static char *argv[70];
	int i;

	memset(big[0], 'x', sizeof(big[0]) - 1);
	argv[0] = self;
	argv[1] = show_word;
	for (i = 2; i < 69; i++)
		argv[i] = big[0];
	exec_with(argv, (char *[]){NULL});
}

int main(int argc, char **argv, char **environment)
{
	static char long_one[60000];
	static char *many[1003];
	int i;

	if (argc > 1 && !strcmp(argv[1], "show")) {
		show(argc, argv, environment);
		return 0;
	}
	self = argv[0];
	show(argc, argv, environment);
	exec_with((char *[]){self, "show", "", "a b", "", "end", NULL},
	          (char *[]){"X=1", "Y=", NULL});
	exec_with((char *[]){"other name", "show", NULL}, (char *[]){NULL});
	memset(long_one, 'l', sizeof(long_one) - 1);
	exec_with((char *[]){self, "show", long_one, NULL}, (char *[]){"ODD", "=", NULL});
	for (i = 0; i < 1002; i++)
		many[i] = argument;
	many[0] = self;
	many[1] = show_word;
	many[1002] = NULL;
	exec_with(many, (char *[]){"ONLY=1", NULL});
	too_large();
	return 0;
}
