/* SPDX-License-Identifier: MIT */
/*
 * The user's terminal while the program in the guest owns it.
 *
 * The guest has the line discipline, so here the terminal is raw: every key goes to the guest as it
 * is. However the launcher ends, the terminal gets its modes back: on a normal end and on a fatal
 * signal by this process, on SIGKILL by a small guard process that outlives it.
 */
#ifndef PINFOLD_TOOLS_TERMINAL_H
#define PINFOLD_TOOLS_TERMINAL_H

#include <stdbool.h>

/* Makes the terminal `fd` raw and starts the guard. Returns false when it is not to be had. */
bool terminal_make_raw(int fd);

/* Raw again, after somebody else (the shell, on fg) changed the modes. */
void terminal_make_raw_again(void);

/* Gives the modes back and ends the guard; harmless when the terminal never was raw. */
void terminal_restore(void);

/* The window's size; false when the terminal does not know it. */
bool terminal_size(int fd, unsigned int *rows, unsigned int *columns);

#endif
