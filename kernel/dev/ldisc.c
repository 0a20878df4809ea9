/* SPDX-License-Identifier: MIT */
/*
 * The input of the line discipline. It comes in at ldisc_input(), is edited and echoed (the echo is
 * ldisc_output.c) in the order of the flags' documentation in termios(3), and leaves through
 * ldisc_read(). An end-of-file key is stored as a line end whose byte, KEY_NONE, is not handed to
 * the reader.
 */
#include "kernel/dev/ldisc_internal.h"
#include "kernel/linux/abi.h"
#include "lib/string.h"

static bool is_key(const struct ldisc *ld, unsigned int idx, uint8_t c)
{
	return c == ld->termios.cc[idx] && c != KEY_NONE;
}

/* Letters and digits of Latin-1, whatever the input's encoding is: it decides where a word ends. */
static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_' || (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

/* In Latin-1 as well. */
static uint8_t to_lower(uint8_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7))
		return (uint8_t)(c + 0x20);
	return c;
}

static bool ends_line(const struct ldisc *ld, uint32_t pos)
{
	return ld->line_end[(pos & BUFFER_MASK) / 8] & (1u << (pos & 7));
}

static void set_line_end(struct ldisc *ld, uint32_t pos, bool on)
{
	uint8_t bit = (uint8_t)(1u << (pos & 7));
	uint8_t *byte = &ld->line_end[(pos & BUFFER_MASK) / 8];

	*byte = (uint8_t)(on ? *byte | bit : *byte & ~bit);
}

/* Editing. */

static void store(struct ldisc *ld, uint8_t c)
{
	set_line_end(ld, ld->head, false);
	ld->buffer[ld->head & BUFFER_MASK] = c;
	ld->head++;
}

/* A byte that is input, not a key with a meaning. With PARMRK 0377 is doubled, to tell it from a
 * mark. */
static void store_input(struct ldisc *ld, uint8_t c)
{
	if (c == 0xff && has_iflag(ld, ABI_PARMRK))
		store(ld, c);
	store(ld, c);
}

static void store_line_end(struct ldisc *ld, uint8_t c)
{
	store(ld, c);
	set_line_end(ld, ld->head - 1, true);
	ld->line_head = ld->head;
}

/* Remove the last character, the last word, or the line. */
static void erase(struct ldisc *ld, unsigned int key)
{
	bool in_word = false;

	while (ld->head != ld->line_head) {
		uint32_t pos = ld->head;
		uint32_t len;
		uint8_t c;

		do {
			c = buffer_at(ld, --pos);
		} while (is_continuation(ld, c) && pos != ld->line_head);
		if (is_continuation(ld, c))
			break; /* no character begins here: leave it */
		if (key == ABI_VWERASE) {
			if (is_word(c))
				in_word = true;
			else if (in_word)
				break;
		}
		len = ld->head - pos;
		ld->head = pos;
		if (has_lflag(ld, ABI_ECHO))
			ldisc_echo_erased(ld, key, c, len);
		if (key == ABI_VERASE)
			break;
	}
	if (ld->head == ld->line_head && has_lflag(ld, ABI_ECHO))
		ldisc_finish_erasing(ld);
}

static void kill_line(struct ldisc *ld)
{
	if (has_lflag(ld, ABI_ECHO) && has_lflag(ld, ABI_ECHOK) && has_lflag(ld, ABI_ECHOKE) &&
	    has_lflag(ld, ABI_ECHOE)) {
		erase(ld, ABI_VKILL);
		return;
	}
	ld->head = ld->line_head;
	if (has_lflag(ld, ABI_ECHO)) {
		ldisc_finish_erasing(ld);
		ldisc_echo_key(ld, ld->termios.cc[ABI_VKILL]);
		if (has_lflag(ld, ABI_ECHOK))
			ldisc_put(ld, '\n');
	}
}

static void reprint(struct ldisc *ld, uint8_t key)
{
	ldisc_finish_erasing(ld);
	ldisc_echo_key(ld, key);
	ldisc_put(ld, '\n');
	for (uint32_t pos = ld->line_head; pos != ld->head; pos++)
		ldisc_echo_key(ld, buffer_at(ld, pos));
}

static void begin_literal(struct ldisc *ld)
{
	ld->literal_next = true;
	if (!has_lflag(ld, ABI_ECHO))
		return;
	ldisc_finish_erasing(ld);
	if (has_lflag(ld, ABI_ECHOCTL)) {
		ldisc_put(ld, '^');
		ldisc_put(ld, '\b');
	}
}

/* Keys with a meaning in canonical mode. True: c was one. */
static bool take_editing_key(struct ldisc *ld, uint8_t c)
{
	bool extended = has_lflag(ld, ABI_IEXTEN);

	if (is_key(ld, ABI_VERASE, c)) {
		if (ld->head != ld->line_head)
			erase(ld, ABI_VERASE);
	} else if (is_key(ld, ABI_VKILL, c)) {
		if (ld->head != ld->line_head)
			kill_line(ld);
	} else if (extended && is_key(ld, ABI_VWERASE, c)) {
		if (ld->head != ld->line_head)
			erase(ld, ABI_VWERASE);
	} else if (extended && is_key(ld, ABI_VLNEXT, c)) {
		begin_literal(ld);
	} else if (extended && has_lflag(ld, ABI_ECHO) && is_key(ld, ABI_VREPRINT, c)) {
		reprint(ld, c);
	} else if (c == '\n') {
		if (has_lflag(ld, ABI_ECHO) || has_lflag(ld, ABI_ECHONL))
			ldisc_put(ld, '\n');
		store_line_end(ld, c);
	} else if (is_key(ld, ABI_VEOF, c)) {
		store_line_end(ld, KEY_NONE);
	} else if (is_key(ld, ABI_VEOL, c) || (extended && is_key(ld, ABI_VEOL2, c))) {
		if (has_lflag(ld, ABI_ECHO))
			ldisc_echo_input(ld, c);
		if (c == 0xff && has_iflag(ld, ABI_PARMRK))
			store(ld, c);
		store_line_end(ld, c);
	} else {
		return false;
	}
	return true;
}

static void take_signal_key(struct ldisc *ld, uint8_t c, int signal)
{
	ld->ops->signal(ld->arg, signal);
	if (!has_lflag(ld, ABI_NOFLSH)) {
		ld->ops->drop_output(ld->arg);
		ldisc_flush_input(ld);
	}
	if (has_iflag(ld, ABI_IXON))
		ld->stopped = false;
	if (has_lflag(ld, ABI_ECHO))
		ldisc_echo_key(ld, c);
}

/* Keys that stop output or send a signal, in either mode. True: c was one. */
static bool take_control_key(struct ldisc *ld, uint8_t c)
{
	if (has_iflag(ld, ABI_IXON)) {
		if (is_key(ld, ABI_VSTART, c)) {
			ld->stopped = false;
			return true;
		}
		if (is_key(ld, ABI_VSTOP, c)) {
			ld->stopped = true;
			return true;
		}
	}
	if (has_lflag(ld, ABI_ISIG)) {
		static const struct {
			uint8_t key;
			uint8_t signal;
		} keys[] = {
		    {ABI_VINTR, ABI_SIGINT},
		    {ABI_VQUIT, ABI_SIGQUIT},
		    {ABI_VSUSP, ABI_SIGTSTP},
		};

		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			if (is_key(ld, keys[i].key, c)) {
				take_signal_key(ld, c, keys[i].signal);
				return true;
			}
		}
	}
	return false;
}

/* A byte that stands for itself. A newline is shown as one only where it came from the return key;
 * else it is a control character. */
static void take_plain(struct ldisc *ld, uint8_t c, bool newline_moves)
{
	if (has_lflag(ld, ABI_ECHO)) {
		ldisc_finish_erasing(ld);
		if (c == '\n' && newline_moves)
			ldisc_put(ld, c);
		else
			ldisc_echo_input(ld, c);
	}
	store_input(ld, c);
}

static void take_byte(struct ldisc *ld, uint8_t c)
{
	bool from_return;

	if (has_iflag(ld, ABI_ISTRIP))
		c &= 0x7f;
	if (has_iflag(ld, ABI_IUCLC) && has_lflag(ld, ABI_IEXTEN))
		c = to_lower(c);
	if (ld->literal_next) {
		ld->literal_next = false;
		take_plain(ld, c, false);
		return;
	}
	if (take_control_key(ld, c))
		return;
	if (has_iflag(ld, ABI_IXON) && has_iflag(ld, ABI_IXANY))
		ld->stopped = false;
	from_return = c == '\r';
	if (c == '\r') {
		if (has_iflag(ld, ABI_IGNCR))
			return;
		if (has_iflag(ld, ABI_ICRNL))
			c = '\n';
	} else if (c == '\n' && has_iflag(ld, ABI_INLCR)) {
		c = '\r';
	}
	if (has_lflag(ld, ABI_ICANON) && take_editing_key(ld, c))
		return;
	take_plain(ld, c, from_return);
}

/* How many bytes fit; -1: even the byte that marks "full" is taken. One position stays free for a
 * line end. */
static int buffer_room(const struct ldisc *ld)
{
	int room = (int)(LDISC_BUFFER_BYTES - (ld->head - ld->tail));

	if (has_iflag(ld, ABI_PARMRK))
		room = (room + 2) / 3;
	return room - 1;
}

size_t ldisc_input(struct ldisc *ld, const char *bytes, size_t len)
{
	size_t done;

	for (done = 0; done < len; done++) {
		int room = buffer_room(ld);

		if (room <= 0) {
			/* A line longer than the buffer loses its end, but must find one. */
			if (!has_lflag(ld, ABI_ICANON) || ld->line_head != ld->tail)
				break;
			if (room < 0)
				ld->head--;
		}
		take_byte(ld, (uint8_t)bytes[done]);
	}
	return done;
}

/* Reading. */

static size_t read_line(struct ldisc *ld, char *bytes, size_t size, bool *line_done)
{
	size_t len = 0;

	while (ld->tail != ld->line_head && !*line_done) {
		uint8_t c = buffer_at(ld, ld->tail);
		bool end = ends_line(ld, ld->tail);

		if (end && c == KEY_NONE) {
			/* Also when `size` is used up: a following read must not take it for an end
			 * of its own. */
			ld->tail++;
			*line_done = true;
			break;
		}
		if (len == size)
			break;
		bytes[len++] = (char)c;
		ld->tail++;
		*line_done = end;
	}
	return len;
}

size_t ldisc_read(struct ldisc *ld, char *bytes, size_t size, bool *line_done)
{
	size_t len;

	*line_done = false;
	if (has_lflag(ld, ABI_ICANON))
		return size > 0 ? read_line(ld, bytes, size, line_done) : 0;
	for (len = 0; len < size && ld->tail != ld->head; len++)
		bytes[len] = (char)buffer_at(ld, ld->tail++);
	/* Raw input counts as complete, so that nothing is left behind line_head. */
	if (ld->head - ld->line_head > ld->head - ld->tail)
		ld->line_head = ld->tail;
	return len;
}

bool ldisc_readable(const struct ldisc *ld, size_t minimum)
{
	if (has_lflag(ld, ABI_ICANON))
		return ld->line_head != ld->tail;
	return ld->head - ld->tail >= (minimum > 0 ? minimum : 1);
}

size_t ldisc_input_bytes(const struct ldisc *ld)
{
	size_t count = 0;

	if (!has_lflag(ld, ABI_ICANON))
		return ld->head - ld->tail;
	for (uint32_t pos = ld->tail; pos != ld->line_head; pos++)
		if (!ends_line(ld, pos) || buffer_at(ld, pos) != KEY_NONE)
			count++;
	return count;
}

void ldisc_flush_input(struct ldisc *ld)
{
	ld->tail = ld->head;
	ld->line_head = ld->head;
	ld->erasing = false;
	ld->literal_next = false;
}

void ldisc_set_termios(struct ldisc *ld, const struct abi_termios *termios)
{
	bool mode_changes = (ld->termios.lflag ^ termios->lflag) & ABI_ICANON;

	ld->termios = *termios;
	if (!has_iflag(ld, ABI_IXON))
		ld->stopped = false;
	if (!mode_changes)
		return;
	memset(ld->line_end, 0, sizeof(ld->line_end));
	ld->erasing = false;
	ld->literal_next = false;
	ld->line_head = ld->tail;
	if (has_lflag(ld, ABI_ICANON) && ld->head != ld->tail) {
		set_line_end(ld, ld->head - 1, true);
		ld->line_head = ld->head;
	}
}

void ldisc_init(struct ldisc *ld, const struct ldisc_ops *ops, void *arg)
{
	static const struct abi_termios fresh = {
	    .iflag = ABI_ICRNL | ABI_IXON,
	    .oflag = ABI_OPOST | ABI_ONLCR,
	    .cflag = ABI_B38400 | ABI_CS8 | ABI_CREAD,
	    .lflag = ABI_ISIG | ABI_ICANON | ABI_ECHO | ABI_ECHOE | ABI_ECHOK | ABI_ECHOCTL |
	             ABI_ECHOKE | ABI_IEXTEN,
	    .cc =
	        {
	            [ABI_VINTR] = 'C' ^ 0x40,
	            [ABI_VQUIT] = '\\' ^ 0x40,
	            [ABI_VERASE] = 0x7f,
	            [ABI_VKILL] = 'U' ^ 0x40,
	            [ABI_VEOF] = 'D' ^ 0x40,
	            [ABI_VMIN] = 1,
	            [ABI_VSTART] = 'Q' ^ 0x40,
	            [ABI_VSTOP] = 'S' ^ 0x40,
	            [ABI_VSUSP] = 'Z' ^ 0x40,
	            [ABI_VREPRINT] = 'R' ^ 0x40,
	            [ABI_VDISCARD] = 'O' ^ 0x40,
	            [ABI_VWERASE] = 'W' ^ 0x40,
	            [ABI_VLNEXT] = 'V' ^ 0x40,
	        },
	};

	memset(ld, 0, sizeof(*ld));
	ld->termios = fresh;
	ld->ops = ops;
	ld->arg = arg;
}
