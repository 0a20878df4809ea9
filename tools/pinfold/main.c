/* SPDX-License-Identifier: MIT */
/*
 * pinfold: runs Linux programs in Xen PV virtual machines of their own. This file picks the
 * subcommand.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/image.h"
#include "tools/pinfold/options.h"
#include "tools/pinfold/run.h"

#define PINFOLD_VERSION "0.1"

int main(int argc, char **argv)
{
	const char *command = argc < 2 ? "" : argv[1];
	struct options options;

	/* Whoever writes too much is told by an error. */
	signal(SIGXFSZ, SIG_IGN);
	if (strcmp(command, "run") == 0) {
		options_parse(&options, argc - 1, argv + 1);
		return run_guest(&options);
	}
	if (strcmp(command, "image") == 0) {
		options_parse(&options, argc - 1, argv + 1);
		return image_write(&options);
	}
	if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
		options_print_help();
		return fflush(stdout) == 0 ? 0 : STATUS_FAILURE;
	}
	if (strcmp(command, "--version") == 0) {
		printf("pinfold %s\n", PINFOLD_VERSION);
		return fflush(stdout) == 0 ? 0 : STATUS_FAILURE;
	}
	if (command[0] == '\0')
		fail_exit(STATUS_FAILURE, "a command is missing (run, image); see pinfold --help");
	fail_exit(STATUS_FAILURE, "'%s' is not a command (run, image); see pinfold --help",
	          command);
}
