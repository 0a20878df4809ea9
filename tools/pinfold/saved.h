/* SPDX-License-Identifier: MIT */
/*
 * From a run's options to a saved machine that serves it: found in the cache, or made.
 */
#ifndef PINFOLD_TOOLS_SAVED_H
#define PINFOLD_TOOLS_SAVED_H

#include <stdbool.h>

#include "tools/pinfold/machine.h"
#include "tools/pinfold/maker.h"
#include "tools/pinfold/options.h"
#include "tools/pinfold/template.h"

struct saved {
	struct template_place place;
	struct template files;
	char *key;
	bool is_new;     /* made just now */
	const char *why; /* there is none */
};

enum saved_answer {
	SAVED_FOUND,
	SAVED_NONE,    /* `why` says why */
	SAVED_SIGNAL,  /* while it was made a signal came that is to end the run; see maker */
	SAVED_TIMEOUT, /* while it was made the time was over */
};

/*
 * `maker` is for the case that it has to be made: filled in are run, signal_fd and deadline_ns. The
 * answer is to be given to saved_close() in any case.
 */
enum saved_answer saved_get(struct saved *saved, const struct options *options,
                            const struct machine_parts *parts, struct maker *maker);

/*
 * The state of the machine, in a pipe whose end to read from is returned: QEMU 10 warns of files.
 * -1: the system has no pipe for so much.
 */
int saved_open_state(const struct saved *saved);

/* It did not work: nobody is to find it again. */
void saved_reject(struct saved *saved);

void saved_close(struct saved *saved);

#endif
