/* SPDX-License-Identifier: MIT */
/* sources: kernel/dev/ldisc.c kernel/dev/ldisc_output.c */
/*
 * The line discipline against this machine's own Linux: the same keys and the same writes go to a
 * pseudo-terminal and to the line discipline; what is shown, what can be read, and what FIONREAD
 * and poll say must be the same. First a list of cases that are worth a name, then random ones.
 *
 * Linux moves bytes between the two ends of a pseudo-terminal in a thread of its own, and nothing
 * tells when keys that show nothing have been worked off. So a case waits a moment after each step,
 * and one that differs is run again with longer moments: a difference of ours stays, one that came
 * of a busy machine does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "kernel/dev/ldisc.h"

#define OUT_BYTES 65536

/* A moment, by how often the case has been tried. */
static const long moment_ms[] = {1, 10, 100};
#define TRIES_MAX (sizeof(moment_ms) / sizeof(moment_ms[0]))

/* Both sides of the comparison. */
struct pair {
	struct ldisc ld;
	char out[OUT_BYTES]; /* shown since the last check */
	size_t out_len;
	int signals; /* sent since the last check */
	int last_signal;
	int master, slave;
	char trace[8192]; /* what has been done, for the message of a failure */
	size_t trace_len;
	size_t tries;   /* before this one */
	jmp_buf *again; /* where the case starts anew */
};

static void record_put(void *arg, const char *bytes, size_t len)
{
	struct pair *pair = arg;

	assert_true(pair->out_len + len <= OUT_BYTES);
	memcpy(pair->out + pair->out_len, bytes, len);
	pair->out_len += len;
}

static void record_signal(void *arg, int signal)
{
	struct pair *pair = arg;

	pair->signals++;
	pair->last_signal = signal;
}

/* Output is taken before every signal key, so that there is nothing to drop. */
static void record_drop(void *arg)
{
	(void)arg;
}

static const struct ldisc_ops record_ops = {
    .put = record_put,
    .signal = record_signal,
    .drop_output = record_drop,
};

__attribute__((format(printf, 2, 3))) static void note(struct pair *pair, const char *format, ...)
{
	size_t room = sizeof(pair->trace) - pair->trace_len;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(pair->trace + pair->trace_len, room, format, args);
	va_end(args);
	if ((size_t)len < room)
		pair->trace_len += (size_t)len;
}

static void note_bytes(struct pair *pair, const char *what, const char *bytes, size_t len)
{
	note(pair, "%s(", what);
	for (size_t i = 0; i < len; i++)
		note(pair, bytes[i] >= ' ' && bytes[i] < 127 ? "%c" : "\\%03o",
		     (unsigned char)bytes[i]);
	note(pair, ") ");
}

/* The flags as tcsetattr wants them, from ours. */
static void apply_host_termios(struct pair *pair)
{
	const struct abi_termios *ours = &pair->ld.termios;
	struct termios host;

	assert_int_equal(tcgetattr(pair->slave, &host), 0);
	host.c_iflag = ours->iflag;
	host.c_oflag = ours->oflag;
	host.c_lflag = ours->lflag;
	for (int i = 0; i < ABI_NCCS; i++)
		host.c_cc[i] = ours->cc[i];
	assert_int_equal(tcsetattr(pair->slave, TCSANOW, &host), 0);
}

static struct pair *pair_open_try(size_t tries, jmp_buf *again)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	assert_non_null(pair);
	pair->tries = tries;
	pair->again = again;
	ldisc_init(&pair->ld, &record_ops, pair);
	pair->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(pair->master >= 0);
	assert_int_equal(grantpt(pair->master), 0);
	assert_int_equal(unlockpt(pair->master), 0);
	pair->slave = open(ptsname(pair->master), O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(pair->slave >= 0);
	return pair;
}

/* For a case that is not repeated: it has all the time at once. */
static struct pair *pair_open(void)
{
	return pair_open_try(TRIES_MAX - 1, NULL);
}

static void pair_close(struct pair *pair)
{
	close(pair->slave);
	close(pair->master);
	free(pair);
}

/* Linux and we differ, as the trace says: once more, or the end of the test. */
static _Noreturn void differ(struct pair *pair)
{
	jmp_buf *again = pair->again;

	if (pair->tries + 1 == TRIES_MAX || again == NULL)
		fail_msg("%s", pair->trace);
	pair_close(pair);
	longjmp(*again, 1);
}

/* Runs a case until Linux and we agree. */
static void try_case(void (*run)(struct pair *pair, const void *arg), const void *arg)
{
	volatile size_t tries = 0;
	struct pair *pair;
	jmp_buf again;

	if (setjmp(again) != 0)
		tries++;
	pair = pair_open_try(tries, &again);
	run(pair, arg);
	pair_close(pair);
}

static void set_flags(struct pair *pair, uint32_t iflag, uint32_t oflag, uint32_t lflag)
{
	struct abi_termios termios = pair->ld.termios;

	termios.iflag = iflag;
	termios.oflag = oflag;
	termios.lflag = lflag;
	note(pair, "flags(i %o o %o l %o) ", iflag, oflag, lflag);
	ldisc_set_termios(&pair->ld, &termios);
	apply_host_termios(pair);
}

static void pause_ms(long ms)
{
	struct timespec time = {.tv_nsec = ms * 1000000};

	nanosleep(&time, NULL);
}

/* The kernel moves bytes between the two ends in its own time: wait for what must come, then look
 * whether more does. */
static void check_output(struct pair *pair)
{
	static char host[OUT_BYTES];
	size_t len = 0;
	int quiet = 0;

	while (quiet < (len < pair->out_len ? 200 : 2)) {
		ssize_t got = read(pair->master, host + len, sizeof(host) - len);

		if (got > 0) {
			len += (size_t)got;
			quiet = 0;
			continue;
		}
		assert_int_equal(errno, EAGAIN);
		quiet++;
		if (len < pair->out_len || quiet < 2)
			pause_ms(moment_ms[pair->tries]);
	}
	if (len != pair->out_len || memcmp(host, pair->out, len) != 0) {
		note_bytes(pair, "\nLinux shows", host, len);
		note_bytes(pair, "\nwe show", pair->out, pair->out_len);
		differ(pair);
	}
	pair->out_len = 0;
}

static void check_input_state(struct pair *pair)
{
	size_t ours = ldisc_input_bytes(&pair->ld);
	uint8_t minimum = pair->ld.termios.cc[ABI_VTIME] == 0 ? pair->ld.termios.cc[ABI_VMIN] : 1;
	bool readable = ldisc_readable(&pair->ld, minimum);
	struct pollfd poller = {.fd = pair->slave, .events = POLLIN};
	int host = -1;

	for (int looks = 0; looks < 200; looks++) {
		assert_int_equal(ioctl(pair->slave, FIONREAD, &host), 0);
		assert_true(poll(&poller, 1, 0) >= 0);
		if ((size_t)host == ours && (poller.revents != 0) == readable)
			return;
		pause_ms(moment_ms[pair->tries]);
	}
	note(pair, "\nFIONREAD: Linux %d, we %zu; poll: Linux %x, we %d", host, ours,
	     (unsigned int)poller.revents, readable);
	differ(pair);
}

/* With ISTRIP the upper bit does not count. */
static bool is_signal_key(char key)
{
	int c = key & 0x7f;

	return c == 3 || c == 034 || c == 032;
}

/* A signal key drops output that is under way, which depends on the moment: it goes alone, when all
 * before it is shown. */
static void keys(struct pair *pair, const char *bytes, size_t len)
{
	note_bytes(pair, "keys", bytes, len);
	while (len > 0) {
		size_t piece = 1;

		if (!is_signal_key(*bytes))
			while (piece < len && !is_signal_key(bytes[piece]))
				piece++;
		assert_int_equal(ldisc_input(&pair->ld, bytes, piece), piece);
		assert_int_equal(write(pair->master, bytes, piece), piece);
		check_output(pair);
		check_input_state(pair);
		bytes += piece;
		len -= piece;
	}
}

static void type(struct pair *pair, const char *text)
{
	keys(pair, text, strlen(text));
}

static void program_writes(struct pair *pair, const char *bytes, size_t len)
{
	note_bytes(pair, "write", bytes, len);
	assert_int_equal(ldisc_write(&pair->ld, bytes, len, OUT_BYTES), len);
	assert_int_equal(write(pair->slave, bytes, len), len);
	check_output(pair);
}

/* A read that does not wait. -1: there is nothing, not even an end of file. */
static ssize_t our_read(struct ldisc *ld, char *bytes, size_t size)
{
	bool canonical = ld->termios.lflag & ABI_ICANON;
	bool line_done;

	if (!ldisc_readable(ld, 1))
		return !canonical && ld->termios.cc[ABI_VMIN] == 0 ? 0 : -1;
	return (ssize_t)ldisc_read(ld, bytes, size, &line_done);
}

static void program_reads(struct pair *pair, size_t size)
{
	char ours[512], host[512];
	ssize_t our_len, host_len;

	note(pair, "read(%zu) ", size);
	our_len = our_read(&pair->ld, ours, size);
	host_len = read(pair->slave, host, size);
	if (our_len != host_len || (our_len > 0 && memcmp(ours, host, (size_t)our_len) != 0)) {
		if (host_len > 0)
			note_bytes(pair, "\nLinux reads", host, (size_t)host_len);
		if (our_len > 0)
			note_bytes(pair, "\nwe read", ours, (size_t)our_len);
		note(pair, "\nLinux %zd, we %zd", host_len, our_len);
		differ(pair);
	}
	check_input_state(pair);
}

/* The named cases. */

struct step {
	enum {
		END,
		KEYS,
		WRITE,
		READ,
		IFLAG_ON,
		IFLAG_OFF,
		OFLAG_ON,
		OFLAG_OFF,
		LFLAG_ON,
		LFLAG_OFF
	} what;
	const char *bytes; /* KEYS, WRITE */
	uint32_t number;   /* READ: size; flags */
};

struct named_case {
	const char *name;
	struct step steps[24];
};

#define K(text) ((struct step){KEYS, text, 0})
#define W(text) ((struct step){WRITE, text, 0})
#define R(size) ((struct step){READ, NULL, size})

static const struct named_case named_cases[] = {
    {"a line", {K("hello\n"), R(100), R(100)}},
    {"return is newline", {K("one\rtwo\r"), R(100), R(100)}},
    {"a line in pieces", {K("abcdef\n"), R(2), R(3), R(2), R(2)}},
    {"erase", {K("abc\177\177x\n"), R(100)}},
    {"erase at the start", {K("\177\177a\n"), R(100)}},
    {"erase a control character", {K("a\001b\177\177\177\n"), R(100)}},
    {"erase a tab", {K("ab\tc\177\177d\n"), R(100)}},
    {"erase a tab behind a prompt", {W("prompt> "), K("ab\tx\177\177\n"), R(100)}},
    {"erase tabs in a row", {K("\t\t\t\177\177\177\n"), R(100)}},
    {"erase UTF-8", {{IFLAG_ON, NULL, ABI_IUTF8}, K("a\303\244\342\202\254\177\177b\n"), R(100)}},
    {"erase without UTF-8", {K("a\303\244\177b\n"), R(100)}},
    {"lone continuation bytes", {{IFLAG_ON, NULL, ABI_IUTF8}, K("\244\244\177\177\n"), R(100)}},
    {"kill", {K("some words\025new\n"), R(100)}},
    {"kill without ECHOKE", {{LFLAG_OFF, NULL, ABI_ECHOKE}, K("some\025new\n"), R(100)}},
    {"kill without ECHOK", {{LFLAG_OFF, NULL, ABI_ECHOKE | ABI_ECHOK}, K("some\025new\n"), R(100)}},
    {"word erase", {K("one two_3  \027\027four\n"), R(100)}},
    {"word erase over tabs", {K("one\ttwo\027\027\027\n"), R(100)}},
    {"word erase, UTF-8", {{IFLAG_ON, NULL, ABI_IUTF8}, K("x \303\244\303\266 \027y\n"), R(100)}},
    {"erase without ECHOE", {{LFLAG_OFF, NULL, ABI_ECHOE}, K("ab\177c\n"), R(100)}},
    {"erase with ECHOPRT", {{LFLAG_ON, NULL, ABI_ECHOPRT}, K("abc\177\177d\n"), R(100)}},
    {"kill with ECHOPRT", {{LFLAG_ON, NULL, ABI_ECHOPRT}, K("abc\025d\n"), R(100)}},
    {"no ECHOCTL", {{LFLAG_OFF, NULL, ABI_ECHOCTL}, K("a\001b\177\177\n"), R(100)}},
    {"end of file", {K("\004"), R(100), R(100)}},
    {"end of file after text", {K("abc\004"), R(100), K("\004"), R(100)}},
    {"end of file behind a filled read", {K("abc\004def\n"), R(3), R(3), R(100)}},
    {"two ends of file", {K("\004\004"), R(1), R(1), R(1)}},
    {"lines ahead", {K("one\ntwo\nthree\004"), R(100), R(100), R(100), R(100)}},
    {"literal next", {K("a\026\003b\026\004c\026\177d\n"), R(100)}},
    {"literal newline", {K("a\026\nb\n"), R(100)}},
    {"literal return", {K("a\026\rb\n"), R(100)}},
    {"reprint", {K("some text\022more\n"), R(100)}},
    {"interrupt drops the line", {K("abc\003def\n"), R(100)}},
    {"interrupt with NOFLSH", {{LFLAG_ON, NULL, ABI_NOFLSH}, K("abc\003def\n"), R(100)}},
    {"quit and suspend", {K("a\034b\032c\n"), R(100)}},
    {"no ISIG", {{LFLAG_OFF, NULL, ABI_ISIG}, K("a\003\034\032b\n"), R(100)}},
    {"no echo", {{LFLAG_OFF, NULL, ABI_ECHO}, K("secret\177x\n"), R(100)}},
    {"no echo but newline",
     {{LFLAG_OFF, NULL, ABI_ECHO}, {LFLAG_ON, NULL, ABI_ECHONL}, K("secret\n"), R(100)}},
    {"IGNCR", {{IFLAG_ON, NULL, ABI_IGNCR}, K("a\rb\n"), R(100)}},
    {"INLCR", {{IFLAG_OFF, NULL, ABI_ICRNL}, {IFLAG_ON, NULL, ABI_INLCR}, K("a\n\004"), R(100)}},
    {"return stays", {{IFLAG_OFF, NULL, ABI_ICRNL}, K("a\rb\n"), R(100)}},
    {"ISTRIP", {{IFLAG_ON, NULL, ABI_ISTRIP}, K("\341\342\n"), R(100)}},
    {"IUCLC", {{IFLAG_ON, NULL, ABI_IUCLC}, K("AbC\n"), R(100)}},
    {"PARMRK", {{IFLAG_ON, NULL, ABI_PARMRK}, K("a\377b\n"), R(100)}},
    {"NUL is input", {K("a"), {KEYS, "", 1}, K("b\n"), R(100)}},
    {"raw", {{LFLAG_OFF, NULL, ABI_ICANON}, K("a\004\177b\n"), R(2), R(100), R(100)}},
    {"raw, nothing special",
     {{LFLAG_OFF, NULL, ABI_ICANON | ABI_ISIG | ABI_ECHO | ABI_IEXTEN},
      {IFLAG_OFF, NULL, ABI_ICRNL | ABI_IXON},
      {OFLAG_OFF, NULL, ABI_OPOST},
      K("\003\004\r\n\021\023\032\026"),
      R(100),
      W("x\ny\tz")}},
    {"from lines to raw", {K("done\nhalf"), {LFLAG_OFF, NULL, ABI_ICANON}, R(100), R(100)}},
    {"from raw to lines",
     {{LFLAG_OFF, NULL, ABI_ICANON},
      K("pending"),
      {LFLAG_ON, NULL, ABI_ICANON},
      R(100),
      K("more\n"),
      R(100)}},
    {"end of file seen raw", {K("x\004"), {LFLAG_OFF, NULL, ABI_ICANON}, R(100)}},
    {"ONLCR", {W("one\ntwo\r\nthree")}},
    {"no ONLCR", {{OFLAG_OFF, NULL, ABI_ONLCR}, W("one\ntwo\n"), K("ab\tc\177\177\n")}},
    {"no OPOST", {{OFLAG_OFF, NULL, ABI_OPOST}, W("one\ntwo\t\n"), K("a\tb\177\177\n")}},
    {"OCRNL", {{OFLAG_ON, NULL, ABI_OCRNL}, W("a\rb\n")}},
    {"ONOCR", {{OFLAG_ON, NULL, ABI_ONOCR}, W("\ra\rb\n\r")}},
    {"ONLRET", {{OFLAG_ON, NULL, ABI_ONLRET}, {OFLAG_OFF, NULL, ABI_ONLCR}, W("ab\n\tc\n")}},
    {"OLCUC", {{OFLAG_ON, NULL, ABI_OLCUC}, W("abc XYZ {\n")}},
    {"XTABS", {{OFLAG_ON, NULL, ABI_XTABS}, W("a\tbcdefgh\tc\b\b\b\tx\n")}},
    {"XTABS, UTF-8",
     {{OFLAG_ON, NULL, ABI_XTABS}, {IFLAG_ON, NULL, ABI_IUTF8}, W("\303\244\t\342\202\254\tx\n")}},
    {"columns", {W("1234567"), K("\tab\t\177\177\177\177\n"), R(100)}},
};

static void run_steps(struct pair *pair, const struct step *step)
{
	for (; step->what != END; step++) {
		struct abi_termios now = pair->ld.termios;

		switch (step->what) {
		case KEYS:
			keys(pair, step->bytes, step->number ? step->number : strlen(step->bytes));
			break;
		case WRITE:
			program_writes(pair, step->bytes, strlen(step->bytes));
			break;
		case READ:
			program_reads(pair, step->number);
			break;
		case IFLAG_ON:
			set_flags(pair, now.iflag | step->number, now.oflag, now.lflag);
			break;
		case IFLAG_OFF:
			set_flags(pair, now.iflag & ~step->number, now.oflag, now.lflag);
			break;
		case OFLAG_ON:
			set_flags(pair, now.iflag, now.oflag | step->number, now.lflag);
			break;
		case OFLAG_OFF:
			set_flags(pair, now.iflag, now.oflag & ~step->number, now.lflag);
			break;
		case LFLAG_ON:
			set_flags(pair, now.iflag, now.oflag, now.lflag | step->number);
			break;
		case LFLAG_OFF:
			set_flags(pair, now.iflag, now.oflag, now.lflag & ~step->number);
			break;
		case END:
			break;
		}
	}
}

static void run_named(struct pair *pair, const void *arg)
{
	const struct named_case *named = arg;

	note(pair, "%s: ", named->name);
	run_steps(pair, named->steps);
}

static void test_named_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(named_cases) / sizeof(named_cases[0]); i++)
		try_case(run_named, &named_cases[i]);
}

/* A fresh terminal has the attributes of a fresh pseudo-terminal. */
static void test_fresh_attributes(void **state)
{
	struct pair *pair = pair_open();
	struct termios host;

	(void)state;
	assert_int_equal(tcgetattr(pair->slave, &host), 0);
	assert_int_equal(host.c_iflag, pair->ld.termios.iflag);
	assert_int_equal(host.c_oflag, pair->ld.termios.oflag);
	assert_int_equal(host.c_cflag, pair->ld.termios.cflag);
	assert_int_equal(host.c_lflag, pair->ld.termios.lflag);
	assert_memory_equal(host.c_cc, pair->ld.termios.cc, ABI_NCCS);
	pair_close(pair);
}

/* Random cases. */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Keys with a meaning are likelier than the others. */
static char random_key(uint32_t *seed)
{
	static const char special[] =
	    "\003\004\010\t\n\r\022\025\026\027\032\034\177\303\244\342\202\254 _";

	switch (next_random(seed) % 4) {
	case 0:
		return (char)next_random(seed);
	case 1:
		return (char)('a' + next_random(seed) % 26);
	default:
		return special[next_random(seed) % (sizeof(special) - 1)];
	}
}

/* The stop key is left to a test of its own: a stopped pseudo-terminal would take no write. */
static void random_flags(struct pair *pair, uint32_t *seed)
{
	uint32_t iflags = ABI_ISTRIP | ABI_INLCR | ABI_IGNCR | ABI_IUCLC | ABI_PARMRK;
	uint32_t oflags = ABI_OLCUC | ABI_OCRNL | ABI_ONOCR | ABI_ONLRET;
	uint32_t lflags = ABI_ECHOPRT | ABI_ECHONL | ABI_NOFLSH;
	uint32_t iflag = ABI_ICRNL | ABI_IUTF8, oflag = ABI_OPOST | ABI_ONLCR;
	uint32_t lflag = ABI_ISIG | ABI_ICANON | ABI_ECHO | ABI_ECHOE | ABI_ECHOK | ABI_ECHOCTL |
	                 ABI_ECHOKE | ABI_IEXTEN;

	/* Usual flags are usually on, the others usually off. */
	iflag &= ~(next_random(seed) & next_random(seed));
	oflag &= ~(next_random(seed) & next_random(seed));
	lflag &= ~(next_random(seed) & next_random(seed));
	iflag |= iflags & next_random(seed) & next_random(seed) & next_random(seed);
	oflag |= oflags & next_random(seed) & next_random(seed) & next_random(seed);
	lflag |= lflags & next_random(seed) & next_random(seed) & next_random(seed);
	if (next_random(seed) % 4 == 0)
		oflag |= ABI_XTABS;
	set_flags(pair, iflag, oflag, lflag);
}

static void random_step(struct pair *pair, uint32_t *seed)
{
	char bytes[24];
	size_t len = 1 + next_random(seed) % sizeof(bytes);

	for (size_t i = 0; i < len; i++)
		bytes[i] = random_key(seed);
	switch (next_random(seed) % 16) {
	case 0:
		random_flags(pair, seed);
		break;
	case 1:
	case 2:
		program_writes(pair, bytes, len);
		break;
	case 3:
	case 4:
	case 5:
	case 6:
	case 7:
		program_reads(pair, 1 + next_random(seed) % 40);
		break;
	default:
		keys(pair, bytes, len);
		break;
	}
}

static void run_random(struct pair *pair, const void *arg)
{
	uint32_t seed = *(const uint32_t *)arg;

	note(pair, "seed %u: ", seed);
	random_flags(pair, &seed);
	for (int i = 0; i < 25; i++)
		random_step(pair, &seed);
}

static void test_random(void **state)
{
	const char *wanted = getenv("TTY_TEST_SEEDS");
	uint32_t count = wanted ? (uint32_t)atoi(wanted) : 60;

	(void)state;
	for (uint32_t seed = 1; seed <= count; seed++)
		try_case(run_random, &seed);
}

/* Without an oracle: what a pseudo-terminal does not show. */

static void test_signals(void **state)
{
	struct pair *pair = pair_open();

	(void)state;
	assert_int_equal(ldisc_input(&pair->ld, "\003", 1), 1);
	assert_int_equal(pair->last_signal, 2);
	assert_int_equal(ldisc_input(&pair->ld, "\034", 1), 1);
	assert_int_equal(pair->last_signal, 3);
	assert_int_equal(ldisc_input(&pair->ld, "\032", 1), 1);
	assert_int_equal(pair->last_signal, 20);
	assert_int_equal(pair->signals, 3);
	pair_close(pair);
}

static void test_stop_and_start(void **state)
{
	struct pair *pair = pair_open();

	(void)state;
	ldisc_input(&pair->ld, "a\023", 2);
	assert_true(pair->ld.stopped);
	ldisc_input(&pair->ld, "\021", 1);
	assert_false(pair->ld.stopped);
	ldisc_input(&pair->ld, "\023\003", 2);
	assert_false(pair->ld.stopped);
	assert_int_equal(ldisc_input_bytes(&pair->ld), 0);
	pair_close(pair);
}

/* A line that is too long loses its end, and is still a line. */
static void test_long_line(void **state)
{
	struct pair *pair = pair_open();
	char text[1000], ours[8192], host[8192];
	bool line_done;
	size_t our_len = 0;
	ssize_t host_len;

	(void)state;
	set_flags(pair, pair->ld.termios.iflag, pair->ld.termios.oflag,
	          pair->ld.termios.lflag & ~ABI_ECHO);
	for (int i = 0; i < 5; i++) {
		memset(text, 'a' + i, sizeof(text));
		keys(pair, text, sizeof(text));
	}
	type(pair, "\n");
	our_len = ldisc_read(&pair->ld, ours, sizeof(ours), &line_done);
	host_len = read(pair->slave, host, sizeof(host));
	assert_true(line_done);
	assert_int_equal(our_len, host_len);
	assert_memory_equal(ours, host, our_len);
	pair_close(pair);
}

/* Outside canonical mode, keys that find no room are left for later. */
static void test_full_buffer(void **state)
{
	struct pair *pair = pair_open();
	char text[5000], back[5000];
	bool line_done;
	size_t taken;

	(void)state;
	set_flags(pair, 0, 0, 0);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	taken = ldisc_input(&pair->ld, text, sizeof(text));
	assert_int_equal(taken, LDISC_BUFFER_BYTES - 1);
	assert_int_equal(ldisc_read(&pair->ld, back, 1000, &line_done), 1000);
	assert_int_equal(ldisc_input(&pair->ld, text + taken, sizeof(text) - taken),
	                 sizeof(text) - taken);
	assert_int_equal(ldisc_read(&pair->ld, back + 1000, sizeof(back) - 1000, &line_done),
	                 sizeof(text) - 1000);
	assert_memory_equal(text, back, sizeof(text));
	pair_close(pair);
}

/* Output stops where its result might not fit, whatever the bytes are. */
static void test_output_room(void **state)
{
	struct pair *pair = pair_open();

	(void)state;
	for (size_t room = 0; room < 64; room++) {
		static const char text[] = "ab\n\t\n\ncdef\tg\n\nh";
		struct abi_termios termios = pair->ld.termios;
		size_t done;

		termios.oflag |= ABI_XTABS;
		ldisc_set_termios(&pair->ld, &termios);
		pair->out_len = 0;
		done = ldisc_write(&pair->ld, text, sizeof(text) - 1, room);
		assert_true(pair->out_len <= room);
		assert_true(done == sizeof(text) - 1 || done + 4 * LDISC_EXPANSION_MAX > room / 8);
		assert_true(room < LDISC_EXPANSION_MAX || done > 0);
	}
	pair_close(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fresh_attributes), cmocka_unit_test(test_named_cases),
	    cmocka_unit_test(test_random),           cmocka_unit_test(test_signals),
	    cmocka_unit_test(test_stop_and_start),   cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_full_buffer),      cmocka_unit_test(test_output_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
