/* SPDX-License-Identifier: MIT */
/* System calls that move bytes: read, write and their kin, lseek, sendfile, copy_file_range. */
#include "kernel/fs/internal.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"

#define IOV_INLINE        8
#define COPY_BUFFER_ORDER 2u
#define COPY_BUFFER_BYTES (PAGE_BYTES << COPY_BUFFER_ORDER)

/* A list of user buffers, copied in. */
struct user_iov {
	struct abi_iovec inline_iov[IOV_INLINE];
	struct abi_iovec *iov; /* inline_iov or allocated */
	struct uio uio;
};

static void user_iov_free(struct user_iov *list)
{
	if (list->iov != list->inline_iov)
		kfree(list->iov);
}

static int user_iov_check(struct user_iov *list, size_t count)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++) {
		struct abi_iovec *iov = &list->iov[i];

		if (iov->len > INT64_MAX || total + iov->len > INT64_MAX)
			return -EINVAL;
		if (!user_range_ok((void *)(uintptr_t)iov->base, iov->len))
			return -EFAULT;
		total += iov->len;
	}
	list->uio = (struct uio){.user = true,
	                         .more = list->iov,
	                         .more_count = count,
	                         .left = MIN(total, ABI_MAX_RW_COUNT)};
	return 0;
}

/* user_iov_free() is due after success. */
static int user_iov_copy(struct user_iov *list, const void *user_iov, uint64_t count)
{
	int result;

	if (count > ABI_IOV_MAX)
		return -EINVAL;
	list->iov = list->inline_iov;
	if (count > IOV_INLINE) {
		list->iov = kmalloc(count * sizeof(struct abi_iovec));
		if (list->iov == NULL)
			return -ENOMEM;
	}
	result = copy_from_user(list->iov, user_iov, count * sizeof(struct abi_iovec));
	if (result == 0)
		result = user_iov_check(list, count);
	if (result != 0)
		user_iov_free(list);
	return result;
}

typedef long transfer_fn(struct file *file, struct uio *uio, uint64_t *pos);

/* Transfer at the file's own position. */
static inline long transfer(int fd, struct uio *uio, transfer_fn *move)
{
	struct file *file = fd_get_file(fd);
	uint64_t ignored = 0;
	long done;

	if (file == NULL)
		return -EBADF;
	done = move(file, uio, file->seekable ? &file->pos : &ignored);
	file_put(file);
	return done;
}

/* Transfer at a given position; the file's own stays. */
static long transfer_at(int fd, struct uio *uio, int64_t offset, transfer_fn *move)
{
	struct file *file;
	uint64_t pos = (uint64_t)offset;
	long done;

	if (offset < 0)
		return -EINVAL;
	file = fd_get_file(fd);
	if (file == NULL)
		return -EBADF;
	if (!file->seekable && (file->flags & ABI_O_PATH) == 0)
		done = -ESPIPE;
	else
		done = move(file, uio, &pos);
	file_put(file);
	return done;
}

static int check_fd(int fd)
{
	struct file *file = fd_get_file(fd);

	if (file == NULL)
		return -EBADF;
	file_put(file);
	return 0;
}

/* The buffer of read, write and their kin: 0, -EBADF or -EFAULT. */
static inline int user_buffer(struct uio *uio, const struct sys_args *args)
{
	if (!user_range_ok(SYS_PTR(args, 1), args->arg[2]))
		return check_fd(SYS_INT(args, 0)) != 0 ? -EBADF : -EFAULT;
	uio_init(uio, true, SYS_PTR(args, 1), MIN(args->arg[2], ABI_MAX_RW_COUNT));
	return 0;
}

long sys_read(const struct sys_args *args)
{
	struct uio uio;
	int result = user_buffer(&uio, args);

	return result != 0 ? result : transfer(SYS_INT(args, 0), &uio, file_read_uio);
}

long sys_write(const struct sys_args *args)
{
	struct uio uio;
	int result = user_buffer(&uio, args);

	return result != 0 ? result : transfer(SYS_INT(args, 0), &uio, file_write_uio);
}

long sys_pread64(const struct sys_args *args)
{
	struct uio uio;
	int result = user_buffer(&uio, args);

	if (result != 0)
		return result;
	return transfer_at(SYS_INT(args, 0), &uio, SYS_LONG(args, 3), file_read_uio);
}

long sys_pwrite64(const struct sys_args *args)
{
	struct uio uio;
	int result = user_buffer(&uio, args);

	if (result != 0)
		return result;
	return transfer_at(SYS_INT(args, 0), &uio, SYS_LONG(args, 3), file_write_uio);
}

/* Lists of nothing never reach the file. */

static long read_list(struct file *file, struct uio *uio, uint64_t *pos)
{
	if (uio->left == 0)
		return file_readable(file) ? 0 : -EBADF;
	return file_read_uio(file, uio, pos);
}

static long write_list(struct file *file, struct uio *uio, uint64_t *pos)
{
	if (uio->left == 0)
		return file_writable(file) ? 0 : -EBADF;
	return file_write_uio(file, uio, pos);
}

/* readv and its kin; offset NULL: the file's own position. */
static long vector(const struct sys_args *args, const int64_t *offset, transfer_fn *move)
{
	struct user_iov list;
	long result = check_fd(SYS_INT(args, 0));

	if (result == 0)
		result = user_iov_copy(&list, SYS_PTR(args, 1), args->arg[2]);
	if (result != 0)
		return result;
	if (offset != NULL)
		result = transfer_at(SYS_INT(args, 0), &list.uio, *offset, move);
	else
		result = transfer(SYS_INT(args, 0), &list.uio, move);
	user_iov_free(&list);
	return result;
}

long sys_readv(const struct sys_args *args)
{
	return vector(args, NULL, read_list);
}

long sys_writev(const struct sys_args *args)
{
	return vector(args, NULL, write_list);
}

long sys_preadv(const struct sys_args *args)
{
	int64_t offset = SYS_LONG(args, 3);

	return vector(args, &offset, read_list);
}

long sys_pwritev(const struct sys_args *args)
{
	int64_t offset = SYS_LONG(args, 3);

	return vector(args, &offset, write_list);
}

/* The flags that ask for nothing this kernel would do otherwise. */
#define RWF_HARMLESS (ABI_RWF_HIPRI | ABI_RWF_DSYNC | ABI_RWF_SYNC)

long sys_preadv2(const struct sys_args *args)
{
	int64_t offset = SYS_LONG(args, 3);

	if ((args->arg[5] & ~(uint64_t)(RWF_HARMLESS | ABI_RWF_NOWAIT)) != 0)
		return -EOPNOTSUPP;
	return vector(args, offset == -1 ? NULL : &offset, read_list);
}

long sys_pwritev2(const struct sys_args *args)
{
	int64_t offset = SYS_LONG(args, 3);

	if ((args->arg[5] & ~(uint64_t)RWF_HARMLESS) != 0)
		return -EOPNOTSUPP;
	return vector(args, offset == -1 ? NULL : &offset, write_list);
}

/* Directories: by cookie, and the end is not known. */
static long directory_seek(struct file *file, int64_t offset, int whence)
{
	if (whence == ABI_SEEK_CUR)
		offset += (int64_t)file->pos;
	else if (whence != ABI_SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->pos = (uint64_t)offset;
	return offset;
}

/* Where the next data or hole begins. */
static int64_t sparse_offset(struct file *file, int64_t offset, bool hole)
{
	int64_t size = (int64_t)file->inode->size;

	if (offset < 0 || offset >= size)
		return -ENXIO;
	if (file->ops->seek_sparse != NULL)
		return file->ops->seek_sparse(file->inode, (uint64_t)offset, hole);
	return hole ? size : offset;
}

static long regular_seek(struct file *file, int64_t offset, int whence)
{
	int64_t base = 0;

	switch (whence) {
	case ABI_SEEK_SET:
		break;
	case ABI_SEEK_CUR:
		base = (int64_t)file->pos;
		break;
	case ABI_SEEK_END:
		base = (int64_t)file->inode->size;
		break;
	case ABI_SEEK_DATA:
	case ABI_SEEK_HOLE:
		offset = sparse_offset(file, offset, whence == ABI_SEEK_HOLE);
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base))
		return -EOVERFLOW;
	if (base < 0)
		return -EINVAL;
	file->pos = (uint64_t)base;
	return base;
}

long sys_lseek(const struct sys_args *args)
{
	struct file *file = fd_get_file(SYS_INT(args, 0));
	int64_t offset = SYS_LONG(args, 1);
	int whence = SYS_INT(args, 2);
	long result;

	if (file == NULL)
		return -EBADF;
	if ((file->flags & ABI_O_PATH) != 0)
		result = -EBADF;
	else if (whence < ABI_SEEK_SET || whence > ABI_SEEK_HOLE)
		result = -EINVAL;
	else if (file->ops->seek != NULL)
		result = file->ops->seek(file, offset, whence);
	else if (ABI_S_ISDIR(file->inode->mode))
		result = directory_seek(file, offset, whence);
	else if (ABI_S_ISREG(file->inode->mode))
		result = regular_seek(file, offset, whence);
	else
		result = -ESPIPE;
	file_put(file);
	return result;
}

/* Copy up to `bytes` between files, through a buffer. What has been read but could not be written
 * is not taken from the source. */
static long copy_between(struct file *in, uint64_t *in_pos, struct file *out, uint64_t *out_pos,
                         uint64_t bytes)
{
	struct page *page = page_alloc(COPY_BUFFER_ORDER);
	long done = 0, result = 0;

	if (page == NULL)
		return -ENOMEM;
	while (bytes > 0) {
		uint64_t pos = *in_pos;
		size_t got, chunk = (size_t)MIN(bytes, (uint64_t)COPY_BUFFER_BYTES);

		result = file_read_kernel(in, page_virt(page), chunk, &pos);
		if (result <= 0)
			break;
		got = (size_t)result;
		result = file_write_kernel(out, page_virt(page), got, out_pos);
		if (result <= 0)
			break;
		done += result;
		bytes -= (uint64_t)result;
		*in_pos += (uint64_t)result;
		if ((size_t)result < got)
			break;
	}
	page_put(page);
	return done > 0 ? done : result;
}

/* A position argument: the user's, or the file's own. */
static int position_get(const void *user_pos, struct file *file, uint64_t *out)
{
	int64_t pos;

	*out = file->pos;
	if (user_pos == NULL)
		return 0;
	if (copy_from_user(&pos, user_pos, sizeof(pos)) != 0)
		return -EFAULT;
	*out = (uint64_t)pos;
	return pos < 0 ? -EINVAL : 0;
}

static int position_put(void *user_pos, struct file *file, uint64_t pos)
{
	if (user_pos != NULL)
		return copy_to_user(user_pos, &pos, sizeof(pos));
	file->pos = pos;
	return 0;
}

static long do_sendfile(struct file *out, struct file *in, void *user_pos, uint64_t count)
{
	uint64_t in_pos, ignored = 0;
	bool in_ok = ABI_S_ISREG(in->inode->mode) || in->ops->seek != NULL;
	long done;
	int result;

	if (!file_readable(in) || !file_writable(out))
		return -EBADF;
	if (user_pos != NULL && !in->seekable)
		return -ESPIPE;
	if (!in_ok || ((out->flags & ABI_O_APPEND) != 0 && !ABI_S_ISFIFO(out->inode->mode)))
		return -EINVAL;
	result = position_get(user_pos, in, &in_pos);
	if (result != 0)
		return result;
	done = copy_between(in, &in_pos, out, out->seekable ? &out->pos : &ignored,
	                    MIN(count, ABI_MAX_RW_COUNT));
	if (done > 0 && position_put(user_pos, in, in_pos) != 0)
		return -EFAULT;
	return done;
}

long sys_sendfile(const struct sys_args *args)
{
	struct file *out = fd_get_file(SYS_INT(args, 0));
	struct file *in = fd_get_file(SYS_INT(args, 1));
	long result = -EBADF;

	if (out != NULL && in != NULL)
		result = do_sendfile(out, in, SYS_PTR(args, 2), args->arg[3]);
	if (out != NULL)
		file_put(out);
	if (in != NULL)
		file_put(in);
	return result;
}

static long do_copy_range(struct file *in, void *user_in, struct file *out, void *user_out,
                          uint64_t count)
{
	uint64_t in_pos, out_pos;
	long done;
	int result;

	if (!file_readable(in) || !file_writable(out) || (out->flags & ABI_O_APPEND) != 0)
		return -EBADF;
	if (ABI_S_ISDIR(in->inode->mode) || ABI_S_ISDIR(out->inode->mode))
		return -EISDIR;
	if (!ABI_S_ISREG(in->inode->mode) || !ABI_S_ISREG(out->inode->mode))
		return -EINVAL;
	result = position_get(user_in, in, &in_pos);
	if (result == 0)
		result = position_get(user_out, out, &out_pos);
	if (result != 0)
		return result;
	count = MIN(count, ABI_MAX_RW_COUNT);
	if (in->inode == out->inode && in_pos < out_pos + count && out_pos < in_pos + count)
		return -EINVAL;
	done = copy_between(in, &in_pos, out, &out_pos, count);
	if (done > 0 &&
	    (position_put(user_in, in, in_pos) != 0 || position_put(user_out, out, out_pos) != 0))
		return -EFAULT;
	return done;
}

long sys_copy_file_range(const struct sys_args *args)
{
	struct file *in, *out;
	long result = -EBADF;

	if (args->arg[5] != 0)
		return -EINVAL;
	in = fd_get_file(SYS_INT(args, 0));
	out = fd_get_file(SYS_INT(args, 2));
	if (in != NULL && out != NULL)
		result = do_copy_range(in, SYS_PTR(args, 1), out, SYS_PTR(args, 3), args->arg[4]);
	if (in != NULL)
		file_put(in);
	if (out != NULL)
		file_put(out);
	return result;
}
