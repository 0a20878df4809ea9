/* SPDX-License-Identifier: MIT */
/*
 * Makes a saved machine: starts QEMU, lets the guest come up until it waits for its hand-over, and
 * has QEMU write down what it is.
 */
#ifndef PINFOLD_TOOLS_MAKER_H
#define PINFOLD_TOOLS_MAKER_H

#include <stdint.h>

#include "tools/pinfold/hostchan.h"
#include "tools/pinfold/machine.h"
#include "tools/pinfold/qmp.h"
#include "tools/pinfold/template.h"

/* A pipe can take so much, whoever asks. */
#define MAKER_STATE_BYTES_MAX (1 << 20)

enum maker_end {
	MAKER_DONE,
	MAKER_FAILED,
	MAKER_SIGNAL,  /* a signal that is to end the run; `number` */
	MAKER_TIMEOUT, /* the time is over */
};

/* What is made. */
struct maker_machine {
	const struct machine *machine;
	struct hostchan *channel; /* the machine's own, not the run's */
	struct qmp *qmp;
	const struct template *files; /* to be written to */
};

struct maker {
	/* The run that wants it. */
	struct hostchan *run; /* gets the signals that are the program's */
	int signal_fd;        /* brings signals */
	int64_t deadline_ns;  /* CLOCK_MONOTONIC; 0: none */
	/* The answer. */
	int number;
	const char *why; /* it failed */
};

enum maker_end maker_run(struct maker *maker, const struct maker_machine *made);

#endif
