/* SPDX-License-Identifier: MIT */
/*
 * The command line of `pinfold run` and `pinfold image`.
 */
#ifndef PINFOLD_TOOLS_OPTIONS_H
#define PINFOLD_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/pinfold/strvec.h"

#define OPTIONS_MEMORY_MIB_MAX 65536

/* The strings are the command line's own. */
struct options {
	bool verbose;
	bool stats;
	bool cold; /* not from a saved machine */
	bool dry_run;
	unsigned int memory_mib;
	unsigned int vcpus;
	int64_t timeout_ns;             /* 0: none */
	const char *log;                /* NULL: kept only on failure */
	const char *root;               /* NULL: the base root */
	const char *xen;                /* NULL: the release Xen that belongs to Pinfold */
	const char *xen_args;           /* more of Xen's arguments, or "" */
	const char *kernel_args;        /* the kernel's arguments, or "" */
	const char *cpu;                /* QEMU's CPU model */
	const char *output;             /* image only: the folder to write */
	struct strvec adds;             /* HOST[:GUEST] */
	const char *workdir;            /* an absolute path, or NULL */
	const char *user;               /* USER[:GROUP], names or numbers, or NULL */
	struct strvec file_environment; /* K=V, of --env-file */
	struct strvec environment;      /* K=V */
	struct strvec limits;           /* WHICH:SOFT:HARD, numbers of Linux's */
	struct strvec qemu_args;
	char **program; /* PROGRAM and its arguments, ended by NULL */
	int program_argc;
};

/*
 * Reads argv[1…] of the subcommand argv[0] ("run" or "image"). Prints help and ends the process
 * when it is asked for; ends it with STATUS_FAILURE and one line when something is wrong.
 */
void options_parse(struct options *options, int argc, char **argv);

#endif
