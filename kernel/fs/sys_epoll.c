/* SPDX-License-Identifier: MIT */
/* System calls of epoll. */
#include "kernel/fs/epoll.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define EVENTS_MAX (INT32_MAX / (int)sizeof(struct abi_epoll_event))

/* What an item may ask for beside EPOLLEXCLUSIVE. */
#define EXCLUSIVE_WITH                                                                          \
	(ABI_POLLIN | ABI_POLLOUT | ABI_POLLERR | ABI_POLLHUP | ABI_EPOLLWAKEUP | ABI_EPOLLET | \
	 ABI_EPOLLEXCLUSIVE)

static long do_epoll_create(uint32_t flags)
{
	struct file *file;

	if ((flags & ~ABI_EPOLL_CLOEXEC) != 0)
		return -EINVAL;
	file = epoll_create_file();
	if (is_err(file))
		return ptr_err(file);
	return fd_install_or_put(file, (flags & ABI_EPOLL_CLOEXEC) != 0);
}

long sys_epoll_create(const struct sys_args *args)
{
	return SYS_INT(args, 0) <= 0 ? -EINVAL : do_epoll_create(0);
}

long sys_epoll_create1(const struct sys_args *args)
{
	return do_epoll_create(SYS_UINT(args, 0));
}

/* A set joins the queues of a file when the file is added: so nothing becomes exclusive later, and
 * wake-ups of sets in sets are for all. */
static int check_exclusive(int operation, const struct file *target, uint32_t events)
{
	if (operation == ABI_EPOLL_CTL_DEL || (events & ABI_EPOLLEXCLUSIVE) == 0)
		return 0;
	if (operation == ABI_EPOLL_CTL_MOD || epoll_of_file(target) != NULL ||
	    (events & ~(uint32_t)EXCLUSIVE_WITH) != 0)
		return -EINVAL;
	return 0;
}

/* What can be said against the call before the set is looked at, in the order of Linux. */
static int check_control(struct file *file, int operation, struct file *target, uint32_t events)
{
	int result;

	if (target->ops->poll == NULL)
		return -EPERM;
	if (target == file || epoll_of_file(file) == NULL)
		return -EINVAL;
	result = check_exclusive(operation, target, events);
	if (result == 0 && operation == ABI_EPOLL_CTL_ADD && epoll_of_file(target) != NULL)
		result = epoll_check_nesting(epoll_of_file(file), epoll_of_file(target));
	return result;
}

static int epoll_control(struct file *file, int operation, struct file *target, int fd,
                         const struct abi_epoll_event *event)
{
	int result = check_control(file, operation, target, event->events);
	struct epoll_item *item;

	if (result != 0)
		return result;
	item = epoll_find_item(epoll_of_file(file), target, fd);
	switch (operation) {
	case ABI_EPOLL_CTL_ADD:
		if (item != NULL)
			return -EEXIST;
		return epoll_add_item(epoll_of_file(file), target, fd, event);
	case ABI_EPOLL_CTL_DEL:
		if (item == NULL)
			return -ENOENT;
		epoll_free_item(item);
		return 0;
	case ABI_EPOLL_CTL_MOD:
		if (item == NULL)
			return -ENOENT;
		if ((item->event.events & ABI_EPOLLEXCLUSIVE) != 0)
			return -EINVAL;
		epoll_change_item(item, event);
		return 0;
	default:
		return -EINVAL;
	}
}

/* The file of a descriptor that is more than a path, with a reference, or NULL. */
static struct file *get_open_file(int fd)
{
	struct file *file = fd_get_file(fd);

	if (file != NULL && (file->flags & ABI_O_PATH) != 0) {
		file_put(file);
		return NULL;
	}
	return file;
}

long sys_epoll_ctl(const struct sys_args *args)
{
	int operation = SYS_INT(args, 1), fd = SYS_INT(args, 2);
	struct abi_epoll_event event = {0};
	struct file *file, *target;
	long result = -EBADF;

	if (operation != ABI_EPOLL_CTL_DEL &&
	    copy_from_user(&event, SYS_PTR(args, 3), sizeof(event)) != 0)
		return -EFAULT;
	file = get_open_file(SYS_INT(args, 0));
	if (file == NULL)
		return -EBADF;
	target = get_open_file(fd);
	if (target != NULL) {
		result = epoll_control(file, operation, target, fd, &event);
		file_put(target);
	}
	file_put(file);
	return result;
}

static long do_epoll_wait(const struct sys_args *args, uint64_t deadline_ns)
{
	int max = SYS_INT(args, 2);
	struct file *file;
	long result = -EINVAL;

	if (max <= 0 || max > EVENTS_MAX)
		return -EINVAL;
	if (!user_range_ok(SYS_PTR(args, 1), (size_t)max * sizeof(struct abi_epoll_event)))
		return -EFAULT;
	file = get_open_file(SYS_INT(args, 0));
	if (file == NULL)
		return -EBADF;
	if (epoll_of_file(file) != NULL)
		result = epoll_wait_events(epoll_of_file(file), SYS_PTR(args, 1), max, deadline_ns);
	file_put(file);
	return result;
}

static uint64_t deadline_of_ms(int timeout_ms)
{
	return timeout_ms < 0 ? WAIT_FOREVER : poll_deadline((uint64_t)timeout_ms * 1000000);
}

long sys_epoll_wait(const struct sys_args *args)
{
	return do_epoll_wait(args, deadline_of_ms(SYS_INT(args, 3)));
}

long sys_epoll_pwait(const struct sys_args *args)
{
	long result = poll_mask_begin(SYS_PTR(args, 4), args->arg[5]);

	if (result != 0)
		return result;
	result = do_epoll_wait(args, deadline_of_ms(SYS_INT(args, 3)));
	poll_mask_end(SYS_PTR(args, 4), result);
	return result;
}

long sys_epoll_pwait2(const struct sys_args *args)
{
	uint64_t deadline;
	long result = poll_deadline_of_spec(SYS_PTR(args, 3), &deadline);

	if (result == 0)
		result = poll_mask_begin(SYS_PTR(args, 4), args->arg[5]);
	if (result != 0)
		return result;
	result = do_epoll_wait(args, deadline);
	poll_mask_end(SYS_PTR(args, 4), result);
	return result;
}
