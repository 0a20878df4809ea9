/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of the line discipline share, input (ldisc.c) and what is shown
 * (ldisc_output.c).
 */
#ifndef PINFOLD_KERNEL_DEV_LDISC_INTERNAL_H
#define PINFOLD_KERNEL_DEV_LDISC_INTERNAL_H

#include "kernel/dev/ldisc.h"

/* A control character that is set to this is off. */
#define KEY_NONE 0u

#define BUFFER_MASK (LDISC_BUFFER_BYTES - 1)

static inline bool has_iflag(const struct ldisc *ld, uint32_t flag)
{
	return ld->termios.iflag & flag;
}

static inline bool has_oflag(const struct ldisc *ld, uint32_t flag)
{
	return ld->termios.oflag & flag;
}

static inline bool has_lflag(const struct ldisc *ld, uint32_t flag)
{
	return ld->termios.lflag & flag;
}

static inline bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

/* A byte of a UTF-8 character that is not its first. */
static inline bool is_continuation(const struct ldisc *ld, uint8_t c)
{
	return has_iflag(ld, ABI_IUTF8) && (c & 0xc0) == 0x80;
}

static inline uint8_t buffer_at(const struct ldisc *ld, uint32_t pos)
{
	return ld->buffer[pos & BUFFER_MASK];
}

/* One byte through output processing. */
void ldisc_put(struct ldisc *ld, uint8_t c);

/* A key as it is shown: ^X for a control character. */
void ldisc_echo_key(struct ldisc *ld, uint8_t c);
/* The same for one that becomes input: the first of a line notes where it stands, so that tabs can
 * be erased. */
void ldisc_echo_input(struct ldisc *ld, uint8_t c);
/* Show that the character `c`, `len` bytes at the position head, is gone. `key` is the index of
 * what erased it. */
void ldisc_echo_erased(struct ldisc *ld, unsigned int key, uint8_t c, uint32_t len);
/* After the last character erased, where they are shown between \ and /. */
void ldisc_finish_erasing(struct ldisc *ld);

#endif
