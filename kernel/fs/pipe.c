/* SPDX-License-Identifier: MIT */
/*
 * Pipes, with and without a name. The bytes lie in a ring of page frames that are allocated when
 * data comes and freed when it is gone. A pipe exists while an end is open. Writes of up to
 * PIPE_BUF bytes are never mixed with others.
 */
#include "kernel/fs/internal.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define PIPE_DEFAULT_BYTES (16 * PAGE_BYTES)
#define PIPE_MAX_BYTES     (256 * PAGE_BYTES)

struct pipe {
	uint32_t readers, writers;
	uint64_t reader_opens,
	    writer_opens; /* ever: what an open that waits for the other side looks at */
	struct wait_queue read_wait, write_wait, open_wait;
	size_t capacity; /* bytes; whole pages */
	size_t head;     /* position of the first byte */
	size_t fill;
	char **pages; /* NULL: none there now */
};

static struct pipe *pipe_alloc(void)
{
	struct pipe *pipe = kzalloc(sizeof(*pipe));

	if (pipe == NULL)
		return NULL;
	pipe->capacity = PIPE_DEFAULT_BYTES;
	pipe->writer_opens = 1; /* no file has seen 0: see pipe_poll() */
	pipe->pages = kzalloc(sizeof(pipe->pages[0]) * (pipe->capacity >> PAGE_SHIFT));
	if (pipe->pages == NULL) {
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
	kfree(pipe->pages);
	kfree(pipe);
}

/* Take bytes out: up to the end of a page. Bytes moved or -EFAULT. */
static long pipe_take(struct pipe *pipe, struct uio *uio)
{
	size_t offset = pipe->head & (PAGE_BYTES - 1);
	size_t idx = pipe->head >> PAGE_SHIFT;
	size_t bytes = MIN(pipe->fill, PAGE_BYTES - offset);
	char *page = pipe->pages[idx];
	long moved = uio_copy_to(uio, page + offset, bytes);

	if (moved <= 0)
		return moved;
	pipe->head += (size_t)moved;
	pipe->fill -= (size_t)moved;
	/* A page whose data is all gone is freed, unless the ring's end lies in it too; an empty
	 * pipe keeps one. */
	if ((pipe->head & (PAGE_BYTES - 1)) == 0 && pipe->fill > 0 &&
	    pipe->fill <= pipe->capacity - PAGE_BYTES) {
		pipe->pages[idx] = NULL;
		kfree(page);
	}
	if (pipe->fill == 0)
		pipe->head = idx << PAGE_SHIFT;
	else if (pipe->head == pipe->capacity)
		pipe->head = 0;
	return moved;
}

/* Put bytes in: up to the end of a page. Bytes moved, -EFAULT or -ENOMEM. There is room. */
static long pipe_add(struct pipe *pipe, struct uio *uio)
{
	size_t at = pipe->head + pipe->fill;
	size_t offset, idx, bytes;
	long moved;

	if (at >= pipe->capacity)
		at -= pipe->capacity;
	offset = at & (PAGE_BYTES - 1);
	idx = at >> PAGE_SHIFT;
	bytes = MIN(pipe->capacity - pipe->fill, PAGE_BYTES - offset);
	if (pipe->pages[idx] == NULL) {
		pipe->pages[idx] = kmalloc(PAGE_BYTES);
		if (pipe->pages[idx] == NULL)
			return -ENOMEM;
	}
	moved = uio_copy_from(uio, pipe->pages[idx] + offset, bytes);
	if (moved > 0)
		pipe->fill += (size_t)moved;
	return moved;
}

/* Whoever wants to write up to PIPE_BUF bytes at once need not wait. */
static bool pipe_writable(const struct pipe *pipe)
{
	return pipe->capacity - pipe->fill >= ABI_PIPE_BUF;
}

static long pipe_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct pipe *pipe = file->inode->pipe;
	bool was_full;
	long done = 0;

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
	was_full = !pipe_writable(pipe);
	while (pipe->fill > 0 && uio->left > 0) {
		long moved = pipe_take(pipe, uio);

		if (moved < 0) {
			done = done > 0 ? done : moved;
			break;
		}
		done += moved;
	}
	/* Nobody waits for room while there is some. */
	if (was_full)
		wait_wake_events(&pipe->write_wait, ABI_POLLOUT | ABI_POLLWRNORM);
	return done;
}

/* Wait until `need` bytes fit: 0; -EPIPE, the signal has been sent; -EAGAIN; -ERESTARTSYS. */
static __attribute__((noinline)) long pipe_wait_room(struct file *file, struct pipe *pipe,
                                                     size_t need)
{
	while (pipe->readers > 0 && pipe->capacity - pipe->fill < need) {
		if ((file->flags & ABI_O_NONBLOCK) != 0)
			return -EAGAIN;
		if (wait_event(&pipe->write_wait,
		               pipe->readers == 0 || pipe->capacity - pipe->fill >= need,
		               WAIT_FOREVER) != 0)
			return -ERESTARTSYS;
	}
	if (pipe->readers > 0)
		return 0;
	signal_send_task(current(), ABI_SIGPIPE, NULL);
	return -EPIPE;
}

static long pipe_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct pipe *pipe = file->inode->pipe;
	size_t need = uio->left <= ABI_PIPE_BUF ? uio->left : 1;
	long done = 0, result = 0;

	(void)pos;
	while (uio->left > 0 && result >= 0) {
		if (pipe->readers == 0 || pipe->capacity - pipe->fill < need)
			result = pipe_wait_room(file, pipe, need);
		if (result < 0)
			break;
		while (uio->left > 0 && pipe->fill < pipe->capacity) {
			result = pipe_add(pipe, uio);
			if (result < 0)
				break;
			done += result;
		}
		wait_wake_events(&pipe->read_wait, ABI_POLLIN | ABI_POLLRDNORM);
	}
	if (done > 0)
		inode_touch_mtime(file->inode);
	return done > 0 ? done : result;
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

static struct pipe *pipe_of(struct file *file)
{
	return file->ops == &fifo_file_ops ? file->inode->pipe : NULL;
}

long pipe_get_size(struct file *file)
{
	struct pipe *pipe = pipe_of(file);

	return pipe != NULL ? (long)pipe->capacity : -EBADF;
}

/* Put the pages of the ring, the one of the first byte first, into a new array. False: out of
 * memory. */
static bool pipe_move_pages(struct pipe *pipe, char **pages, size_t capacity)
{
	size_t old_count = pipe->capacity >> PAGE_SHIFT, first = pipe->head >> PAGE_SHIFT;
	size_t offset = pipe->head & (PAGE_BYTES - 1);
	size_t wrapped = pipe->fill > pipe->capacity - offset;

	/* The ring's end may share the page with its start: it needs one of its own now. */
	if (wrapped && capacity > pipe->capacity) {
		pages[old_count] = kmalloc(PAGE_BYTES);
		if (pages[old_count] == NULL)
			return false;
		memcpy(pages[old_count], pipe->pages[first], offset);
	}
	for (size_t i = 0; i < old_count; i++) {
		char *page = pipe->pages[(first + i) % old_count];

		if (i < capacity >> PAGE_SHIFT)
			pages[i] = page;
		else
			kfree(page);
	}
	pipe->head = offset;
	return true;
}

long pipe_set_size(struct file *file, unsigned long bytes)
{
	struct pipe *pipe = pipe_of(file);
	size_t capacity = PAGE_BYTES;
	char **pages;

	if (pipe == NULL)
		return -EBADF;
	if (bytes > PIPE_MAX_BYTES)
		return process_uid() == 0 && bytes > 1ul << 31 ? -EINVAL : -EPERM;
	while (capacity < bytes)
		capacity *= 2;
	/* The first page may hold a part only. */
	if (pipe->fill + (pipe->head & (PAGE_BYTES - 1)) > capacity)
		return -EBUSY;
	if (capacity == pipe->capacity)
		return (long)capacity;
	pages = kzalloc(sizeof(pages[0]) * (capacity >> PAGE_SHIFT));
	if (pages == NULL)
		return -ENOMEM;
	if (!pipe_move_pages(pipe, pages, capacity)) {
		kfree(pages);
		return -ENOMEM;
	}
	kfree(pipe->pages);
	pipe->pages = pages;
	pipe->capacity = capacity;
	wait_wake_all(&pipe->write_wait);
	return (long)capacity;
}
