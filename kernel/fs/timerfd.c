/* SPDX-License-Identifier: MIT */
/* timerfd: a timer that is read. A change of the wall clock's time does not happen here, so
 * cancelling on it does not either. */
#include "kernel/fs/poll.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "pv/time.h"

#define CLOCK_REALTIME_NUMBER  0
#define CLOCK_MONOTONIC_NUMBER 1
#define CLOCK_BOOTTIME_NUMBER  7
#define SETTIME_CANCEL_ON_SET  2u

struct timerfd {
	struct timer timer;
	int clock;
	uint32_t settime_flags;
	uint64_t deadline_ns; /* monotonic; 0: off */
	uint64_t interval_ns; /* 0: once */
	uint64_t expirations; /* since the last read */
	struct wait_queue wait;
};

static const struct file_ops timerfd_file_ops;

static void timerfd_expire(struct timer *timer)
{
	struct timerfd *fd = container_of(timer, struct timerfd, timer);
	uint64_t now = pv_time_monotonic_ns(), missed;

	if (fd->interval_ns == 0) {
		fd->deadline_ns = 0;
		fd->expirations++;
	} else {
		missed = now > fd->deadline_ns ? (now - fd->deadline_ns) / fd->interval_ns : 0;
		fd->expirations += missed + 1;
		fd->deadline_ns += (missed + 1) * fd->interval_ns;
		timer_arm(&fd->timer, fd->deadline_ns);
	}
	wait_wake_events(&fd->wait, ABI_POLLIN | ABI_POLLRDNORM);
}

static long timerfd_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct timerfd *fd = file->private;
	uint64_t value;

	(void)pos;
	if (uio->left < sizeof(value))
		return -EINVAL;
	while (fd->expirations == 0) {
		if ((file->flags & ABI_O_NONBLOCK) != 0)
			return -EAGAIN;
		if (wait_event(&fd->wait, fd->expirations > 0, WAIT_FOREVER) != 0)
			return -ERESTARTSYS;
	}
	value = fd->expirations;
	fd->expirations = 0;
	return uio_copy_to(uio, &value, sizeof(value)) == sizeof(value) ? (long)sizeof(value)
	                                                                : -EFAULT;
}

static uint32_t timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timerfd *fd = file->private;

	poll_wait(table, &fd->wait);
	return fd->expirations > 0 ? ABI_POLLIN | ABI_POLLRDNORM : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *fd = file->private;

	timer_cancel(&fd->timer);
	kfree(fd);
}

static void timerfd_describe(const struct timerfd *fd, struct abi_itimerspec *spec)
{
	uint64_t now = pv_time_monotonic_ns(), left = 0;

	if (fd->deadline_ns != 0)
		left = fd->deadline_ns > now ? fd->deadline_ns - now : 1;
	spec->interval = timespec_from_ns(fd->interval_ns);
	spec->value = timespec_from_ns(left);
}

static void show_time(struct seq *seq, const char *name, const struct abi_timespec *time)
{
	seq_printf(seq, "%s: (%lld, %lld)\n", name, (long long)time->sec, (long long)time->nsec);
}

static void timerfd_show(struct file *file, struct seq *seq)
{
	const struct timerfd *fd = file->private;
	struct abi_itimerspec spec;

	timerfd_describe(fd, &spec);
	seq_printf(seq, "clockid: %d\nticks: %llu\nsettime flags: 0%o\n", fd->clock,
	           (unsigned long long)fd->expirations, fd->settime_flags);
	show_time(seq, "it_value", &spec.value);
	show_time(seq, "it_interval", &spec.interval);
}

static const struct file_ops timerfd_file_ops = {
    .show = timerfd_show,
    .read = timerfd_read,
    .poll = timerfd_poll,
    .release = timerfd_release,
};

long sys_timerfd_create(const struct sys_args *args)
{
	int clock = SYS_INT(args, 0);
	uint32_t flags = SYS_UINT(args, 1);
	struct timerfd *fd;
	struct file *file;

	if ((flags & ~(ABI_O_CLOEXEC | ABI_O_NONBLOCK)) != 0)
		return -EINVAL;
	if (clock != CLOCK_REALTIME_NUMBER && clock != CLOCK_MONOTONIC_NUMBER &&
	    clock != CLOCK_BOOTTIME_NUMBER)
		return -EINVAL;
	fd = kzalloc(sizeof(*fd));
	if (fd == NULL)
		return -ENOMEM;
	fd->clock = clock;
	timer_init(&fd->timer, timerfd_expire);
	wait_queue_init(&fd->wait);
	file = file_create_anonymous(&timerfd_file_ops, 0600, ABI_O_RDWR | (flags & ABI_O_NONBLOCK),
	                             fd);
	if (is_err(file)) {
		kfree(fd);
		return ptr_err(file);
	}
	file->inode->label = "anon_inode:[timerfd]";
	return fd_install_or_put(file, (flags & ABI_O_CLOEXEC) != 0);
}

static struct file *timerfd_get_file(int number)
{
	struct file *file = fd_get_file(number);

	if (file == NULL)
		return err_ptr(-EBADF);
	if (file->ops != &timerfd_file_ops) {
		file_put(file);
		return err_ptr(-EINVAL);
	}
	return file;
}

static int timerfd_set(struct timerfd *fd, const struct abi_itimerspec *spec, bool absolute)
{
	uint64_t value, interval, deadline = 0;

	if (timespec_to_ns(&spec->value, &value) != 0 ||
	    timespec_to_ns(&spec->interval, &interval) != 0)
		return -EINVAL;
	if (value != 0 && !absolute)
		deadline = clock_after(value);
	else if (value != 0 && !clock_deadline(fd->clock, value, &deadline))
		return -EINVAL;
	timer_cancel(&fd->timer);
	fd->interval_ns = interval;
	fd->expirations = 0;
	fd->deadline_ns = value != 0 ? MAX(deadline, (uint64_t)1) : 0;
	if (value != 0)
		timer_arm(&fd->timer, fd->deadline_ns);
	return 0;
}

long sys_timerfd_settime(const struct sys_args *args)
{
	uint32_t flags = SYS_UINT(args, 1);
	struct abi_itimerspec spec, old;
	struct file *file;
	int result;

	if ((flags & ~(ABI_TFD_TIMER_ABSTIME | SETTIME_CANCEL_ON_SET)) != 0)
		return -EINVAL;
	if (copy_from_user(&spec, SYS_PTR(args, 2), sizeof(spec)) != 0)
		return -EFAULT;
	file = timerfd_get_file(SYS_INT(args, 0));
	if (is_err(file))
		return ptr_err(file);
	timerfd_describe(file->private, &old);
	result = timerfd_set(file->private, &spec, (flags & ABI_TFD_TIMER_ABSTIME) != 0);
	if (result == 0)
		((struct timerfd *)file->private)->settime_flags = flags;
	file_put(file);
	if (result == 0 && SYS_PTR(args, 3) != NULL)
		result = copy_to_user(SYS_PTR(args, 3), &old, sizeof(old));
	return result;
}

long sys_timerfd_gettime(const struct sys_args *args)
{
	struct file *file = timerfd_get_file(SYS_INT(args, 0));
	struct abi_itimerspec spec;

	if (is_err(file))
		return ptr_err(file);
	timerfd_describe(file->private, &spec);
	file_put(file);
	return copy_to_user(SYS_PTR(args, 1), &spec, sizeof(spec));
}
