/* SPDX-License-Identifier: MIT */
/* eventfd: a counter that is waited for. */
#include "kernel/fs/poll.h"
#include "kernel/linux/syscall.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	uint64_t count;
	bool semaphore;
	struct wait_queue wait;
};

static long eventfd_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct eventfd *event = file->private;
	uint64_t value;

	(void)pos;
	if (uio->left < sizeof(value))
		return -EINVAL;
	while (event->count == 0) {
		if ((file->flags & ABI_O_NONBLOCK) != 0)
			return -EAGAIN;
		if (wait_event(&event->wait, event->count > 0, WAIT_FOREVER) != 0)
			return -ERESTARTSYS;
	}
	value = event->semaphore ? 1 : event->count;
	event->count -= value;
	wait_wake_events(&event->wait, ABI_POLLOUT | ABI_POLLWRNORM);
	return uio_copy_to(uio, &value, sizeof(value)) == sizeof(value) ? (long)sizeof(value)
	                                                                : -EFAULT;
}

static long eventfd_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct eventfd *event = file->private;
	uint64_t value;

	(void)pos;
	if (uio->left < sizeof(value))
		return -EINVAL;
	if (uio_copy_from(uio, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value > COUNT_MAX)
		return -EINVAL;
	while (COUNT_MAX - event->count < value) {
		if ((file->flags & ABI_O_NONBLOCK) != 0)
			return -EAGAIN;
		if (wait_event(&event->wait, COUNT_MAX - event->count >= value, WAIT_FOREVER) != 0)
			return -ERESTARTSYS;
	}
	event->count += value;
	wait_wake_events(&event->wait, ABI_POLLIN | ABI_POLLRDNORM);
	return sizeof(value);
}

static uint32_t eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *event = file->private;
	uint32_t events = 0;

	poll_wait(table, &event->wait);
	if (event->count > 0)
		events |= ABI_POLLIN | ABI_POLLRDNORM;
	if (event->count < COUNT_MAX)
		events |= ABI_POLLOUT | ABI_POLLWRNORM;
	return events;
}

static void eventfd_release(struct file *file)
{
	kfree(file->private);
}

static void eventfd_show(struct file *file, struct seq *seq)
{
	const struct eventfd *event = file->private;

	seq_printf(seq, "eventfd-count: %16llx\n", (unsigned long long)event->count);
}

static const struct file_ops eventfd_file_ops = {
    .show = eventfd_show,
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .release = eventfd_release,
};

static long do_eventfd(uint64_t count, uint32_t flags)
{
	struct eventfd *event;
	struct file *file;

	if ((flags & ~(ABI_EFD_SEMAPHORE | ABI_O_CLOEXEC | ABI_O_NONBLOCK)) != 0)
		return -EINVAL;
	event = kzalloc(sizeof(*event));
	if (event == NULL)
		return -ENOMEM;
	event->count = count;
	event->semaphore = (flags & ABI_EFD_SEMAPHORE) != 0;
	wait_queue_init(&event->wait);
	file = file_create_anonymous(&eventfd_file_ops, 0600, ABI_O_RDWR | (flags & ABI_O_NONBLOCK),
	                             event);
	if (is_err(file)) {
		kfree(event);
		return ptr_err(file);
	}
	file->inode->label = "anon_inode:[eventfd]";
	return fd_install_or_put(file, (flags & ABI_O_CLOEXEC) != 0);
}

long sys_eventfd(const struct sys_args *args)
{
	return do_eventfd(SYS_UINT(args, 0), 0);
}

long sys_eventfd2(const struct sys_args *args)
{
	return do_eventfd(SYS_UINT(args, 0), SYS_UINT(args, 1));
}
