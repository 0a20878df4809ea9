/* SPDX-License-Identifier: MIT */
/*
 * The values of options. Each function ends the process with STATUS_FAILURE and one line, which
 * names the option, when the text is none of its kind.
 */
#ifndef PINFOLD_TOOLS_OPTIONS_VALUE_H
#define PINFOLD_TOOLS_OPTIONS_VALUE_H

#include <stdint.h>

#include "tools/pinfold/strvec.h"

/* "256" or "256M" (MiB), "1.5G", "1GiB", "512m", "40960K" … : MiB, rounded up. */
unsigned int value_memory(const char *text, unsigned int least_mib, unsigned int most_mib);

/* A number from 1 to `most`; a part of a processor counts as a whole one. */
unsigned int value_cpus(const char *option, const char *text, unsigned int most);

/* Seconds above 0, fractions allowed: nanoseconds. */
int64_t value_timeout(const char *text);

/* "NAME=VALUE", or "NAME" for a variable of this process's environment; nothing if that is not
 * set. */
void value_environment(struct strvec *to, const char *text);

/*
 * A file with a variable on each line, as above; spaces before it, empty lines and lines that begin
 * with # do not count.
 */
void value_environment_file(struct strvec *to, const char *path);

/* "NAME=SOFT[:HARD]", a limit of setrlimit(2) in its units: added as "WHICH:SOFT:HARD". */
void value_limit(struct strvec *to, const char *text);

/* An absolute path. */
const char *value_workdir(const char *text);

/* "USER[:GROUP]", names or numbers, of which none is empty. */
const char *value_user(const char *text);

#endif
