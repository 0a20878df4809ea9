/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals, as the terminal's other files see them. The slave is a terminal like the
 * console (struct tty); the master is what a screen and a keyboard are to that one.
 */
#ifndef PINFOLD_KERNEL_DEV_PTY_H
#define PINFOLD_KERNEL_DEV_PTY_H

#include "kernel/kernel.h"

struct tty;

/* Boot, after vfs_init(): /dev/ptmx and /dev/pts. 0 or -errno. */
int pty_init(void);

/* The slave with that device number; -EIO: its master has gone or keeps it locked. */
struct tty *pty_find_slave(uint64_t rdev);

/* A file of the slave, in whichever life of it, has been opened or closed. The last one may free
 * the terminal. */
void pty_slave_opened(struct tty *tty);
void pty_slave_closed(struct tty *tty);

/* The slave has output, or has dropped it. */
void pty_output(struct tty *tty);
/* Keys for the slave: how many. */
size_t pty_read_keys(struct tty *tty, char *data, size_t size);

#endif
