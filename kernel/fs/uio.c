/* SPDX-License-Identifier: MIT */
/*
 * Transfers between the kernel and a list of buffers. User memory is copied in pieces that end at
 * page boundaries, so that what was moved before a bad page counts, as programs expect of partial
 * transfers.
 */
#include "kernel/fs/vfs.h"
#include "kernel/mm/vm.h"

enum uio_direction { UIO_TO, UIO_FROM, UIO_CLEAR };

/* The next piece's length: not over the page, the buffer, or what is left; 0 at the end. */
static size_t uio_piece(struct uio *uio, size_t bytes)
{
	const struct abi_iovec *iov;
	size_t piece;

	while (uio->iov_idx < uio->iov_count && uio->iov_done == uio->iov[uio->iov_idx].len) {
		uio->iov_idx++;
		uio->iov_done = 0;
	}
	if (uio->iov_idx == uio->iov_count)
		return 0;
	iov = &uio->iov[uio->iov_idx];
	piece = MIN(bytes, MIN(uio->left, iov->len - uio->iov_done));
	if (uio->user)
		piece = MIN(piece, PAGE_BYTES - ((iov->base + uio->iov_done) & (PAGE_BYTES - 1)));
	return piece;
}

static int uio_move_piece(struct uio *uio, enum uio_direction direction, void *kernel, size_t piece)
{
	void *buffer = (void *)(uintptr_t)(uio->iov[uio->iov_idx].base + uio->iov_done);

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

static long uio_move(struct uio *uio, enum uio_direction direction, void *kernel, size_t bytes)
{
	size_t done = 0;

	while (done < bytes && uio->left > 0) {
		size_t piece = uio_piece(uio, bytes - done);
		void *at = direction == UIO_CLEAR ? NULL : (char *)kernel + done;

		if (piece == 0)
			break;
		if (uio_move_piece(uio, direction, at, piece) != 0)
			return done > 0 ? (long)done : -EFAULT;
		done += piece;
		uio->iov_done += piece;
		uio->left -= piece;
	}
	return (long)done;
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

void uio_init_kernel(struct uio *uio, struct abi_iovec *iov, void *buffer, size_t bytes)
{
	iov->base = (uint64_t)(uintptr_t)buffer;
	iov->len = bytes;
	*uio = (struct uio){.user = false, .iov = iov, .iov_count = 1, .left = bytes};
}
