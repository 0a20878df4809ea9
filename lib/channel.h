/* SPDX-License-Identifier: MIT */
/*
 * The channel between the launcher and the guest kernel: one shared memory area of CHANNEL_BYTES.
 *
 * Under QEMU the area is BAR 2 of an ivshmem-plain device and the doorbell is one byte on COM2 in
 * either direction (its value means nothing). The program's standard streams travel here and
 * nowhere else, so that no byte of Xen's or the kernel's can get into them.
 *
 * Each ring has one writer and one reader. `head` counts the bytes written, `tail` the bytes read,
 * both wrap at 2^32; head - tail is the fill and never exceeds the ring's size. A writer stores the
 * data, then head (release); a reader loads head (acquire), then the data, then stores tail
 * (release).
 *
 * Doorbell rule, the same on both sides: after a change, ring the peer if its `*_wants_bell` word
 * has the bit for it: CHANNEL_BELL_ROOM after changing tail, CHANNEL_BELL_NEWS after any other
 * change. A side that is about to sleep sets the bits that it needs (ROOM only if it waits for the
 * peer to read), executes a full barrier, looks once more, and only then sleeps. It clears the word
 * on waking.
 *
 * Demand: who finds CHANNEL_STDIN empty stores the position head + 1 in its `demand` and rings. A
 * host whose standard input is shared with others (a terminal, with a pager at the other end of a
 * pipe) takes nothing from it while head is at or beyond demand, so that input nobody asked for is
 * left to them.
 *
 * The hand-over: the kernel comes up without knowing what it will run. When all is ready it says
 * CHANNEL_GUEST_WAITS and sleeps until the host has stored what belongs to one run (the streams'
 * kinds, an archive of files with the run description, random bytes, the time), then `handed_over`,
 * and has rung. So a machine that was saved while it waited serves many runs: what the guest finds
 * after the bell may be another memory than the one it waited on, with the same rings, all empty or
 * with bytes from the host.
 *
 * Neither side trusts the other: positions and lengths are checked before use.
 */
#ifndef PINFOLD_LIB_CHANNEL_H
#define PINFOLD_LIB_CHANNEL_H

#include <stdint.h>

#define CHANNEL_MAGIC   0x64666e70u /* "pnfd", little-endian */
#define CHANNEL_VERSION 4u
#define CHANNEL_BYTES   (4u << 20) /* header and rings; the archive lies behind them */

/* Bits of guest_wants_bell and host_wants_bell. */
#define CHANNEL_BELL_NEWS 1u
#define CHANNEL_BELL_ROOM 2u

/* What a standard descriptor of the program is. */
enum channel_fd_kind {
	CHANNEL_FD_CLOSED = 0, /* on the host, and so in the guest */
	CHANNEL_FD_STREAM = 1, /* a byte stream; end-of-file passes through */
	CHANNEL_FD_TTY = 2,    /* the controlling terminal, /dev/console */
};

#define CHANNEL_ERROR_MAX 4095u

/* How far the guest is; it only grows. */
enum channel_guest_state {
	CHANNEL_GUEST_BOOTS = 0,
	CHANNEL_GUEST_WAITS = 1, /* all is up; waits for the hand-over */
	CHANNEL_GUEST_TAKEN = 2, /* has read the hand-over */
	CHANNEL_GUEST_READY = 3, /* the archive is unpacked: takes signals for the program */
};

#define CHANNEL_RANDOM_BYTES 64u

/* How the run ended; stored by the guest in exit_kind, last, with release order. */
enum channel_exit_kind {
	CHANNEL_EXIT_NONE = 0,    /* still running */
	CHANNEL_EXIT_STATUS = 1,  /* exit_value is the program's exit status, 0..255 */
	CHANNEL_EXIT_SIGNAL = 2,  /* exit_value is the number of the signal that ended it */
	CHANNEL_EXIT_ENOENT = 3,  /* the program was not found in the guest */
	CHANNEL_EXIT_NOEXEC = 4,  /* found but not executable; `message` says what it is */
	CHANNEL_EXIT_PANIC = 5,   /* the kernel gave up; `message` is the cause */
	CHANNEL_EXIT_REFUSED = 6, /* the run cannot be made as asked; `message` says why */
};

struct channel_ring {
	uint32_t offset_bytes; /* of the data, from the start of the area */
	uint32_t size_bytes;   /* a power of two */
	uint32_t head;
	uint32_t tail;
	uint32_t eof;           /* the writer will write no more */
	uint32_t reader_closed; /* the reader will read no more: a writer gets EPIPE */
	uint32_t demand;        /* CHANNEL_STDIN: see below */
	uint32_t error;         /* with eof: the errno that ended it, which readers get; 0: none */
	uint32_t reserved[8];
};

/* The rings. The terminal's two exist beside the streams: a program may have its input on a
 * terminal and its output in a pipe. */
enum channel_ring_idx {
	CHANNEL_STDIN,   /* host to guest */
	CHANNEL_STDOUT,  /* guest to host */
	CHANNEL_STDERR,  /* guest to host */
	CHANNEL_TTY_IN,  /* host to guest: keys, uncooked */
	CHANNEL_TTY_OUT, /* guest to host: after the guest's output processing */
	CHANNEL_REPORT,  /* guest to host: the text of --stats, written once before exit_kind */
	CHANNEL_RING_COUNT,
};

struct channel_header {
	/* Written by the host before the guest starts, or before the hand-over. */
	uint32_t magic;
	uint32_t version;
	uint32_t fd_kind[3];  /* enum channel_fd_kind of descriptors 0, 1, 2 */
	uint32_t want_report; /* nonzero: write the counters to CHANNEL_REPORT at the end */

	/* The hand-over, written by the host; see above. The archive is one of cpio's (newc). */
	uint32_t handed_over; /* nonzero: the words around this one are valid; stored last */
	uint32_t
	    archive_offset; /* from the start of the area, at least CHANNEL_BYTES, whole pages */
	uint64_t archive_bytes;               /* 0: none */
	uint64_t wall_ns;                     /* since 1970, when it was handed over */
	uint8_t random[CHANNEL_RANDOM_BYTES]; /* the guest clears them */

	/* Window size of the terminal; the host increments winsize_seq after a change. */
	uint32_t winsize_rows;
	uint32_t winsize_columns;
	uint32_t winsize_seq;

	/* A signal that the guest is asked to send to the program; seq as above. */
	uint32_t signal_number;
	uint32_t signal_seq;

	uint32_t guest_wants_bell;
	uint32_t host_wants_bell;

	/* Written by the guest. */
	uint32_t guest_state;  /* enum channel_guest_state */
	uint32_t signal_taken; /* the signal_seq up to which signals reached the program */
	uint32_t exit_kind;    /* enum channel_exit_kind */
	uint32_t exit_value;
	char message[256]; /* NUL-terminated; cause for NOEXEC and PANIC */

	struct channel_ring ring[CHANNEL_RING_COUNT];
};

_Static_assert(sizeof(struct channel_ring) == 64, "channel_ring is one cache line");
_Static_assert(sizeof(struct channel_header) <= 4096,
               "the header fits one page; rings start there");

#endif
