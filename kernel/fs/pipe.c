/* SPDX-License-Identifier: MIT */
/*
 * Pipes, with and without a name. The bytes lie in a ring of page frames that are allocated when
 * data comes and freed when it is gone. A pipe exists while an end is open. Writes of up to
 * PIPE_BUF bytes are never mixed with others.
 */
#include "kernel/fs/pipe.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define PIPE_DEFAULT_BYTES (16 * PAGE_BYTES)

static struct pipe *pipe_alloc(void)
{
	struct pipe *pipe = kzalloc(sizeof(*pipe));

	if (pipe == NULL)
		return NULL;
	pipe->capacity = pipe->limit = PIPE_DEFAULT_BYTES;
	pipe->writer_opens = 1; /* no file has seen 0: see pipe_poll() */
	if (!pipe_user_join(pipe)) {
		kfree(pipe);
		return NULL;
	}
	pipe->pages = kzalloc(sizeof(pipe->pages[0]) * (pipe->capacity >> PAGE_SHIFT));
	if (pipe->pages == NULL) {
		pipe_user_leave(pipe);
		kfree(pipe);
		return NULL;
	}
	wait_queue_init(&pipe->read_wait);
	wait_queue_init(&pipe->write_wait);
	wait_queue_init(&pipe->open_wait);
	return pipe;
}

static void pipe_free(struct pipe *pipe)
{
	for (size_t i = 0; i < pipe->capacity >> PAGE_SHIFT; i++)
		kfree(pipe->pages[i]);
	pipe_user_leave(pipe);
	kfree(pipe->pages);
	kfree(pipe->packets);
	kfree(pipe);
}

static inline long pipe_read_bytes(struct pipe *pipe, struct uio *uio)
{
	long done = 0;

	while (pipe->fill > 0 && uio->left > 0) {
		long moved = pipe_look(pipe, 0, pipe->fill, uio);

		if (moved <= 0)
			return done > 0 ? done : moved;
		pipe_drop(pipe, (size_t)moved);
		done += moved;
	}
	return done;
}

static __attribute__((noinline)) long pipe_read_first_packets(struct pipe *pipe, struct uio *uio)
{
	bool was_full = !pipe_writable(pipe);
	long done = pipe_read_packets(pipe, uio);

	if (was_full)
		wait_wake_events(&pipe->write_wait, ABI_POLLOUT | ABI_POLLWRNORM);
	return done;
}

static long pipe_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct pipe *pipe = file->inode->pipe;
	long done;

	(void)pos;
	if (uio->left == 0)
		return 0;
	while (pipe->fill == 0) {
		if (pipe->writers == 0)
			return 0;
		if ((file->flags & ABI_O_NONBLOCK) != 0)
			return -EAGAIN;
		if (wait_event(&pipe->read_wait, pipe->fill > 0 || pipe->writers == 0,
		               WAIT_FOREVER) != 0)
			return -ERESTARTSYS;
	}
	if (pipe->packet_count > 0)
		return pipe_read_first_packets(pipe, uio);
	done = pipe_read_bytes(pipe, uio);
	/* Nobody waits for room while there is some. */
	if (!list_empty(&pipe->write_wait.waiters) && done > 0 &&
	    pipe->limit - pipe->fill < ABI_PIPE_BUF + (size_t)done)
		wait_wake_events(&pipe->write_wait, ABI_POLLOUT | ABI_POLLWRNORM);
	return done;
}

__attribute__((noinline)) long pipe_wait_room(struct file *file, struct pipe *pipe, size_t need)
{
	while (pipe->readers > 0 && pipe->limit - pipe->fill < need) {
		if ((file->flags & ABI_O_NONBLOCK) != 0)
			return -EAGAIN;
		if (wait_event(&pipe->write_wait,
		               pipe->readers == 0 || pipe->limit - pipe->fill >= need,
		               WAIT_FOREVER) != 0)
			return -ERESTARTSYS;
	}
	if (pipe->readers > 0)
		return 0;
	signal_send_task(current(), ABI_SIGPIPE, NULL);
	return -EPIPE;
}

static inline long pipe_write_bytes(struct file *file, struct pipe *pipe, struct uio *uio)
{
	size_t need = uio->left <= ABI_PIPE_BUF ? uio->left : 1;
	long done = 0, result = 0;

	while (uio->left > 0 && result >= 0) {
		if (pipe->readers == 0 || pipe->limit - pipe->fill < need)
			result = pipe_wait_room(file, pipe, need);
		if (result < 0)
			break;
		while (uio->left > 0 && pipe->fill < pipe->limit) {
			result = pipe_add(pipe, uio, pipe->limit - pipe->fill);
			if (result < 0)
				break;
			done += result;
		}
		wait_wake_events(&pipe->read_wait, ABI_POLLIN | ABI_POLLRDNORM);
	}
	return done > 0 ? done : result;
}

static long pipe_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct pipe *pipe = file->inode->pipe;
	long done;

	(void)pos;
	if ((file->flags & ABI_O_DIRECT) != 0)
		done = pipe_write_packets(file, pipe, uio);
	else
		done = pipe_write_bytes(file, pipe, uio);
	if (done > 0)
		inode_touch_mtime(file->inode);
	return done;
}

static uint32_t pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->inode->pipe;
	uint32_t events = 0;

	if (file_readable(file)) {
		poll_wait(table, &pipe->read_wait);
		if (pipe->fill > 0)
			events |= ABI_POLLIN | ABI_POLLRDNORM;
		/* Nobody has hung up who has not been there. */
		if (pipe->writers == 0 && pipe->writer_opens != (uintptr_t)file->private)
			events |= ABI_POLLHUP;
	}
	if (file_writable(file)) {
		poll_wait(table, &pipe->write_wait);
		if (pipe_writable(pipe))
			events |= ABI_POLLOUT | ABI_POLLWRNORM;
		if (pipe->readers == 0)
			events |= ABI_POLLERR;
	}
	return events;
}

static long pipe_ioctl(struct file *file, unsigned int command, uintptr_t arg)
{
	int fill = (int)file->inode->pipe->fill;

	if (command != ABI_FIONREAD)
		return -ENOTTY;
	return copy_to_user((void *)arg, &fill, sizeof(fill));
}

static void pipe_close_end(struct inode *inode, bool reader, bool writer)
{
	struct pipe *pipe = inode->pipe;

	pipe->readers -= reader;
	pipe->writers -= writer;
	if (pipe->readers == 0 && pipe->writers == 0) {
		inode->pipe = NULL;
		pipe_free(pipe);
		return;
	}
	wait_wake_all(&pipe->read_wait);
	wait_wake_all(&pipe->write_wait);
}

static void pipe_release(struct file *file)
{
	pipe_close_end(file->inode, file_readable(file), file_writable(file));
}

/* Wait for the other side of a named pipe to be opened. */
static int fifo_wait_other(struct file *file, struct pipe *pipe)
{
	uint64_t *opens = file_readable(file) ? &pipe->writer_opens : &pipe->reader_opens;
	uint64_t before = *opens;

	return wait_event(&pipe->open_wait, *opens != before, WAIT_FOREVER);
}

/* Opens of a pipe without a name (its two ends, and again through /proc/self/fd) never look for the
 * other side. */
static int fifo_open(struct file *file)
{
	bool reader = file_readable(file), writer = file_writable(file);
	bool nonblock = (file->flags & ABI_O_NONBLOCK) != 0;
	struct inode *inode = file->inode;
	bool named = (inode->flags & INODE_ANONYMOUS) == 0;
	struct pipe *pipe = inode->pipe;

	if (named && writer && !reader && nonblock && (pipe == NULL || pipe->readers == 0))
		return -ENXIO;
	if (pipe == NULL) {
		pipe = pipe_alloc();
		if (pipe == NULL)
			return -ENOMEM;
		inode->pipe = pipe;
	}
	pipe->readers += reader;
	pipe->reader_opens += reader;
	pipe->writers += writer;
	pipe->writer_opens += writer;
	if (named && reader && pipe->writers == 0)
		file->private = (void *)(uintptr_t)pipe->writer_opens;
	wait_wake_all(&pipe->open_wait);
	if (!named || (reader && writer) || (reader ? pipe->writers : pipe->readers) > 0 ||
	    nonblock)
		return 0;
	if (fifo_wait_other(file, pipe) == 0)
		return 0;
	pipe_close_end(inode, reader, writer);
	return -ERESTARTSYS;
}

const struct file_ops fifo_file_ops = {
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .open = fifo_open,
    .release = pipe_release,
};

struct pipe *pipe_of_file(struct file *file)
{
	return file->ops == &fifo_file_ops ? file->inode->pipe : NULL;
}
