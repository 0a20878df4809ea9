/* SPDX-License-Identifier: MIT */
/*
 * The kept part of the log, for the syslog call, and what of it goes to the machine's console.
 */
#ifndef PINFOLD_KERNEL_LOG_H
#define PINFOLD_KERNEL_LOG_H

#include "kernel/kernel.h"

#define LOG_RING_BYTES 65536u

/* Messages up to and including this level go to the console; all are kept. LOG_INFO at boot. */
void log_set_level(unsigned int level);

/* Copy kept bytes from *pos (a count of bytes since boot; moved forward to what is still there) on,
 * at most `size`; advances *pos. */
size_t log_read(uint64_t *pos, char *buffer, size_t size);

/* Bytes ever logged. */
uint64_t log_end(void);

#endif
