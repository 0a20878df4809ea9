/* SPDX-License-Identifier: MIT */
/*
 * timerfd: a timer that is read. One that repeats rests when it has come, until somebody reads it
 * or asks: then the expiries are counted by division, and it is armed for the next one.
 */
#include "kernel/fs/poll.h"
#include "kernel/linux/syscall.h"
#include "kernel/mm/vm.h"
#include "kernel/task/alarm.h"
#include "kernel/task/clock.h"

#define CLOCK_REALTIME_NUMBER  0
#define CLOCK_MONOTONIC_NUMBER 1
#define CLOCK_BOOTTIME_NUMBER  7
#define SETTIME_CANCEL_ON_SET  2u

struct timerfd {
	struct alarm alarm;
	int clock;
	uint32_t settime_flags;
	uint64_t interval_ns; /* 0: once */
	uint64_t expirations; /* since the last read, as far as they have been counted */
	bool resting;         /* has come, and not been counted since */
	struct wait_queue wait;
	/* TFD_TIMER_CANCEL_ON_SET: the clock was set, which the next read tells in place of all else. */
	struct wait_entry clock_set; /* on clock_set_wait if it is asked for */
	bool cancelled;
};

static const struct file_ops timerfd_file_ops;

static void timerfd_expire(struct alarm *alarm)
{
	struct timerfd *fd = container_of(alarm, struct timerfd, alarm);

	fd->resting = true;
	fd->expirations++;
	wait_wake_events(&fd->wait, ABI_POLLIN | ABI_POLLRDNORM);
}

static bool timerfd_clock_set(struct wait_entry *entry, uint32_t events)
{
	struct timerfd *fd = container_of(entry, struct timerfd, clock_set);

	(void)events;
	fd->cancelled = true;
	wait_wake_all(&fd->wait);
	return false;
}

/* Count what has come since it rests, and go on. */
static void timerfd_count(struct timerfd *fd)
{
	uint64_t count;

	if (!fd->resting || fd->interval_ns == 0)
		return;
	fd->resting = false;
	count = alarm_forward(&fd->alarm, fd->interval_ns);
	if (count > 0) /* the first has been counted */
		fd->expirations += count - 1;
	alarm_rearm(&fd->alarm);
}

static bool timerfd_ready(const struct timerfd *fd)
{
	return fd->expirations > 0 || fd->cancelled;
}

/* A clock that was set: forget what has come. */
static bool timerfd_take_cancel(struct timerfd *fd)
{
	bool cancelled = fd->cancelled;

	fd->cancelled = false;
	if (cancelled)
		fd->expirations = 0;
	return cancelled;
}

static long timerfd_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct timerfd *fd = file->private;
	uint64_t value;

	(void)pos;
	if (uio->left < sizeof(value))
		return -EINVAL;
	while (!timerfd_ready(fd)) {
		if ((file->flags & ABI_O_NONBLOCK) != 0)
			return -EAGAIN;
		if (wait_event(&fd->wait, timerfd_ready(fd), WAIT_FOREVER) != 0)
			return -ERESTARTSYS;
	}
	if (timerfd_take_cancel(fd))
		return -ECANCELED;
	timerfd_count(fd);
	value = fd->expirations;
	fd->expirations = 0;
	return uio_copy_to(uio, &value, sizeof(value)) == sizeof(value) ? (long)sizeof(value)
	                                                                : -EFAULT;
}

static uint32_t timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timerfd *fd = file->private;

	poll_wait(table, &fd->wait);
	return timerfd_ready(fd) ? ABI_POLLIN | ABI_POLLRDNORM : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *fd = file->private;

	alarm_cancel(&fd->alarm);
	wait_dequeue(&fd->clock_set);
	kfree(fd);
}

/* As it is; what has come since it rests is not counted. */
static void timerfd_describe(const struct timerfd *fd, struct abi_itimerspec *spec)
{
	uint64_t left = 0;

	if (alarm_armed(&fd->alarm))
		left = MAX(alarm_remaining(&fd->alarm), 1ull);
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
	alarm_init(&fd->alarm, timerfd_expire);
	list_init(&fd->clock_set.node);
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

static int timerfd_set(struct timerfd *fd, uint32_t flags, uint64_t value_ns, uint64_t interval_ns)
{
	bool absolute = flags & ABI_TFD_TIMER_ABSTIME;

	alarm_cancel(&fd->alarm);
	wait_dequeue(&fd->clock_set);
	if (absolute && (flags & SETTIME_CANCEL_ON_SET) && clock_can_be_set(fd->clock))
		wait_enqueue_callback(&clock_set_wait, &fd->clock_set, timerfd_clock_set, false);
	else
		fd->cancelled = false;
	fd->interval_ns = interval_ns;
	fd->expirations = 0;
	fd->resting = false;
	if (value_ns == 0)
		return 0;
	alarm_set(&fd->alarm, fd->clock, absolute, value_ns);
	return timerfd_take_cancel(fd) ? -ECANCELED : 0;
}

long sys_timerfd_settime(const struct sys_args *args)
{
	uint32_t flags = SYS_UINT(args, 1);
	struct abi_itimerspec spec, old;
	uint64_t value_ns, interval_ns;
	struct file *file;
	int result;

	if ((flags & ~(ABI_TFD_TIMER_ABSTIME | SETTIME_CANCEL_ON_SET)) != 0)
		return -EINVAL;
	if (copy_from_user(&spec, SYS_PTR(args, 2), sizeof(spec)) != 0)
		return -EFAULT;
	if (timespec_to_ns(&spec.value, &value_ns) != 0 ||
	    timespec_to_ns(&spec.interval, &interval_ns) != 0)
		return -EINVAL;
	file = timerfd_get_file(SYS_INT(args, 0));
	if (is_err(file))
		return ptr_err(file);
	timerfd_count(file->private);
	timerfd_describe(file->private, &old);
	result = timerfd_set(file->private, flags, value_ns, interval_ns);
	if (result == 0 || result == -ECANCELED)
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
	timerfd_count(file->private);
	timerfd_describe(file->private, &spec);
	file_put(file);
	return copy_to_user(SYS_PTR(args, 1), &spec, sizeof(spec));
}
