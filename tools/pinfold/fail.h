/* SPDX-License-Identifier: MIT */
/*
 * Pinfold's own errors: one line on standard error, and the statuses that are not the program's.
 */
#ifndef PINFOLD_TOOLS_FAIL_H
#define PINFOLD_TOOLS_FAIL_H

/*
 * As timeout(1), env(1) and the shells use them. A signal's number is added to STATUS_SIGNAL_BASE.
 */
enum pinfold_status {
	STATUS_TIMEOUT = 124,
	STATUS_FAILURE = 125,
	STATUS_NOEXEC = 126,
	STATUS_NOENT = 127,
	STATUS_SIGNAL_BASE = 128,
};

/* Prints "pinfold: " and the text as one line on standard error. */
void fail_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, then ends the process. For use before QEMU runs and the terminal is in raw mode. */
_Noreturn void fail_exit(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Memory that is there or the end of the process. */
void *fail_alloc(void *memory);

#endif
