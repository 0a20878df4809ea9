/* SPDX-License-Identifier: MIT */
/*
 * What the parts of pipes share: the ring of bytes (pipe.c), packets in it (pipe_packet.c), its
 * size (pipe_size.c), and whose it is (pipe_user.c).
 */
#ifndef PINFOLD_KERNEL_FS_PIPE_H
#define PINFOLD_KERNEL_FS_PIPE_H

#include "kernel/fs/internal.h"

/* One write of at most a page to a packet pipe: `bytes` in the ring, behind `gap` bytes that belong
 * to no packet. */
struct pipe_packet {
	uint32_t gap, bytes;
};

/* Pages of all pipes of a user: /proc/sys/fs/pipe-user-pages-soft. As on Linux. */
#define PIPE_USER_PAGES_SOFT 16384u

struct pipe_user;

struct pipe {
	struct pipe_user *user; /* whose pages are counted */
	uint32_t readers, writers;
	uint64_t reader_opens,
	    writer_opens; /* ever: what an open that waits for the other side looks at */
	struct wait_queue read_wait, write_wait, open_wait;
	size_t capacity; /* bytes; whole pages */
	size_t limit;    /* of `fill`: the capacity but for what packets leave of their pages */
	size_t head;     /* position of the first byte */
	size_t fill;
	char **pages; /* NULL: none there now */
	/* A ring with a place for each page, made with the first packet. */
	struct pipe_packet *packets;
	size_t packet_first, packet_count;
	size_t packet_bytes; /* those of packets and their gaps, of `fill` */
};

/* Whoever wants to write up to PIPE_BUF bytes at once, or a packet, need not wait. */
static inline bool pipe_writable(const struct pipe *pipe)
{
	return pipe->limit - pipe->fill >= ABI_PIPE_BUF;
}

/* Copy out up to `bytes` from the first byte on, as far as its page goes, and leave them there.
 * Bytes moved or -EFAULT. */
static inline long pipe_look(struct pipe *pipe, size_t from, size_t bytes, struct uio *uio)
{
	size_t at = pipe->head + from, offset;

	if (at >= pipe->capacity)
		at -= pipe->capacity;
	offset = at & (PAGE_BYTES - 1);
	return uio_copy_to(uio, pipe->pages[at >> PAGE_SHIFT] + offset,
	                   MIN(bytes, PAGE_BYTES - offset));
}

/* Drop bytes of the first page. A page whose data is all gone is freed, unless the ring's end lies
 * in it too; an empty pipe keeps one. */
static inline void pipe_drop(struct pipe *pipe, size_t bytes)
{
	size_t idx = pipe->head >> PAGE_SHIFT;

	pipe->head += bytes;
	pipe->fill -= bytes;
	if ((pipe->head & (PAGE_BYTES - 1)) == 0 && pipe->fill > 0 &&
	    pipe->fill <= pipe->capacity - PAGE_BYTES) {
		kfree(pipe->pages[idx]);
		pipe->pages[idx] = NULL;
	}
	if (pipe->fill == 0)
		pipe->head = idx << PAGE_SHIFT;
	else if (pipe->head == pipe->capacity)
		pipe->head = 0;
}

/* Put up to `most` bytes in: up to the end of a page. Bytes moved, -EFAULT or -ENOMEM. There is
 * room. */
static inline long pipe_add(struct pipe *pipe, struct uio *uio, size_t most)
{
	size_t at = pipe->head + pipe->fill;
	size_t offset, idx;
	long moved;

	if (at >= pipe->capacity)
		at -= pipe->capacity;
	offset = at & (PAGE_BYTES - 1);
	idx = at >> PAGE_SHIFT;
	if (pipe->pages[idx] == NULL) {
		pipe->pages[idx] = kmalloc(PAGE_BYTES);
		if (pipe->pages[idx] == NULL)
			return -ENOMEM;
	}
	moved = uio_copy_from(uio, pipe->pages[idx] + offset, MIN(most, PAGE_BYTES - offset));
	if (moved > 0)
		pipe->fill += (size_t)moved;
	return moved;
}

/* Wait until `need` bytes fit: 0; -EPIPE, the signal has been sent; -EAGAIN; -ERESTARTSYS. */
long pipe_wait_room(struct file *file, struct pipe *pipe, size_t need);

/* The pipe of a file, or NULL when it is none. */
struct pipe *pipe_of_file(struct file *file);

/* Read from a pipe that has packets in it: bytes before the first packet, and of one packet what is
 * asked for; the rest of that is lost. Bytes or -EFAULT. */
long pipe_read_packets(struct pipe *pipe, struct uio *uio);
/* Write in packets of a page at most. As a file's write. */
long pipe_write_packets(struct file *file, struct pipe *pipe, struct uio *uio);
/* Room for the packets of a pipe of that capacity. False: out of memory. */
bool pipe_move_packets(struct pipe *pipe, size_t capacity);

/* A new pipe is the caller's: its capacity is counted, and made small if the user has too much.
 * False: out of memory. */
bool pipe_user_join(struct pipe *pipe);
/* The pipe ends. */
void pipe_user_leave(struct pipe *pipe);
/* May the pipe get more. */
bool pipe_user_may_grow(const struct pipe *pipe, size_t capacity);
/* The pipe is about to change from its capacity to that. */
void pipe_user_resize(struct pipe *pipe, size_t capacity);

#endif
