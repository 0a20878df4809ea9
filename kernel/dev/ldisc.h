/* SPDX-License-Identifier: MIT */
/*
 * The line discipline of a terminal: what turns keys into lines, echoes and signals, and what a
 * program writes into what the terminal shows. Pure functions over a struct: no sleeping, no user
 * memory, so that hosted tests hold it against a Linux pseudo-terminal, whose behaviour it has byte
 * for byte.
 *
 * Left out: parity and break handling (there is no line to break), EXTPROC, output delays.
 */
#ifndef PINFOLD_KERNEL_DEV_LDISC_H
#define PINFOLD_KERNEL_DEV_LDISC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/linux/abi_tty.h"

#define LDISC_BUFFER_BYTES 4096u

/* One byte written never becomes more than this many. */
#define LDISC_EXPANSION_MAX 8u

struct ldisc_ops {
	/* Bytes for the terminal: echo, and processed output. */
	void (*put)(void *arg, const char *bytes, size_t len);
	/* A key that stands for a signal was hit. */
	void (*signal)(void *arg, int signal);
	/* Output that the terminal has not taken yet is to be dropped. */
	void (*drop_output)(void *arg);
};

struct ldisc {
	struct abi_termios termios;
	const struct ldisc_ops *ops;
	void *arg;

	/* Input. The positions count bytes and wrap; tail <= line_head <= head, and head - tail <=
	 * LDISC_BUFFER_BYTES. */
	uint8_t buffer[LDISC_BUFFER_BYTES];
	uint8_t line_end[LDISC_BUFFER_BYTES / 8]; /* bitmap: this byte ends a line */
	uint32_t head;
	uint32_t line_head; /* canonical mode: complete lines end here */
	uint32_t tail;
	bool literal_next; /* the next key has no meaning */
	bool erasing;      /* between the \ and / of ECHOPRT */

	/* Output. */
	unsigned int column;
	unsigned int line_column; /* where the echo of the present line began */
	bool stopped;             /* by the stop key: the caller holds output back */
};

/* The attributes of a fresh terminal. */
void ldisc_init(struct ldisc *ld, const struct ldisc_ops *ops, void *arg);

/* Take keys; how many were taken. Fewer than `len` only when the buffer is full: offer the rest
 * again after a read. */
size_t ldisc_input(struct ldisc *ld, const char *bytes, size_t len);

/* Process what a program writes, as far as its result is sure to fit `room` bytes; how many bytes
 * of input were processed. */
size_t ldisc_write(struct ldisc *ld, const char *bytes, size_t len, size_t room);

/* Take input: at most `size` bytes, and in canonical mode at most to the end of a line; *line_done
 * says that it was reached. 0 with *line_done is an end-of-file. */
size_t ldisc_read(struct ldisc *ld, char *bytes, size_t size, bool *line_done);

/* Whether a read would find something: a line, or `minimum` bytes outside canonical mode. */
bool ldisc_readable(const struct ldisc *ld, size_t minimum);

/* What FIONREAD reports. */
size_t ldisc_input_bytes(const struct ldisc *ld);

void ldisc_flush_input(struct ldisc *ld);

/* New attributes. Input so far becomes a line when canonical mode begins. */
void ldisc_set_termios(struct ldisc *ld, const struct abi_termios *termios);

#endif
