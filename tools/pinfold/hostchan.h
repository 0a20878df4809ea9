/* SPDX-License-Identifier: MIT */
/*
 * The launcher's side of the channel of lib/channel.h: the memory, its rings, the bell.
 *
 * The guest may write anything into the memory at any time. So what the host decides (where the
 * rings are, how far it has read or written) is kept here and only copied to the memory, and what
 * the guest says is checked each time it is read.
 */
#ifndef PINFOLD_TOOLS_HOSTCHAN_H
#define PINFOLD_TOOLS_HOSTCHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/channel.h"

struct hostchan_ring {
	struct channel_ring *shared;
	uint8_t *data;
	uint32_t size;
	uint32_t position; /* bytes read (guest to host) or written (host to guest) so far */
};

struct hostchan {
	int memory_fd;          /* the area, for QEMU to map */
	uint64_t area_bytes;    /* its size, a power of two; mostly a hole */
	uint64_t archive_bytes; /* what the area holds behind the rings, for the hand-over */
	int bell_fd;            /* the launcher's end of the bell, not blocking */
	int qemu_fd;            /* QEMU's end of the bell, or -1 */
	bool broken;            /* the guest wrote an impossible position */
	bool handed_over;
	struct channel_header *header;
	struct hostchan_ring ring[CHANNEL_RING_COUNT];
};

/*
 * Makes the memory, the rings and the bell, with room for an archive of as many MiB as the guest
 * has memory. Ends the process when the system refuses.
 */
void hostchan_create(struct hostchan *channel, unsigned int memory_mib);

/*
 * For another guest, after one that has taken nothing: what the guest wrote is forgotten, what was
 * written for it stays, and the bell is a new one.
 */
void hostchan_restart(struct hostchan *channel);

/* Closes everything; for a channel that no run uses. */
void hostchan_destroy(struct hostchan *channel);

/* Gives the guest what it waits for: the archive, random bytes and the time. Rings. */
void hostchan_hand_over(struct hostchan *channel);

/* How far the guest is. */
enum channel_guest_state hostchan_guest_state(const struct hostchan *channel);

/* The guest has unpacked the archive: its memory goes back to the system. */
void hostchan_drop_archive(struct hostchan *channel);

/* Guest to host: the bytes that can be read in one piece; 0 when there are none. Sets broken. */
size_t hostchan_peek(struct hostchan *channel, enum channel_ring_idx idx, const uint8_t **data);
/* Says that the first `len` bytes of a peek have been used. */
void hostchan_consume(struct hostchan *channel, enum channel_ring_idx idx, size_t len);

/* Host to guest: the room that can be filled in one piece; 0 when the ring is full. Sets broken. */
size_t hostchan_room(struct hostchan *channel, enum channel_ring_idx idx, uint8_t **data);
/* Says that `len` bytes were put into the room. */
void hostchan_produce(struct hostchan *channel, enum channel_ring_idx idx, size_t len);

/* Nonzero if the guest waits for bytes of this ring that are not there yet. */
bool hostchan_is_wanted(const struct hostchan *channel, enum channel_ring_idx idx);

/* Bytes of this ring that the guest has not read. */
uint32_t hostchan_unread(const struct hostchan *channel, enum channel_ring_idx idx);
/* Bytes that were put into this ring so far, and whether the guest has read so many. */
uint32_t hostchan_position(const struct hostchan *channel, enum channel_ring_idx idx);
bool hostchan_has_read(const struct hostchan *channel, enum channel_ring_idx idx,
                       uint32_t position);

/* The end of a ring from either side. */
void hostchan_set_eof(struct hostchan *channel, enum channel_ring_idx idx, int error);
void hostchan_close_reader(struct hostchan *channel, enum channel_ring_idx idx);
bool hostchan_reader_closed(const struct hostchan *channel, enum channel_ring_idx idx);

void hostchan_set_window(struct hostchan *channel, unsigned int rows, unsigned int columns);
void hostchan_send_signal(struct hostchan *channel, unsigned int number);
/* Have all the signals reached the program? */
bool hostchan_signal_taken(const struct hostchan *channel);

/* Before sleeping: asks for the bell; look at the rings once more after it. */
void hostchan_arm(struct hostchan *channel);
/* After sleeping: takes what rang. */
void hostchan_disarm(struct hostchan *channel);

enum channel_exit_kind hostchan_exit_kind(const struct hostchan *channel);

/* The guest's message without anything that is not printable ASCII. */
void hostchan_message(const struct hostchan *channel, char *text, size_t bytes);

#endif
