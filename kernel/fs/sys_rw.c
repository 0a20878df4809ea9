/* SPDX-License-Identifier: MIT */
/* System calls that move bytes: read, write and their kin, lseek. */
#include "kernel/fs/internal.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"

#define IOV_INLINE 8

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
