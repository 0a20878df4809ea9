/* SPDX-License-Identifier: MIT */
/*
 * Terminals: what the rest of the kernel sees of them. There are /dev/console and pseudo-terminals
 * (pty.h); /dev/tty is the controlling terminal of whoever opens it.
 */
#ifndef PINFOLD_KERNEL_DEV_TTY_H
#define PINFOLD_KERNEL_DEV_TTY_H

#include "kernel/kernel.h"

struct process;
struct tty;

/* What carries a terminal's bytes. None of these sleeps. */
struct tty_backend {
	/* Take bytes for the screen: how many were taken. */
	size_t (*write)(const char *data, size_t len);
	/* Bytes taken that the screen has not got yet; NULL: none. */
	size_t (*unread)(void);
	/* Give keys: how many. NULL: there is no keyboard. */
	size_t (*read)(char *data, size_t size);
	/* No key will come any more. NULL: never so. */
	bool (*closed)(void);
};

/* Boot: set up the terminal and its devices. */
int tty_init(const struct tty_backend *backend);

/* From deferred work, when the backend may have keys or room. */
void tty_backend_moved(void);

/* From deferred work: the window's size; a change sends SIGWINCH to the foreground group. */
void tty_set_window_size(uint32_t rows, uint32_t columns);

/* Make the terminal the controlling one of the running process, which must lead its session, and
 * its group the foreground one. */
void tty_give_to_current(void);

/* The end of the run: output that the stop key holds back goes on. Bytes that still wait for the
 * backend. */
size_t tty_finish_output(void);

/* A session leader exits: its terminal's foreground group gets SIGHUP, every open file of the
 * terminal is dead from here on (reads end, writes give EIO), and no process of the session has a
 * controlling terminal any more. Called while the leader and its session are still in process_all;
 * nothing happens when the leader has no terminal. A pseudo-terminal stays alive; where one has
 * gone before the leader, the group that was in its foreground gets SIGHUP and SIGCONT now. */
void tty_hangup_session(struct process *leader);

/* For /proc/PID/stat: device number as stat gives it, foreground group. 0 and -1 for NULL. */
uint32_t tty_device_number(const struct tty *tty);
int tty_foreground_group(const struct tty *tty);

#endif
