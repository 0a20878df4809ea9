/* SPDX-License-Identifier: MIT */
/*
 * What the line discipline shows: what programs write, and the echo of keys. Both go through the
 * same processing and count the same columns.
 */
#include "kernel/dev/ldisc_internal.h"
#include "kernel/linux/abi.h"

#define TAB_COLUMNS 8u

/* In Latin-1, whatever the encoding is. */
static uint8_t to_upper(uint8_t c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7))
		return (uint8_t)(c - 0x20);
	return c;
}

/* Output. */

static void put_raw(struct ldisc *ld, char c)
{
	ld->ops->put(ld->arg, &c, 1);
}

static void put_tab(struct ldisc *ld)
{
	unsigned int spaces = TAB_COLUMNS - ld->column % TAB_COLUMNS;

	ld->column += spaces;
	if ((ld->termios.oflag & ABI_TABDLY) == ABI_XTABS)
		ld->ops->put(ld->arg, "        ", spaces);
	else
		put_raw(ld, '\t');
}

static void put_newline(struct ldisc *ld)
{
	if (has_oflag(ld, ABI_ONLRET))
		ld->column = 0;
	if (has_oflag(ld, ABI_ONLCR)) {
		ld->column = 0;
		ld->line_column = 0;
		ld->ops->put(ld->arg, "\r\n", 2);
		return;
	}
	ld->line_column = ld->column;
	put_raw(ld, '\n');
}

static void put_return(struct ldisc *ld)
{
	if (has_oflag(ld, ABI_ONOCR) && ld->column == 0)
		return;
	if (has_oflag(ld, ABI_OCRNL)) {
		if (has_oflag(ld, ABI_ONLRET)) {
			ld->column = 0;
			ld->line_column = 0;
		}
		put_raw(ld, '\n');
		return;
	}
	ld->column = 0;
	ld->line_column = 0;
	put_raw(ld, '\r');
}

void ldisc_put(struct ldisc *ld, uint8_t c)
{
	if (!has_oflag(ld, ABI_OPOST)) {
		put_raw(ld, (char)c);
		return;
	}
	switch (c) {
	case '\n':
		put_newline(ld);
		return;
	case '\r':
		put_return(ld);
		return;
	case '\t':
		put_tab(ld);
		return;
	case '\b':
		if (ld->column > 0)
			ld->column--;
		break;
	default:
		if (is_control(c))
			break;
		if (has_oflag(ld, ABI_OLCUC))
			c = to_upper(c);
		if (!is_continuation(ld, c))
			ld->column++;
		break;
	}
	put_raw(ld, (char)c);
}

/* The length of the stretch at the start that output processing leaves as it is; counts its
 * columns. */
static size_t put_plain_run(struct ldisc *ld, const char *bytes, size_t len)
{
	size_t run = 0;

	if (!has_oflag(ld, ABI_OPOST)) {
		run = len;
	} else if (!has_oflag(ld, ABI_OLCUC)) {
		for (; run < len && !is_control((uint8_t)bytes[run]); run++)
			if (!is_continuation(ld, (uint8_t)bytes[run]))
				ld->column++;
	}
	if (run > 0)
		ld->ops->put(ld->arg, bytes, run);
	return run;
}

size_t ldisc_write(struct ldisc *ld, const char *bytes, size_t len, size_t room)
{
	size_t done = 0;

	while (done < len) {
		size_t left = len - done;
		size_t run = put_plain_run(ld, bytes + done, left < room ? left : room);

		done += run;
		room -= run;
		if (done == len || room < LDISC_EXPANSION_MAX)
			break;
		ldisc_put(ld, (uint8_t)bytes[done++]);
		room -= LDISC_EXPANSION_MAX;
	}
	return done;
}

/* Echo. */

void ldisc_echo_key(struct ldisc *ld, uint8_t c)
{
	if (has_lflag(ld, ABI_ECHOCTL) && is_control(c) && c != '\t') {
		put_raw(ld, '^');
		put_raw(ld, (char)(c ^ 0x40));
		ld->column += 2;
	} else if (c == 0xff) {
		/* Linux has a use of its own for this byte on its way, and so passes output
		 * processing by. */
		put_raw(ld, (char)c);
		ld->column++;
	} else {
		ldisc_put(ld, c);
	}
}

void ldisc_echo_input(struct ldisc *ld, uint8_t c)
{
	if (ld->line_head == ld->head)
		ld->line_column = ld->column;
	ldisc_echo_key(ld, c);
}

void ldisc_finish_erasing(struct ldisc *ld)
{
	if (ld->erasing) {
		ldisc_put(ld, '/');
		ld->erasing = false;
	}
}

static void echo_rubout(struct ldisc *ld)
{
	ldisc_put(ld, '\b');
	ldisc_put(ld, ' ');
	ldisc_put(ld, '\b');
}

/* Go back over the tab that was at the end of the line: to the column of what is before it. */
static void echo_erase_tab(struct ldisc *ld)
{
	unsigned int columns = 0;
	bool after_tab = false;
	uint32_t pos = ld->head;

	while (pos != ld->line_head && !after_tab) {
		uint8_t c = buffer_at(ld, --pos);

		if (c == '\t')
			after_tab = true;
		else if (is_control(c))
			columns += has_lflag(ld, ABI_ECHOCTL) ? 2 : 0;
		else if (!is_continuation(ld, c))
			columns++;
	}
	if (!after_tab)
		columns += ld->line_column;
	for (columns = TAB_COLUMNS - columns % TAB_COLUMNS; columns > 0; columns--) {
		put_raw(ld, '\b');
		if (ld->column > 0)
			ld->column--;
	}
}

void ldisc_echo_erased(struct ldisc *ld, unsigned int key, uint8_t c, uint32_t len)
{
	if (has_lflag(ld, ABI_ECHOPRT)) {
		if (!ld->erasing) {
			ldisc_put(ld, '\\');
			ld->erasing = true;
		}
		ldisc_echo_key(ld, c);
		for (uint32_t i = 1; i < len; i++) {
			ldisc_put(ld, buffer_at(ld, ld->head + i));
			/* Shown on no column of its own; Linux counts that twice. */
			if (ld->column > 0)
				ld->column--;
		}
	} else if (key == ABI_VERASE && !has_lflag(ld, ABI_ECHOE)) {
		ldisc_echo_key(ld, ld->termios.cc[ABI_VERASE]);
	} else if (c == '\t') {
		echo_erase_tab(ld);
	} else {
		if (is_control(c) && has_lflag(ld, ABI_ECHOCTL))
			echo_rubout(ld);
		if (!is_control(c) || has_lflag(ld, ABI_ECHOCTL))
			echo_rubout(ld);
	}
}
