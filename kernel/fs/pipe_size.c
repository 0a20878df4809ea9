/* SPDX-License-Identifier: MIT */
/* How much a pipe can hold, and F_SETPIPE_SZ. */
#include "kernel/fs/pipe.h"

#define USER_BYTES_MAX (256 * PAGE_BYTES) /* /proc/sys/fs/pipe-max-size */
#define ROOT_BYTES_MAX (1ul << 31)

long pipe_get_size(struct file *file)
{
	struct pipe *pipe = pipe_of_file(file);

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

/* Powers of two, and a page at least; 0: too much. */
static size_t pipe_round_size(unsigned long bytes)
{
	size_t size = PAGE_BYTES;

	if (bytes > ROOT_BYTES_MAX)
		return 0;
	while (size < bytes)
		size *= 2;
	return size;
}

long pipe_set_size(struct file *file, unsigned long bytes)
{
	struct pipe *pipe = pipe_of_file(file);
	size_t capacity, lost;
	char **pages;

	if (pipe == NULL)
		return -EBADF;
	lost = pipe->capacity - pipe->limit;
	capacity = pipe_round_size(bytes);
	if (capacity == 0)
		return -EINVAL;
	if (capacity > pipe->capacity && capacity > USER_BYTES_MAX &&
	    !cred_has(fs_cred(), ABI_CAP_SYS_RESOURCE))
		return -EPERM;
	if (capacity > pipe->capacity && !pipe_user_may_grow(pipe, capacity))
		return -EPERM;
	/* The first page may hold a part only, and so do those of packets. */
	if (pipe->fill + MAX(pipe->head & (PAGE_BYTES - 1), lost) > capacity)
		return -EBUSY;
	if (capacity == pipe->capacity)
		return (long)capacity;
	pages = kzalloc(sizeof(pages[0]) * (capacity >> PAGE_SHIFT));
	if (pages == NULL)
		return -ENOMEM;
	/* Only a ring that grows can fail to move, and longer lists of packets do no harm. */
	if ((pipe->packets != NULL && !pipe_move_packets(pipe, capacity)) ||
	    !pipe_move_pages(pipe, pages, capacity)) {
		kfree(pages);
		return -ENOMEM;
	}
	pipe_user_resize(pipe, capacity);
	kfree(pipe->pages);
	pipe->pages = pages;
	pipe->capacity = capacity;
	pipe->limit = capacity - lost;
	wait_wake_all(&pipe->write_wait);
	return (long)capacity;
}
