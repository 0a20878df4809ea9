/* SPDX-License-Identifier: MIT */
/*
 * The terminal: what the rest of the kernel sees of it. There is one, /dev/console; /dev/tty is the controlling
 * terminal of whoever opens it.
 */
#ifndef PINFOLD_KERNEL_DEV_TTY_H
#define PINFOLD_KERNEL_DEV_TTY_H

#include "kernel/kernel.h"

struct process;
struct tty;

/* A session leader exits: its terminal's foreground group gets SIGHUP and SIGCONT, every open file of the terminal is dead
 * from here on (reads end, writes give EIO), and no process of the session has a controlling terminal any more. Called while the
 * leader and its session are still in process_all; nothing happens when the leader has no terminal. */
void tty_hangup_session(struct process *leader);

/* For /proc/PID/stat: device number as stat gives it, foreground process group. 0 and -1 for NULL. */
uint32_t tty_device_number(const struct tty *tty);
int tty_foreground_group(const struct tty *tty);

#endif
