/* SPDX-License-Identifier: MIT */
/*
 * What the files of the terminal share: its state, job control, the ioctl commands.
 */
#ifndef PINFOLD_KERNEL_DEV_TTY_INTERNAL_H
#define PINFOLD_KERNEL_DEV_TTY_INTERNAL_H

#include "kernel/dev/ldisc.h"
#include "kernel/dev/tty.h"
#include "kernel/wait.h"

struct file;
struct file_ops;
struct process;
struct pty;

#define DEVICE_TTY     0x500u /* 5:0 */
#define DEVICE_CONSOLE 0x501u /* 5:1 */

#define TTY_OUT_BYTES 8192u

/* Writers leave this much of the output buffer to the echo. */
#define TTY_ECHO_RESERVE 1024u

struct tty {
	struct ldisc ld;
	const struct tty_backend *backend; /* of the console */
	struct pty *pty;                   /* NULL: it is the console */
	uint32_t device;                   /* number, as stat gives it */
	struct abi_winsize winsize;

	/* Processed output that the backend has not taken. Positions count bytes and wrap. */
	char out[TTY_OUT_BYTES];
	uint32_t out_head, out_tail;
	/* Keys that the line discipline has not taken. */
	char in[256];
	size_t in_pos, in_len;

	struct wait_queue read_wait;
	struct wait_queue write_wait; /* for room, for the end of output, for the turn to write */
	bool writing;                 /* a write() is under way: the others wait their turn */

	int sid;           /* the session that it controls; 0: none */
	int pgid;          /* foreground group; 0: none */
	unsigned int life; /* counts hang-ups: files opened in an earlier life are dead */
};

/* What an open file of a terminal points to. */
struct tty_file {
	struct tty *tty;
	unsigned int life;
};

extern const struct file_ops tty_file_ops;

/* A fresh terminal; the structure is all zeros. */
void tty_setup(struct tty *tty, uint32_t device);
struct tty *tty_console(void);

static inline size_t tty_out_used(const struct tty *tty)
{
	return tty->out_head - tty->out_tail;
}

/* No key will come any more. */
bool tty_input_ended(const struct tty *tty);

/* The terminal of an open file; NULL after a hang-up. */
struct tty *tty_of_file(const struct file *file);

/* Move output to the backend, keys from it, and wake who waits for either. */
void tty_push_output(struct tty *tty);
void tty_pull_input(struct tty *tty);
/* Wait until the terminal has all output: 0 or -ERESTARTSYS. */
int tty_drain(struct tty *tty);
size_t tty_output_bytes(const struct tty *tty);
void tty_drop_output(struct tty *tty);
void tty_resize(struct tty *tty, const struct abi_winsize *size);

/* May the running process use its terminal in a way that is the foreground group's alone? 0;
 * -ERESTARTSYS with `signal`, SIGTTIN or SIGTTOU, sent to its group; -EIO where that signal would
 * help nobody. Any terminal but the controlling one is free to use. */
int tty_check_foreground(struct tty *tty, int signal);

/* The other side has gone: the session loses it, its leader gets SIGHUP and SIGCONT, and who has it
 * open cannot use it any more. */
void tty_hangup(struct tty *tty);

/* Job control commands (tty_job.c). 0 or -errno. */
int tty_acquire(struct tty *tty, bool may_steal);
int tty_give_up(struct tty *tty);
int tty_get_group(const struct tty *tty, int *pgid);
int tty_set_group(struct tty *tty, int pgid);
int tty_get_session(const struct tty *tty, int *sid);

long tty_ioctl(struct file *file, unsigned int command, uintptr_t arg);
/* The commands that both sides of a pseudo-terminal have. */
long tty_ioctl_common(struct tty *tty, unsigned int command, uintptr_t arg);

#endif
