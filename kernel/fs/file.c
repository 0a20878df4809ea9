/* SPDX-License-Identifier: MIT */
/*
 * Open files: what happens between a descriptor and a filesystem's operations. A file opened with
 * O_PATH has no operations: it only stands for its inode.
 */
#include "kernel/fs/internal.h"
#include "kernel/task/task.h"

/* Flags of open() that are no property of the open file. */
#define OPEN_ONLY_FLAGS (ABI_O_CREAT | ABI_O_EXCL | ABI_O_NOCTTY | ABI_O_TRUNC | ABI_O_CLOEXEC)

static const struct file_ops no_file_ops;

static struct file *file_alloc(struct inode *inode, uint32_t flags)
{
	struct file *file = kzalloc(sizeof(*file));

	if (file == NULL)
		return NULL;
	file->inode = inode;
	file->ref_count = 1;
	file->flags = flags & ~OPEN_ONLY_FLAGS;
	file->ops = &no_file_ops;
	file->seekable = ABI_S_ISREG(inode->mode) || ABI_S_ISDIR(inode->mode);
	list_init(&file->epoll_items);
	return file;
}

/* Find the operations by the kind of inode. 0 or -ENXIO. */
static int file_choose_ops(struct file *file)
{
	const struct inode *inode = file->inode;

	if (inode->file_ops != NULL) {
		bool named = (inode->flags & INODE_ANONYMOUS) == 0;
		bool shareable = inode->file_ops->open != NULL || inode->file_ops->release == NULL;

		if (!named && ((inode->mode & ABI_S_IFMT) == 0 || !shareable))
			return -ENXIO;
		file->ops = inode->file_ops;
		if (!named)
			file->private = inode->private;
		return 0;
	}
	if (ABI_S_ISCHR(inode->mode))
		return chardev_open(file);
	if (!ABI_S_ISFIFO(inode->mode))
		return -ENXIO;
	file->ops = &fifo_file_ops;
	return 0;
}

static void file_free(struct file *file)
{
	struct inode *inode = file->inode;

	if (file->write_counted)
		inode->write_count--;
	kfree(file);
	inode_put(inode);
}

struct file *file_open_inode(struct inode *inode, uint32_t flags)
{
	struct file *file;
	int result;

	if ((flags & (ABI_O_PATH | ABI_O_DIRECT)) == ABI_O_DIRECT && !file_can_direct(inode))
		return err_ptr(-EINVAL);
	file = file_alloc(inode, flags);
	if (file == NULL)
		return err_ptr(-ENOMEM);
	inode_get(inode);
	if ((flags & ABI_O_PATH) != 0)
		return file;
	if (file_writable(file) && ABI_S_ISREG(inode->mode)) {
		inode->write_count++;
		file->write_counted = true;
	}
	result = file_choose_ops(file);
	if (result == 0 && file->ops->open != NULL) {
		/* Terminals want to know. */
		file->flags |= flags & ABI_O_NOCTTY;
		result = file->ops->open(file);
		file->flags &= ~ABI_O_NOCTTY;
	}
	if (result != 0) {
		file_free(file);
		return err_ptr(result);
	}
	file->seekable |= file->ops->seek != NULL;
	return file;
}

struct file *file_create_anonymous(const struct file_ops *ops, uint32_t mode, uint32_t flags,
                                   void *private)
{
	struct inode *inode = inode_create_anonymous(mode);
	struct file *file;

	if (inode == NULL)
		return err_ptr(-ENOMEM);
	file = file_alloc(inode, flags);
	if (file == NULL) {
		inode_put(inode);
		return err_ptr(-ENOMEM);
	}
	inode->file_ops = ops;
	inode->private = private;
	file->ops = ops;
	file->private = private;
	file->seekable |= ops->seek != NULL;
	return file;
}

void file_release(struct file *file)
{
	if (!list_empty(&file->epoll_items))
		epoll_forget_file(file);
	if (!list_empty(&file->inode->locks))
		file_lock_release_file(file);
	if (file->ops->release != NULL)
		file->ops->release(file);
	file_free(file);
}

long file_read_uio(struct file *file, struct uio *uio, uint64_t *pos)
{
	long done;

	if (!file_readable(file))
		return -EBADF;
	/* Regular files and directories are all seekable: one look for the others. */
	if (file->seekable && ABI_S_ISDIR(file->inode->mode))
		return -EISDIR;
	if (file->ops->read == NULL)
		return -EINVAL;
	if (file->seekable && ABI_S_ISREG(file->inode->mode) && *pos > INT64_MAX - uio->left)
		uio->left = *pos < INT64_MAX ? INT64_MAX - *pos : 0;
	done = file->ops->read(file, uio, pos);
	if (done >= 0 && (file->flags & ABI_O_NOATIME) == 0)
		inode_touch_atime(file->inode);
	return done;
}

long file_limit_write(uint64_t pos, size_t bytes)
{
	struct task *task = current();
	uint64_t limit = ABI_RLIM_INFINITY;

	if (task != NULL && task->process != NULL)
		limit = task->process->rlimit[ABI_RLIMIT_FSIZE].soft;
	if (pos >= limit) {
		signal_send_task(task, ABI_SIGXFSZ, NULL);
		return -EFBIG;
	}
	if (pos >= INT64_MAX)
		return -EFBIG;
	limit = MIN(limit, (uint64_t)INT64_MAX);
	return (long)MIN((uint64_t)bytes, limit - pos);
}

long file_write_uio(struct file *file, struct uio *uio, uint64_t *pos)
{
	if (!file_writable(file))
		return -EBADF;
	if (file->ops->write == NULL)
		return -EINVAL;
	if (file->seekable && ABI_S_ISREG(file->inode->mode) && uio->left > 0) {
		long allowed;

		if ((file->flags & ABI_O_APPEND) != 0)
			*pos = file->inode->size;
		allowed = file_limit_write(*pos, uio->left);
		if (allowed < 0)
			return allowed;
		uio->left = (size_t)allowed;
	}
	return file->ops->write(file, uio, pos);
}

long file_read_kernel(struct file *file, void *buffer, size_t bytes, uint64_t *pos)
{
	struct uio uio;

	uio_init(&uio, false, buffer, bytes);
	return file_read_uio(file, &uio, pos);
}

long file_write_kernel(struct file *file, const void *buffer, size_t bytes, uint64_t *pos)
{
	struct uio uio;

	uio_init(&uio, false, (void *)(uintptr_t)buffer, bytes);
	return file_write_uio(file, &uio, pos);
}

uint32_t file_poll(struct file *file, struct poll_table *table)
{
	if (file->ops->poll == NULL)
		return ABI_POLLIN | ABI_POLLOUT | ABI_POLLRDNORM | ABI_POLLWRNORM;
	return file->ops->poll(file, table);
}
