/* SPDX-License-Identifier: MIT */
/*
 * Xen's own console (emergencies, the log and the keys of the first domain), and the console ring
 * of any other domain.
 */
#ifndef PINFOLD_XEN_CONSOLE_H
#define PINFOLD_XEN_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

/* Write to Xen's console. Any context, from the first instruction on. A release Xen shows it for
 * the first domain only. */
void console_emergency(const char *data, size_t len);

/* Boot: find the ring, if start_info names one. */
void console_init(const struct start_info *info);

/* The log: Xen's console as first domain, the ring otherwise (before it is there, and after a
 * crash, Xen's console). */
void console_log(const char *data, size_t len);

/* The ring, or as first domain Xen's console: contracts in pv/console.h. (ABI: CONSOLEIO_read,
 * which copies keys that Xen has kept for the first domain, and VIRQ_CONSOLE when there are some.)
 */
bool console_present(void);
size_t console_write(const char *data, size_t len);
size_t console_unread(void);
size_t console_read(char *data, size_t len);
int console_set_handler(void (*handler)(void));

#endif
