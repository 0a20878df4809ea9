/* SPDX-License-Identifier: MIT */
/*
 * The command line of `pinfold run` and `pinfold image`.
 */
#include "tools/pinfold/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/nearest.h"
#include "tools/pinfold/options_help.h"
#include "tools/pinfold/options_value.h"

#define MEMORY_MIB_DEFAULT 256
#define MEMORY_MIB_MIN     32
#define VCPUS_DEFAULT      2
#define VCPUS_MAX          32

/* What TCG does not emulate is left out of the model: QEMU would warn of each at every start. */
#define CPU_DEFAULT "Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid"

enum {
	OPTION_VCPUS = 0x100,
	OPTION_CPUS,
	OPTION_TIMEOUT,
	OPTION_LOG,
	OPTION_ROOT,
	OPTION_ADD,
	OPTION_ENV_FILE,
	OPTION_ULIMIT,
	OPTION_RM,
	OPTION_STATS,
	OPTION_XEN,
	OPTION_XEN_ARGS,
	OPTION_KERNEL_ARGS,
	OPTION_CPU,
	OPTION_QEMU,
	OPTION_DRY_RUN,
	OPTION_COLD,
};

#define HELP_OPTION ((struct option){"help", no_argument, NULL, 'h'})

/* These describe the machine, its files and the program, and belong to `image` too. */
#define COMMON_OPTIONS                                                                           \
	{"memory", required_argument, NULL, 'm'},                                                \
	    {"vcpus", required_argument, NULL, OPTION_VCPUS},                                    \
	    {"cpus", required_argument, NULL, OPTION_CPUS},                                      \
	    {"root", required_argument, NULL, OPTION_ROOT},                                      \
	    {"add", required_argument, NULL, OPTION_ADD}, {"env", required_argument, NULL, 'e'}, \
	    {"env-file", required_argument, NULL, OPTION_ENV_FILE},                              \
	    {"workdir", required_argument, NULL, 'w'}, {"user", required_argument, NULL, 'u'},   \
	    {"ulimit", required_argument, NULL, OPTION_ULIMIT},                                  \
	    {"xen", required_argument, NULL, OPTION_XEN},                                        \
	    {"xen-args", required_argument, NULL, OPTION_XEN_ARGS},                              \
	    {"kernel-args", required_argument, NULL, OPTION_KERNEL_ARGS},                        \
	    {"cpu", required_argument, NULL, OPTION_CPU}, HELP_OPTION

static const struct option run_options[] = {
    COMMON_OPTIONS,
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"log", required_argument, NULL, OPTION_LOG},
    {"stats", no_argument, NULL, OPTION_STATS},
    {"cold", no_argument, NULL, OPTION_COLD},
    {"qemu", required_argument, NULL, OPTION_QEMU},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"verbose", no_argument, NULL, 'v'},
    {"interactive", no_argument, NULL, 'i'},
    {"tty", no_argument, NULL, 't'},
    {"rm", no_argument, NULL, OPTION_RM},
    {NULL, 0, NULL, 0},
};

static const struct option image_options[] = {
    COMMON_OPTIONS,
    {"output", required_argument, NULL, 'o'},
    {NULL, 0, NULL, 0},
};

static bool is_run(char **argv)
{
	return strcmp(argv[0], "run") == 0;
}

static _Noreturn void print_help_and_exit(char **argv)
{
	help_print_command(stdout, argv[0]);
	exit(fflush(stdout) == 0 ? 0 : STATUS_FAILURE);
}

static void take_program_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'e':
		value_environment(&options->environment, value);
		break;
	case OPTION_ENV_FILE:
		value_environment_file(&options->file_environment, value);
		break;
	case 'w':
		options->workdir = value_workdir(value);
		break;
	case 'u':
		options->user = value_user(value);
		break;
	case OPTION_ULIMIT:
		value_limit(&options->limits, value);
		break;
	default: /* 'i', 't', OPTION_RM: it is always so */
		break;
	}
}

static void take_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'm':
		options->memory_mib = value_memory(value, MEMORY_MIB_MIN, OPTIONS_MEMORY_MIB_MAX);
		break;
	case OPTION_VCPUS:
		options->vcpus = value_cpus("--vcpus", value, VCPUS_MAX);
		break;
	case OPTION_CPUS:
		options->vcpus = value_cpus("--cpus", value, VCPUS_MAX);
		break;
	case OPTION_TIMEOUT:
		options->timeout_ns = value_timeout(value);
		break;
	case OPTION_LOG:
		options->log = value;
		break;
	case OPTION_ROOT:
		options->root = value;
		break;
	case OPTION_ADD:
		strvec_add(&options->adds, value);
		break;
	case OPTION_STATS:
		options->stats = true;
		break;
	case OPTION_COLD:
		options->cold = true;
		break;
	case OPTION_XEN:
		options->xen = value;
		break;
	case OPTION_XEN_ARGS:
		options->xen_args = value;
		break;
	case OPTION_KERNEL_ARGS:
		options->kernel_args = value;
		break;
	case OPTION_CPU:
		options->cpu = value;
		break;
	case OPTION_QEMU:
		strvec_add(&options->qemu_args, value);
		break;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'o':
		options->output = value;
		break;
	default:
		take_program_option(options, option, value);
		break;
	}
}

/* The long option that is meant, perhaps, by a word that is none. */
static const char *nearest_option(const char *word, const struct option *known)
{
	struct nearest nearest = {.word = NULL};
	size_t len = strcspn(word, "=");
	char typed[64];

	if (strncmp(word, "--", 2) != 0 || len >= sizeof(typed))
		return NULL;
	snprintf(typed, sizeof(typed), "%.*s", (int)len - 2, word + 2);
	for (; known->name != NULL; known++)
		nearest_try(&nearest, typed, known->name);
	return nearest.word;
}

static _Noreturn void refuse(char **argv, const char *problem)
{
	const char *what = argv[optind - 1];
	const char *meant = nearest_option(what, is_run(argv) ? run_options : image_options);
	char letter[3] = {'-', (char)optopt, '\0'};

	if (optopt == 0 && meant != NULL)
		fail_exit(STATUS_FAILURE, "%s: the option %s %s; did you mean --%s?", argv[0], what,
		          problem, meant);
	if (optopt > 0 && optopt < 0x100 && strncmp(what, "--", 2) != 0)
		what = letter;
	fail_exit(STATUS_FAILURE, "%s: the option %s %s; see pinfold %s --help", argv[0], what,
	          problem, argv[0]);
}

void options_parse(struct options *options, int argc, char **argv)
{
	/* '+': what follows PROGRAM is the program's, even without "--". */
	const char *letters = is_run(argv) ? "+:he:m:u:w:vit" : "+:he:m:u:w:o:";
	const struct option *known = is_run(argv) ? run_options : image_options;
	int found;

	*options = (struct options){
	    .memory_mib = MEMORY_MIB_DEFAULT,
	    .vcpus = VCPUS_DEFAULT,
	    .cpu = CPU_DEFAULT,
	    .xen_args = "",
	    .kernel_args = "",
	};
	opterr = 0;
	while ((found = getopt_long(argc, argv, letters, known, NULL)) != -1) {
		if (found == 'h')
			print_help_and_exit(argv);
		if (found == '?')
			refuse(argv, "is not known");
		if (found == ':')
			refuse(argv, "needs a value");
		/* "--" ends the options: no value of theirs. */
		if (strcmp(argv[optind - 1], "--") == 0) {
			optind--;
			refuse(argv, "needs a value");
		}
		take_option(options, found, optarg);
	}
	options->program = argv + optind;
	options->program_argc = argc - optind;
	if (options->program_argc == 0 || options->program[0][0] == '\0')
		fail_exit(STATUS_FAILURE, "%s: PROGRAM is missing; see pinfold %s --help", argv[0],
		          argv[0]);
	if (!is_run(argv) && options->output == NULL)
		fail_exit(STATUS_FAILURE, "image: -o DIR is missing; see pinfold image --help");
}
