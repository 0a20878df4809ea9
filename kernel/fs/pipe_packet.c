/* SPDX-License-Identifier: MIT */
/*
 * Packets in pipes: what is written with O_DIRECT keeps its borders. Packets lie in the ring of
 * bytes like everything else; beside it is a list of where they are. Each takes a page of the
 * capacity, as on Linux, where a page of its own holds it; what it leaves of that page is taken off
 * the limit. So, if g bytes of no packet follow the last one, limit - fill + g is a multiple of a
 * page, and where a page's bytes are free there is a page for a packet. Bytes that were written
 * without O_DIRECT lie between packets.
 */
#include "kernel/fs/pipe.h"
#include "kernel/task/task.h"

static size_t part_of_page(size_t bytes)
{
	return bytes & (PAGE_BYTES - 1);
}

/* What bytes leave of their last page. */
static size_t left_of_page(size_t bytes)
{
	return part_of_page(PAGE_BYTES - part_of_page(bytes));
}

static size_t packet_places(const struct pipe *pipe)
{
	return pipe->capacity >> PAGE_SHIFT;
}

static struct pipe_packet *packet_first(struct pipe *pipe)
{
	return &pipe->packets[pipe->packet_first];
}

static void drop_bytes(struct pipe *pipe, size_t bytes)
{
	while (bytes > 0) {
		size_t part = MIN(bytes, PAGE_BYTES - part_of_page(pipe->head));

		pipe_drop(pipe, part);
		bytes -= part;
	}
}

static void packet_drop(struct pipe *pipe)
{
	const struct pipe_packet *packet = packet_first(pipe);

	drop_bytes(pipe, packet->bytes);
	pipe->limit += left_of_page(packet->bytes);
	pipe->packet_bytes -= packet->bytes;
	pipe->packet_first = (pipe->packet_first + 1) % packet_places(pipe);
	pipe->packet_count--;
}

/* Bytes before the first packet. */
static long read_gap(struct pipe *pipe, struct uio *uio)
{
	struct pipe_packet *packet = packet_first(pipe);
	long done = 0;

	while (packet->gap > 0 && uio->left > 0) {
		long moved = pipe_look(pipe, 0, packet->gap, uio);

		if (moved <= 0)
			return done > 0 ? done : moved;
		pipe_drop(pipe, (size_t)moved);
		pipe->packet_bytes -= (size_t)moved;
		pipe->limit += left_of_page(packet->gap);
		packet->gap -= (uint32_t)moved;
		pipe->limit -= left_of_page(packet->gap);
		done += moved;
	}
	return done;
}

/* A packet that cannot be copied stays whole. */
static long read_packet(struct pipe *pipe, struct uio *uio)
{
	size_t bytes = MIN(packet_first(pipe)->bytes, uio->left), done = 0;

	while (done < bytes) {
		long moved = pipe_look(pipe, done, bytes - done, uio);

		if (moved <= 0)
			return moved;
		done += (size_t)moved;
	}
	packet_drop(pipe);
	return (long)done;
}

long pipe_read_packets(struct pipe *pipe, struct uio *uio)
{
	long before = read_gap(pipe, uio), result;

	/* The end of the buffer, or one that cannot be written. */
	if (uio->left == 0 || before < 0 || packet_first(pipe)->gap > 0)
		return before;
	result = read_packet(pipe, uio);
	return result < 0 && before > 0 ? before : result + before;
}

bool pipe_move_packets(struct pipe *pipe, size_t capacity)
{
	struct pipe_packet *packets = kmalloc(sizeof(packets[0]) * (capacity >> PAGE_SHIFT));
	if (packets == NULL)
		return false;
	for (size_t i = 0; pipe->packets != NULL && i < pipe->packet_count; i++)
		packets[i] = pipe->packets[(pipe->packet_first + i) % packet_places(pipe)];
	kfree(pipe->packets);
	pipe->packets = packets;
	pipe->packet_first = 0;
	return true;
}

/* Add `bytes` as one packet, or as bytes of no packet. All or nothing. There is room. */
static long add_whole(struct pipe *pipe, struct uio *uio, size_t bytes, bool packet)
{
	size_t fill = pipe->fill, gap = fill - pipe->packet_bytes;

	while (pipe->fill - fill < bytes) {
		long moved = pipe_add(pipe, uio, bytes - (pipe->fill - fill));

		if (moved <= 0) {
			pipe->fill = fill;
			return moved < 0 ? moved : -EFAULT;
		}
	}
	if (packet) {
		size_t last = (pipe->packet_first + pipe->packet_count++) % packet_places(pipe);
		pipe->packets[last] = (struct pipe_packet){(uint32_t)gap, (uint32_t)bytes};
		pipe->packet_bytes = pipe->fill;
		pipe->limit -= left_of_page(gap) + left_of_page(bytes);
	}
	return (long)bytes;
}

/* A part that is less than a page joins bytes of no packet that have room in their page. Linux has
 * it so. */
static size_t part_for_gap(const struct pipe *pipe, size_t bytes)
{
	size_t gap = pipe->fill - pipe->packet_bytes, part = part_of_page(bytes);

	return part <= left_of_page(gap) ? part : 0;
}

long pipe_write_packets(struct file *file, struct pipe *pipe, struct uio *uio)
{
	size_t part = part_for_gap(pipe, uio->left);
	long done = 0, result = 0;

	if (pipe->packets == NULL && !pipe_move_packets(pipe, pipe->capacity))
		return -ENOMEM;
	while (uio->left > 0) {
		bool joins = part > 0 && pipe->readers > 0;

		if (!joins && (pipe->readers == 0 || !pipe_writable(pipe)))
			result = pipe_wait_room(file, pipe, ABI_PIPE_BUF);
		if (result >= 0)
			result =
			    add_whole(pipe, uio, joins ? part : MIN(uio->left, PAGE_BYTES), !joins);
		if (result < 0)
			break;
		part = 0;
		done += result;
		wait_wake_events(&pipe->read_wait, ABI_POLLIN | ABI_POLLRDNORM);
	}
	return done > 0 ? done : result;
}
