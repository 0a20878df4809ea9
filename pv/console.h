/* SPDX-License-Identifier: MIT */
/*
 * The machine's console: Xen's own log for the first domain, the console ring for any other.
 */
#ifndef PINFOLD_PV_CONSOLE_H
#define PINFOLD_PV_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "pv/ops.h"

/* Write bytes to the log. Works from the first instruction of C on, in any context. */
static inline void pv_log_write(const char *data, size_t len)
{
	pv_console_ops.log_write(data, len);
}

/* Whether there is a console to talk on: the ring, or what Xen shows and reads for the first
 * domain, which is the log's place too. */
static inline bool pv_console_present(void)
{
	return pv_console_ops.present();
}
/* Both return how many bytes were taken or given, at once; 0 when a ring is full, or there are no
 * keys. */
static inline size_t pv_console_write(const char *data, size_t len)
{
	return pv_console_ops.write(data, len);
}
static inline size_t pv_console_read(char *data, size_t len)
{
	return pv_console_ops.read(data, len);
}
/* Bytes that were written and that nobody has taken yet. */
static inline size_t pv_console_unread(void)
{
	return pv_console_ops.unread();
}
/* The handler runs with events masked when a ring has moved or keys have come; it only marks
 * work. */
static inline int pv_console_set_handler(void (*handler)(void))
{
	return pv_console_ops.set_handler(handler);
}

#endif
