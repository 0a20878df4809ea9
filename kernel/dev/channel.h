/* SPDX-License-Identifier: MIT */
/*
 * The guest's side of the channel (lib/channel.h): rings checked against a host that does wrong,
 * and the doorbell.
 */
#ifndef PINFOLD_KERNEL_DEV_CHANNEL_H
#define PINFOLD_KERNEL_DEV_CHANNEL_H

#include "kernel/kernel.h"
#include "lib/channel.h"

/* Find the channel and take it over; `bell` is called, with events masked, when the host has rung,
 * and only marks work. False: there is none (which is no error), or it is not usable (which is
 * logged). */
bool channel_init(void (*bell)(void));

/* Tell the host how far the guest is. */
void channel_set_state(enum channel_guest_state state);

/* What the host has for this run; see lib/channel.h. */
struct hand_over {
	const void *archive; /* in the host's memory, mapped for good; it may change at any time */
	uint64_t archive_bytes; /* 0: none */
	uint64_t wall_ns;       /* since 1970 */
	uint8_t random[CHANNEL_RANDOM_BYTES];
};

/* Whether the host has handed over. */
bool channel_handed_over(void);
/* After that, once: take the rings over anew, which are perhaps others now, and what was handed
 * over. 0; -EINVAL: the host says what cannot be, which is logged; -ENOMEM. */
int channel_take_hand_over(struct hand_over *taken);

/* Whether channel_init() has found one. */
bool channel_present(void);

/* The shared header. Everything in it may change at any time; values from the host are checked by
 * whoever uses them. */
struct channel_header *channel_header(void);

/* Ask to be rung at the next news. To be called before looking at what may have changed. */
void channel_arm(void);

/* Rings from the host: what is there as one piece (less than all of it where the ring wraps), and
 * taking it. */
size_t channel_peek(enum channel_ring_idx idx, const char **data);
void channel_consume(enum channel_ring_idx idx, size_t bytes);
size_t channel_readable(enum channel_ring_idx idx);
/* Nothing is there and nothing more will come. */
bool channel_at_end(enum channel_ring_idx idx);
/* At the end: 0, or -errno if something else than the end of the input ended it. */
int channel_error(enum channel_ring_idx idx);

/* Rings to the host: as much as fits is written, and the host is rung if it wants that. Where the
 * rest does not fit, it is asked to ring when it has read. */
size_t channel_write(enum channel_ring_idx idx, const char *data, size_t len);
/* The same in two steps: free space as one piece, and making what was put there visible. */
size_t channel_space(enum channel_ring_idx idx, char **data);
void channel_produce(enum channel_ring_idx idx, size_t bytes);
size_t channel_writable(enum channel_ring_idx idx);
/* Whether `need` bytes fit; if not, the host is asked to ring when it has read. */
bool channel_has_room(enum channel_ring_idx idx, size_t need);
/* The input ring is empty and somebody would read: the host may take more from where its bytes come
 * from. */
void channel_demand(enum channel_ring_idx idx);

/* Bytes the host has not read yet; if there are any, it is asked to ring when it reads. */
size_t channel_unread(enum channel_ring_idx idx);
/* The same, and nobody is asked for anything. */
size_t channel_fill(enum channel_ring_idx idx);
bool channel_reader_closed(enum channel_ring_idx idx);
void channel_set_eof(enum channel_ring_idx idx);

/* Store how the run ended and ring the host in any case. Any context: memory and ports only. */
void channel_store_exit(enum channel_exit_kind kind, uint32_t value, const char *message);

#endif
