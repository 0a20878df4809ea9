/* SPDX-License-Identifier: MIT */
/*
 * The machine's console: Xen's own log for the first domain, the console ring for any other.
 */
#ifndef PINFOLD_PV_CONSOLE_H
#define PINFOLD_PV_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

/* Write bytes to the log. Works from the first instruction of C on, in any context. */
void pv_log_write(const char *data, size_t len);

/* The console ring, which only a guest that is not the first domain has. */
bool pv_console_present(void);
/* Both return how many bytes were taken or given, at once; 0 when the ring is full or empty. */
size_t pv_console_write(const char *data, size_t len);
size_t pv_console_read(char *data, size_t len);
/* The handler runs with events masked when the ring has moved; it only marks work. */
int pv_console_set_handler(void (*handler)(void));

#endif
