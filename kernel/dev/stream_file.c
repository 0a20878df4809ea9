/* SPDX-License-Identifier: MIT */
/*
 * The program's standard streams as files. To the program they are pipes: fstat, lseek, ioctl and
 * poll answer as a pipe's would, writes up to PIPE_BUF are not mixed with others', and a writer
 * whose reader has gone gets SIGPIPE and EPIPE.
 *
 * User memory is copied from and to the shared ring itself. Such a copy may have to wait for a
 * page, so `busy` keeps everybody else out of the ring meanwhile.
 */
#include "kernel/dev/stream_file.h"

#include "kernel/dev/channel.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/linux/abi_tty.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"
#include "pv/console.h"

#define PIPE_BUF_BYTES 4096u

/* A long write becomes visible to the reader in pieces of this size. */
#define PIECE_BYTES 65536u

struct stream {
	enum channel_ring_idx ring;
	struct wait_queue wait;
	bool busy; /* somebody copies from or to the ring */
};

static struct stream streams[3] = {
    {.ring = CHANNEL_STDIN},
    {.ring = CHANNEL_STDOUT},
    {.ring = CHANNEL_STDERR},
};

static void stream_enter(struct stream *stream)
{
	stream->busy = true;
}

static void stream_leave(struct stream *stream)
{
	stream->busy = false;
	wait_wake_all(&stream->wait);
}

/* Reading. */

static bool can_read(const struct stream *stream)
{
	return !stream->busy &&
	       (channel_readable(stream->ring) > 0 || channel_at_end(stream->ring));
}

/* What the ring holds, at most what is asked for. Bytes or -EFAULT. */
static long copy_from_ring(struct stream *stream, struct uio *uio)
{
	long total = 0;

	while (uio->left > 0) {
		const char *data;
		size_t piece = channel_peek(stream->ring, &data);
		long copied;

		if (piece == 0)
			break;
		piece = MIN(piece, uio->left);
		copied = uio_copy_to(uio, data, piece);
		if (copied <= 0)
			return total > 0 ? total : copied;
		channel_consume(stream->ring, (size_t)copied);
		total += copied;
		if ((size_t)copied < piece)
			break;
	}
	return total;
}

static long stream_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct stream *stream = file->private;
	long result;

	(void)pos;
	if (uio->left == 0)
		return 0;
	while (!can_read(stream) || channel_readable(stream->ring) == 0) {
		if (!stream->busy && channel_at_end(stream->ring))
			return channel_error(stream->ring);
		if (!stream->busy)
			channel_demand(stream->ring);
		if (file->flags & ABI_O_NONBLOCK)
			return -EAGAIN;
		if (wait_event(&stream->wait, can_read(stream), WAIT_FOREVER))
			return -ERESTARTSYS;
	}
	stream_enter(stream);
	result = copy_from_ring(stream, uio);
	stream_leave(stream);
	return result;
}

static uint32_t stream_read_poll(struct file *file, struct poll_table *table)
{
	struct stream *stream = file->private;
	uint32_t events = 0;

	poll_wait(table, &stream->wait);
	if (channel_readable(stream->ring) > 0)
		events |= ABI_POLLIN | ABI_POLLRDNORM;
	else
		channel_demand(stream->ring);
	if (__atomic_load_n(&channel_header()->ring[stream->ring].eof, __ATOMIC_RELAXED))
		events |= ABI_POLLHUP;
	return events;
}

static long stream_read_ioctl(struct file *file, unsigned int command, uintptr_t arg)
{
	struct stream *stream = file->private;
	int count;

	if (command != ABI_FIONREAD)
		return -ENOTTY;
	count = (int)channel_readable(stream->ring);
	return copy_to_user((void *)arg, &count, sizeof(count));
}

/* Writing. */

static bool can_write(const struct stream *stream, size_t need)
{
	return !stream->busy &&
	       (channel_has_room(stream->ring, need) || channel_reader_closed(stream->ring));
}

/* Put as much as fits at once. Bytes or -EFAULT. */
static long copy_to_ring(struct stream *stream, struct uio *uio)
{
	long total = 0;

	while (uio->left > 0) {
		char *space;
		size_t piece = channel_space(stream->ring, &space);
		long copied;

		if (piece == 0)
			break;
		piece = MIN(MIN(piece, uio->left), (size_t)PIECE_BYTES);
		copied = uio_copy_from(uio, space, piece);
		if (copied <= 0)
			return total > 0 ? total : copied;
		channel_produce(stream->ring, (size_t)copied);
		total += copied;
		if ((size_t)copied < piece)
			break;
	}
	return total;
}

/* Wait until `need` bytes fit: 0, -EPIPE (with its signal), -EAGAIN, -ERESTARTSYS. */
static long wait_for_room(struct file *file, struct stream *stream, size_t need)
{
	if (!can_write(stream, need)) {
		if (file->flags & ABI_O_NONBLOCK)
			return -EAGAIN;
		if (wait_event(&stream->wait, can_write(stream, need), WAIT_FOREVER))
			return -ERESTARTSYS;
	}
	if (channel_reader_closed(stream->ring)) {
		signal_send_task(current(), ABI_SIGPIPE, NULL);
		return -EPIPE;
	}
	return 0;
}

static long stream_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct stream *stream = file->private;
	long total = 0;

	(void)pos;
	while (uio->left > 0) {
		/* A short write goes as one; of a long one that may not wait, what fits. */
		size_t need = uio->left <= PIPE_BUF_BYTES && total == 0 ? uio->left : 1;
		long result = wait_for_room(file, stream, need);

		if (result)
			return total > 0 ? total : result;
		stream_enter(stream);
		result = copy_to_ring(stream, uio);
		stream_leave(stream);
		if (result <= 0)
			return total > 0 ? total : result;
		total += result;
	}
	return total;
}

static uint32_t stream_write_poll(struct file *file, struct poll_table *table)
{
	struct stream *stream = file->private;
	uint32_t events = 0;

	poll_wait(table, &stream->wait);
	if (channel_has_room(stream->ring, PIPE_BUF_BYTES))
		events |= ABI_POLLOUT | ABI_POLLWRNORM;
	if (channel_reader_closed(stream->ring))
		events |= ABI_POLLERR | ABI_POLLOUT | ABI_POLLWRNORM;
	return events;
}

/* The log. */

static long log_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	char chunk[256];
	long total = 0;

	(void)file;
	(void)pos;
	while (uio->left > 0) {
		long copied = uio_copy_from(uio, chunk, MIN(sizeof(chunk), uio->left));

		if (copied <= 0)
			return total > 0 ? total : copied;
		pv_log_write(chunk, (size_t)copied);
		total += copied;
	}
	return total;
}

struct file *stream_file_open(int fd)
{
	static const struct file_ops input_ops = {
	    .read = stream_read,
	    .poll = stream_read_poll,
	    .ioctl = stream_read_ioctl,
	};
	static const struct file_ops output_ops = {
	    .write = stream_write,
	    .poll = stream_write_poll,
	};
	bool input = fd == 0;

	return file_create_anonymous(input ? &input_ops : &output_ops, ABI_S_IFIFO | 0600,
	                             input ? ABI_O_RDONLY : ABI_O_WRONLY, &streams[fd]);
}

struct file *stream_file_open_log(void)
{
	static const struct file_ops log_ops = {
	    .write = log_write,
	};

	return file_create_anonymous(&log_ops, ABI_S_IFIFO | 0600, ABI_O_WRONLY, NULL);
}

void stream_file_init(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(streams); i++)
		wait_queue_init(&streams[i].wait);
}

void stream_file_moved(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(streams); i++)
		wait_wake_all(&streams[i].wait);
}
