/* SPDX-License-Identifier: MIT */
/*
 * pinfold: runs Linux programs in Xen PV virtual machines of their own. This file picks the
 * subcommand.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/image.h"
#include "tools/pinfold/nearest.h"
#include "tools/pinfold/options.h"
#include "tools/pinfold/options_help.h"
#include "tools/pinfold/run.h"

#define PINFOLD_VERSION "0.1"

static int flushed(void)
{
	return fflush(stdout) == 0 ? 0 : STATUS_FAILURE;
}

static _Noreturn void refuse_command(const char *command)
{
	static const char *const commands[] = {"run", "image", "help", "version"};
	struct nearest nearest = {.word = NULL};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		nearest_try(&nearest, command, commands[i]);
	if (nearest.word != NULL)
		fail_exit(STATUS_FAILURE, "'%s' is not a command; did you mean %s?", command,
		          nearest.word);
	fail_exit(STATUS_FAILURE, "'%s' is not a command (run, image); see pinfold --help",
	          command);
}

/* `pinfold help`, and `pinfold help COMMAND`. */
static int print_help(const char *command)
{
	if (command == NULL)
		help_print_main(stdout);
	else if (strcmp(command, "run") != 0 && strcmp(command, "image") != 0)
		refuse_command(command);
	else
		help_print_command(stdout, command);
	return flushed();
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int main(int argc, char **argv)
{
	const char *command = argc < 2 ? "" : argv[1];
	struct options options;

	/* Whoever writes too much is told by an error. */
	signal(SIGXFSZ, SIG_IGN);
	if (argc < 2) {
		help_print_main(stderr);
		return STATUS_FAILURE;
	}
	if (strcmp(command, "run") == 0) {
		options_parse(&options, argc - 1, argv + 1);
		return run_guest(&options);
	}
	if (strcmp(command, "image") == 0) {
		options_parse(&options, argc - 1, argv + 1);
		return image_write(&options);
	}
	if (is_one_of(command, "help", "--help", "-h"))
		return print_help(argc > 2 ? argv[2] : NULL);
	if (is_one_of(command, "version", "--version", "-V")) {
		printf("pinfold %s\n", PINFOLD_VERSION);
		return flushed();
	}
	refuse_command(command);
}
