/* SPDX-License-Identifier: MIT */
/*
 * The program's standard streams and the end of the run, whatever carries them: the launcher's
 * channel, or the console.
 */
#ifndef PINFOLD_KERNEL_DEV_STREAM_H
#define PINFOLD_KERNEL_DEV_STREAM_H

#include "kernel/kernel.h"
#include "lib/channel.h"

/* Boot, after vfs_init(): find the channel, or fall back to the console and make the terminal and
 * its devices. */
void stream_init(void);

/* With the channel: say that all is up, and sleep until the host has handed over. Task context. */
void stream_wait_hand_over(void);
/* With the channel, once the rings are taken over: make the terminal and its devices, and tell the
 * host that signals for the program may come. */
void stream_start(void);

/* Install descriptors 0, 1, 2 for the running task and give it the terminal if one of them is. The
 * task leads its session. 0 or -errno. */
int stream_install_fds(void);

/* What writes the text that the launcher may ask for at the end: at most `size` bytes; returns how
 * many. */
void stream_set_report(size_t (*make)(char *buffer, size_t size));

/* The run is over: hand over the report if wanted, let the output drain, tell the launcher. From
 * task context; waits for the reader, but not for ever. Does not end the machine. */
void stream_finish(enum channel_exit_kind kind, uint32_t value, const char *message);

/* As stream_finish for a panic: any context, touches memory and ports only, waits for nothing. */
void stream_panic(const char *message);

#endif
