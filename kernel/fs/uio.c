/* SPDX-License-Identifier: MIT */
/*
 * Transfers between the kernel and a list of buffers. User memory is copied in pieces that end at
 * page boundaries, so that what was moved before a bad page counts, as programs expect of partial
 * transfers.
 */
#include "kernel/fs/vfs.h"
#include "kernel/mm/vm.h"

enum uio_direction { UIO_TO, UIO_FROM, UIO_CLEAR };

/* The next piece's length: not over the page or the buffer; 0 at the end. */
static inline size_t uio_piece(struct uio *uio, size_t bytes)
{
	size_t piece;

	while (uio->at_bytes == 0) {
		if (uio->more_count == 0)
			return 0;
		uio->at = (uintptr_t)uio->more->base;
		uio->at_bytes = uio->more->len;
		uio->more++;
		uio->more_count--;
	}
	piece = MIN(bytes, uio->at_bytes);
	if (uio->user)
		piece = MIN(piece, PAGE_BYTES - (uio->at & (PAGE_BYTES - 1)));
	return piece;
}

static inline int uio_move_piece(const struct uio *uio, enum uio_direction direction, void *kernel,
                                 size_t piece)
{
	void *buffer = (void *)uio->at;

	if (uio->user) {
		if (direction == UIO_TO)
			return copy_to_user(buffer, kernel, piece);
		if (direction == UIO_FROM)
			return copy_from_user(kernel, buffer, piece);
		return clear_user(buffer, piece);
	}
	if (direction == UIO_TO)
		memcpy(buffer, kernel, piece);
	else if (direction == UIO_FROM)
		memcpy(kernel, buffer, piece);
	else
		memset(buffer, 0, piece);
	return 0;
}

static inline void uio_advance(struct uio *uio, size_t piece)
{
	uio->at += piece;
	uio->at_bytes -= piece;
	uio->left -= piece;
}

static __attribute__((noinline)) long uio_move_pieces(struct uio *uio, enum uio_direction direction,
                                                      void *kernel, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		size_t piece = uio_piece(uio, bytes - done);
		void *at = direction == UIO_CLEAR ? NULL : (char *)kernel + done;

		if (piece == 0)
			break;
		if (uio_move_piece(uio, direction, at, piece) != 0)
			return done > 0 ? (long)done : -EFAULT;
		done += piece;
		uio_advance(uio, piece);
	}
	return (long)done;
}

/* Most transfers are of one buffer, and succeed. Which pieces of one that fails could be moved is
 * found out by moving them again. */
static inline long uio_move(struct uio *uio, enum uio_direction direction, void *kernel,
                            size_t bytes)
{
	bytes = MIN(bytes, uio->left);
	if (bytes > uio->at_bytes || uio_move_piece(uio, direction, kernel, bytes) != 0)
		return uio_move_pieces(uio, direction, kernel, bytes);
	uio_advance(uio, bytes);
	return (long)bytes;
}

long uio_copy_to(struct uio *uio, const void *from, size_t bytes)
{
	return uio_move(uio, UIO_TO, (void *)(uintptr_t)from, bytes);
}

long uio_copy_from(struct uio *uio, void *to, size_t bytes)
{
	return uio_move(uio, UIO_FROM, to, bytes);
}

long uio_clear(struct uio *uio, size_t bytes)
{
	return uio_move(uio, UIO_CLEAR, NULL, bytes);
}
