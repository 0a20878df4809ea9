/* SPDX-License-Identifier: MIT */
/*
 * The command line of `pinfold run` and `pinfold image`, and their help.
 */
#include "tools/pinfold/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pinfold/fail.h"

#define MEMORY_MIB_DEFAULT 256
#define MEMORY_MIB_MIN     32
#define VCPUS_DEFAULT      2
#define VCPUS_MAX          32
#define TIMEOUT_S_MAX      1e9

/* What TCG does not emulate is left out of the model: QEMU would warn of each at every start. */
#define CPU_DEFAULT "Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid"

enum {
	OPTION_MEMORY = 0x100,
	OPTION_VCPUS,
	OPTION_TIMEOUT,
	OPTION_LOG,
	OPTION_ROOT,
	OPTION_ADD,
	OPTION_ENV,
	OPTION_STATS,
	OPTION_XEN,
	OPTION_XEN_ARGS,
	OPTION_KERNEL_ARGS,
	OPTION_CPU,
	OPTION_QEMU,
	OPTION_DRY_RUN,
};

/* Those before `timeout` describe the machine and its files and belong to `image` too. */
#define COMMON_OPTIONS                                                    \
	{"memory", required_argument, NULL, OPTION_MEMORY},               \
	    {"vcpus", required_argument, NULL, OPTION_VCPUS},             \
	    {"root", required_argument, NULL, OPTION_ROOT},               \
	    {"add", required_argument, NULL, OPTION_ADD},                 \
	    {"env", required_argument, NULL, OPTION_ENV},                 \
	    {"xen", required_argument, NULL, OPTION_XEN},                 \
	    {"xen-args", required_argument, NULL, OPTION_XEN_ARGS},       \
	    {"kernel-args", required_argument, NULL, OPTION_KERNEL_ARGS}, \
	    {"cpu", required_argument, NULL, OPTION_CPU},                 \
	{                                                                 \
		"help", no_argument, NULL, 'h'                            \
	}

static const struct option run_options[] = {
    COMMON_OPTIONS,
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"log", required_argument, NULL, OPTION_LOG},
    {"stats", no_argument, NULL, OPTION_STATS},
    {"qemu", required_argument, NULL, OPTION_QEMU},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"verbose", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

static const struct option image_options[] = {
    COMMON_OPTIONS,
    {"output", required_argument, NULL, 'o'},
    {NULL, 0, NULL, 0},
};

static const char machine_help[] =
    "  --memory MIB        memory of the guest (default 256, at least 32)\n"
    "  --vcpus N           virtual CPUs of the guest (default 2, at most 32)\n"
    "  --root DIR          DIR's tree becomes the guest's root, in place of busybox\n"
    "  --add HOST[:GUEST]  put a file or folder of this machine into the guest (repeatable)\n"
    "  --env NAME=VALUE    set a variable of the program's environment (repeatable)\n"
    "  --xen FILE          another Xen than the release one in build/xen\n"
    "  --xen-args STRING   more arguments for Xen\n"
    "  --kernel-args STR   arguments for the Pinfold kernel (noaslr, loglevel=N)\n"
    "  --cpu MODEL         QEMU's CPU model\n";

static const char run_help[] =
    "Use: pinfold run [options] -- PROGRAM [ARGUMENTS]\n"
    "\n"
    "Runs a static x86-64 Linux program in a Xen PV virtual machine of its own, with this\n"
    "command's standard input, output and error, and ends with the program's status.\n"
    "PROGRAM is a path on this machine, or a name found in the guest (busybox's applets).\n"
    "\n"
    "  --timeout SECONDS   end the run after that time, with status 124\n"
    "  --log FILE          write Xen's and the kernel's messages to FILE\n"
    "  -v, --verbose       show them on standard error as they come\n"
    "  --stats             print the kernel's counters on standard error at the end\n"
    "%s"
    "  --qemu ARGUMENT     one more argument for QEMU (repeatable)\n"
    "  --dry-run           print the QEMU command and do not run it\n"
    "  -h, --help          this text\n"
    "\n"
    "Statuses: the program's own; 128+N when signal N ended it; 124 timeout; 126 PROGRAM cannot\n"
    "be run; 127 not found; 125 any failure of Pinfold, Xen or QEMU.\n";

static const char image_help[] =
    "Use: pinfold image -o DIR [options] -- PROGRAM [ARGUMENTS]\n"
    "\n"
    "Writes what a machine elsewhere needs to run the program: the kernel, the ramdisk, Xen, a\n"
    "script with the QEMU command, and a configuration for xl.\n"
    "\n"
    "  -o, --output DIR    the folder to write to; made if it is not there\n"
    "%s"
    "  -h, --help          this text\n";

static const char main_help[] =
    "Use: pinfold run [options] -- PROGRAM [ARGUMENTS]    run a program in a guest of its own\n"
    "     pinfold image -o DIR [options] -- PROGRAM …     write kernel, ramdisk, command lines\n"
    "     pinfold run --help, pinfold image --help        the options\n"
    "     pinfold --version\n"
    "\n"
    "Pinfold runs a Linux program as a PV guest on the Xen hypervisor, inside QEMU.\n";

void options_print_help(void)
{
	fputs(main_help, stdout);
}

static bool is_run(char **argv)
{
	return strcmp(argv[0], "run") == 0;
}

static _Noreturn void print_help_and_exit(char **argv)
{
	printf(is_run(argv) ? run_help : image_help, machine_help);
	exit(fflush(stdout) == 0 ? 0 : STATUS_FAILURE);
}

/* A whole number in a range; `what` says what the option wants. */
static unsigned int parse_number(const char *text, const char *what, unsigned int least,
                                 unsigned int most)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < least ||
	    value > most)
		fail_exit(STATUS_FAILURE, "%s from %u to %u, not '%s'", what, least, most, text);
	return (unsigned int)value;
}

static int64_t parse_timeout(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds > 0) || seconds > TIMEOUT_S_MAX)
		fail_exit(STATUS_FAILURE, "--timeout wants a number of seconds above 0, not '%s'",
		          text);
	return (int64_t)ceil(seconds * 1e9);
}

static void add_environment(struct options *options, const char *text)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text)
		fail_exit(STATUS_FAILURE, "--env wants NAME=VALUE, not '%s'", text);
	strvec_add(&options->environment, text);
}

static void take_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case OPTION_MEMORY:
		options->memory_mib = parse_number(value, "--memory wants a number of MiB",
		                                   MEMORY_MIB_MIN, OPTIONS_MEMORY_MIB_MAX);
		break;
	case OPTION_VCPUS:
		options->vcpus = parse_number(value, "--vcpus wants a number", 1, VCPUS_MAX);
		break;
	case OPTION_TIMEOUT:
		options->timeout_ns = parse_timeout(value);
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
	case OPTION_ENV:
		add_environment(options, value);
		break;
	case OPTION_STATS:
		options->stats = true;
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
	default: /* 'o' */
		options->output = value;
		break;
	}
}

static _Noreturn void refuse(char **argv, const char *problem)
{
	const char *what = argv[optind - 1];
	char letter[3] = {'-', (char)optopt, '\0'};

	if (optopt > 0 && optopt < 0x100 && strncmp(what, "--", 2) != 0)
		what = letter;
	fail_exit(STATUS_FAILURE, "%s: the option %s %s; see pinfold %s --help", argv[0], what,
	          problem, argv[0]);
}

void options_parse(struct options *options, int argc, char **argv)
{
	/* '+': what follows PROGRAM is the program's, even without "--". */
	const char *letters = is_run(argv) ? "+:hv" : "+:ho:";
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
