/* SPDX-License-Identifier: MIT */
/*
 * Takes QEMU's place (PINFOLD_QEMU) in tests of the launcher: maps the channel named on its command
 * line and acts as the guest, so that what a guest does seldom can be had at will and at once.
 *
 * The variable FAKE_GUEST says what it does: words separated by spaces, carried out in order.
 *   boot             takes over the channel, as every kernel does first
 *   copy             copies standard input to standard output until its end
 *   read=N           reads N bytes of standard input at most, at once
 *   both             writes "out" to standard output and "err" to standard error
 *   zeros            writes zeros to standard output until the reader has gone
 *   terminal         echoes keys from the terminal, "size R C" after a change, until "q"
 *   signal           waits for a signal of the host's and writes its number to standard output
 *   report           writes one line to the report ring
 *   xen-panic        what Xen prints in a panic, then waits
 *   xen-crash        what Xen prints when the guest has crashed, then waits
 *   say-end          prints a line that looks like a panic in the middle of a line, then goes on
 *   broken           writes an impossible position into a ring, then waits
 *   ignore           takes the first signal of the host's, then waits for ever
 *   hang             waits for ever
 *   die              kills itself
 *   quit=N           ends with status N, without a word in the channel
 *   exit=N           stores the program's status and ends
 *   killed=N         stores the signal that ended the program and ends
 *   enoent, noexec, refused, panic   stores that kind, with a message, and ends
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/channel.h"

static struct channel_header *channel;
static int bell_fd = -1;

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "fake-qemu: %s\n", why);
	exit(99);
}

/* The value behind `name` in the arguments, as in "mem-path=FILE,…". */
static char *find_value(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++) {
		char *found = strstr(argv[i], name);

		if (found != NULL) {
			found = strdup(found + strlen(name));
			found[strcspn(found, ",")] = '\0';
			return found;
		}
	}
	give_up("an argument is missing");
}

static void map_channel(int argc, char **argv)
{
	int fd = open(find_value(argc, argv, "mem-path="), O_RDWR);
	void *memory;

	bell_fd = atoi(find_value(argc, argv, "id=bell,fd="));
	if (fd < 0)
		give_up("no channel");
	memory = mmap(NULL, CHANNEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		give_up("cannot map the channel");
	channel = memory;
	if (channel->magic != CHANNEL_MAGIC || channel->version != CHANNEL_VERSION)
		give_up("not a channel");
}

static void ring_bell(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&channel->host_wants_bell, __ATOMIC_RELAXED) != 0 &&
	    write(bell_fd, "!", 1) != 1)
		exit(0);
}

/* Asks for the bell; the caller looks once more at what it waits for before it sleeps. */
static void arm(void)
{
	__atomic_store_n(&channel->guest_wants_bell, CHANNEL_BELL_NEWS | CHANNEL_BELL_ROOM,
	                 __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void sleep_until_bell(void)
{
	struct pollfd bell = {.fd = bell_fd, .events = POLLIN};
	char heard[64];

	poll(&bell, 1, -1);
	if (read(bell_fd, heard, sizeof(heard)) <= 0)
		exit(0);
	__atomic_store_n(&channel->guest_wants_bell, 0, __ATOMIC_RELAXED);
}

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static uint8_t *ring_data(const struct channel_ring *ring)
{
	return (uint8_t *)channel + ring->offset_bytes;
}

static int is_full(const struct channel_ring *ring)
{
	return ring->head - load(&ring->tail) == ring->size_bytes &&
	       load(&ring->reader_closed) == 0;
}

/* Returns 0 when the reader has gone. */
static int put(enum channel_ring_idx idx, const char *data, size_t len)
{
	struct channel_ring *ring = &channel->ring[idx];

	while (len > 0) {
		arm();
		if (is_full(ring)) {
			ring_bell();
			sleep_until_bell();
			continue;
		}
		if (load(&ring->reader_closed) != 0)
			return 0;
		ring_data(ring)[ring->head & (ring->size_bytes - 1)] = (uint8_t)*data++;
		__atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
		len--;
	}
	ring_bell();
	return 1;
}

/* The next bytes; 0 at the end. */
static size_t get(enum channel_ring_idx idx, char *data, size_t room)
{
	struct channel_ring *ring = &channel->ring[idx];
	size_t len = 0;

	for (;;) {
		uint32_t eof, head;

		arm();
		eof = load(&ring->eof);
		head = load(&ring->head);
		while (len < room && ring->tail != head) {
			data[len++] = (char)ring_data(ring)[ring->tail & (ring->size_bytes - 1)];
			__atomic_store_n(&ring->tail, ring->tail + 1, __ATOMIC_RELEASE);
		}
		if (len > 0 || eof != 0)
			break;
		ring->demand = head + 1;
		ring_bell();
		sleep_until_bell();
	}
	ring_bell();
	return len;
}

static void do_copy(void)
{
	char data[65536];
	size_t len;

	while ((len = get(CHANNEL_STDIN, data, sizeof(data))) > 0)
		put(CHANNEL_STDOUT, data, len);
}

static void do_zeros(void)
{
	static const char zeros[65536];

	while (put(CHANNEL_STDOUT, zeros, sizeof(zeros)) != 0)
		;
}

static void take_signal(void)
{
	for (;;) {
		arm();
		if (load(&channel->signal_seq) != 0)
			break;
		sleep_until_bell();
	}
	__atomic_store_n(&channel->signal_taken, channel->signal_seq, __ATOMIC_RELEASE);
}

static void do_signal(void)
{
	char text[32];

	put(CHANNEL_STDOUT, "ready\n", 6);
	take_signal();
	snprintf(text, sizeof(text), "signal %u\n", channel->signal_number);
	put(CHANNEL_STDOUT, text, strlen(text));
}

static void do_terminal(void)
{
	char text[64], key;
	uint32_t seen = 0;

	put(CHANNEL_TTY_OUT, "ready\r\n", 7);
	for (;;) {
		arm();
		if (load(&channel->winsize_seq) != seen) {
			seen = channel->winsize_seq;
			snprintf(text, sizeof(text), "size %u %u\r\n", channel->winsize_rows,
			         channel->winsize_columns);
			put(CHANNEL_TTY_OUT, text, strlen(text));
		} else if (load(&channel->ring[CHANNEL_TTY_IN].head) ==
		           channel->ring[CHANNEL_TTY_IN].tail) {
			sleep_until_bell();
		} else {
			if (get(CHANNEL_TTY_IN, &key, 1) == 0 || key == 'q')
				return;
			snprintf(text, sizeof(text), "key %d\r\n", key);
			put(CHANNEL_TTY_OUT, text, strlen(text));
		}
	}
}

static _Noreturn void wait_for_ever(void)
{
	fflush(stdout);
	for (;;)
		pause();
}

static _Noreturn void store_exit(enum channel_exit_kind kind, uint32_t value, const char *message)
{
	channel->exit_value = value;
	snprintf(channel->message, sizeof(channel->message), "%s", message);
	__atomic_store_n(&channel->exit_kind, kind, __ATOMIC_RELEASE);
	ring_bell();
	exit(0);
}

static void print_xen_panic(void)
{
	printf("(XEN) \n(XEN) ****************************************\n(XEN) Panic on CPU 0:\n"
	       "(XEN) FATAL TRAP: vector = 14 (page fault)\n"
	       "(XEN) ****************************************\n"
	       "(XEN) \n(XEN) Reboot in five seconds...\n");
}

static void print_xen_crash(void)
{
	printf("(XEN) d0v0 Unhandled page fault fault/trap [#14, ec=0000]\n"
	       "(XEN) Domain 0 (vcpu#0) crashed on cpu#0:\n"
	       "(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.\n");
}

/* The words with a number, and those that end the guest. Returns for any other word. */
static void carry_out_end(const char *word)
{
	char data[4096];

	if (strncmp(word, "exit=", 5) == 0)
		store_exit(CHANNEL_EXIT_STATUS, (uint32_t)atoi(word + 5), "");
	if (strncmp(word, "killed=", 7) == 0)
		store_exit(CHANNEL_EXIT_SIGNAL, (uint32_t)atoi(word + 7), "");
	if (strcmp(word, "enoent") == 0)
		store_exit(CHANNEL_EXIT_ENOENT, 0, "");
	if (strcmp(word, "noexec") == 0)
		store_exit(CHANNEL_EXIT_NOEXEC, 0, "x: is a teapot\x1b");
	if (strcmp(word, "refused") == 0)
		store_exit(CHANNEL_EXIT_REFUSED, 0, "there is nobody");
	if (strcmp(word, "panic") == 0)
		store_exit(CHANNEL_EXIT_PANIC, 0, "the sky fell");
	if (strncmp(word, "quit=", 5) == 0) {
		fprintf(stderr, "qemu: no such thing\n");
		exit(atoi(word + 5));
	}
	if (strcmp(word, "die") == 0)
		raise(SIGKILL);
	if (strncmp(word, "read=", 5) == 0)
		get(CHANNEL_STDIN, data, (size_t)atoi(word + 5));
	if (strcmp(word, "ignore") == 0)
		take_signal();
	if (strcmp(word, "ignore") == 0 || strcmp(word, "hang") == 0)
		wait_for_ever();
}

static void set_state(enum channel_guest_state state)
{
	__atomic_store_n(&channel->guest_state, state, __ATOMIC_RELEASE);
	ring_bell();
}

static void take_hand_over(void)
{
	set_state(CHANNEL_GUEST_WAITS);
	for (;;) {
		arm();
		if (load(&channel->handed_over) != 0)
			break;
		sleep_until_bell();
	}
	if (channel->archive_offset != CHANNEL_BYTES || channel->archive_bytes == 0 ||
	    channel->wall_ns == 0)
		give_up("no hand-over");
	set_state(CHANNEL_GUEST_TAKEN);
	set_state(CHANNEL_GUEST_READY);
}

static void carry_out(const char *word)
{
	carry_out_end(word);
	if (strcmp(word, "boot") == 0) {
		take_hand_over();
		printf("the kernel's log\n");
		fflush(stdout);
	} else if (strcmp(word, "copy") == 0) {
		do_copy();
	} else if (strcmp(word, "both") == 0) {
		put(CHANNEL_STDOUT, "out\n", 4);
		put(CHANNEL_STDERR, "err\n", 4);
	} else if (strcmp(word, "zeros") == 0) {
		do_zeros();
	} else if (strcmp(word, "terminal") == 0) {
		do_terminal();
	} else if (strcmp(word, "signal") == 0) {
		do_signal();
	} else if (strcmp(word, "report") == 0) {
		put(CHANNEL_REPORT, "hypercalls 7\n", 13);
	} else if (strcmp(word, "xen-panic") == 0) {
		print_xen_panic();
		wait_for_ever();
	} else if (strcmp(word, "xen-crash") == 0) {
		print_xen_crash();
		wait_for_ever();
	} else if (strcmp(word, "say-end") == 0) {
		printf("a program said (XEN) Panic on CPU 0:\n(XEN) nothing happened\n");
	} else if (strcmp(word, "broken") == 0) {
		channel->ring[CHANNEL_STDOUT].head = 0x80000000u;
		ring_bell();
		wait_for_ever();
	} else {
		give_up("an unknown word in FAKE_GUEST");
	}
}

int main(int argc, char **argv)
{
	const char *script = getenv("FAKE_GUEST");
	char *copy = strdup(script == NULL ? "boot exit=0" : script);

	map_channel(argc, argv);
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
		carry_out(word);
	wait_for_ever();
}
