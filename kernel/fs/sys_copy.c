/* SPDX-License-Identifier: MIT */
/* System calls that copy from file to file: sendfile, copy_file_range. */
#include "kernel/fs/internal.h"
#include "kernel/fs/ramfs.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/give_way.h"

#define COPY_BUFFER_ORDER 2u
#define COPY_BUFFER_BYTES (PAGE_BYTES << COPY_BUFFER_ORDER)

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
		if ((size_t)result < got || give_way())
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
	if ((done > 0 || user_pos != NULL) && position_put(user_pos, in, in_pos) != 0)
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

/* May bytes be copied from file to file: by what they are. */
static int check_copy_files(const struct file *in, const struct file *out)
{
	if (((in->flags | out->flags) & ABI_O_PATH) != 0)
		return -EBADF;
	if (ABI_S_ISDIR(in->inode->mode) || ABI_S_ISDIR(out->inode->mode))
		return -EISDIR;
	if (!ABI_S_ISREG(in->inode->mode) || !ABI_S_ISREG(out->inode->mode))
		return -EINVAL;
	if (!file_readable(in) || !file_writable(out) || (out->flags & ABI_O_APPEND) != 0)
		return -EBADF;
	/* Texts that are made when they are read have no size to go by. */
	return ramfs_seals(in->inode) == NULL || ramfs_seals(out->inode) == NULL ? -EXDEV : 0;
}

/* A position argument that may be negative: see check_copy_range(). */
static int copy_position_get(const void *user_pos, const struct file *file, uint64_t *out)
{
	*out = file->pos;
	return user_pos == NULL ? 0 : copy_from_user(out, user_pos, sizeof(*out));
}

/* How many bytes are to be copied, or -errno. */
static long check_copy_range(const struct file *in, uint64_t in_pos, const struct file *out,
                             uint64_t out_pos, uint64_t count)
{
	if (in_pos + count < in_pos || out_pos + count < out_pos)
		return -EOVERFLOW;
	if (in_pos > INT64_MAX || out_pos > INT64_MAX)
		return -EINVAL;
	count = in_pos < in->inode->size ? MIN(count, in->inode->size - in_pos) : 0;
	if (in->inode == out->inode && in_pos < out_pos + count && out_pos < in_pos + count)
		return -EINVAL;
	return (long)MIN(count, ABI_MAX_RW_COUNT);
}

static long do_copy_range(struct file *in, void *user_in, struct file *out, void *user_out,
                          uint64_t count)
{
	uint64_t in_pos, out_pos;
	long done;

	if (copy_position_get(user_in, in, &in_pos) != 0 ||
	    copy_position_get(user_out, out, &out_pos) != 0)
		return -EFAULT;
	done = check_copy_files(in, out);
	if (done == 0)
		done = check_copy_range(in, in_pos, out, out_pos, count);
	if (done > 0)
		done = copy_between(in, &in_pos, out, &out_pos, (uint64_t)done);
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
