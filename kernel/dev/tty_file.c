/* SPDX-License-Identifier: MIT */
/*
 * Open files of terminals: sleeping readers and writers. A write() has the terminal to itself until
 * it is done.
 */
#include "kernel/dev/pty.h"
#include "kernel/dev/tty_internal.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/mm/page.h"
#include "kernel/task/task.h"
#include "pv/time.h"

#define TENTH_NS (NS_PER_SEC / 10)

struct tty *tty_of_file(const struct file *file)
{
	const struct tty_file *open_file = file->private;

	return open_file->life == open_file->tty->life ? open_file->tty : NULL;
}

/* The terminal that a device number means to the running process, or err_ptr. */
static struct tty *tty_of_device(uint64_t rdev)
{
	struct process *process = current() ? current()->process : NULL;

	if (rdev == DEVICE_TTY)
		return process && process->tty ? process->tty : err_ptr(-ENXIO);
	return rdev == DEVICE_CONSOLE ? tty_console() : pty_find_slave(rdev);
}

/* A session leader without a terminal gets a pseudo-terminal by opening it. /dev/console is opened
 * by daemons too: TIOCSCTTY gives it. */
static void take_by_opening(const struct file *file, struct tty *tty)
{
	const struct process *process = current() ? current()->process : NULL;

	if (tty->pty && (file->flags & ABI_O_NOCTTY) == 0 &&
	    (file->flags & ABI_O_ACCMODE) != ABI_O_WRONLY && process &&
	    process->sid == process->pid && !process->tty && tty->sid == 0)
		tty_acquire(tty, false);
}

static int tty_open(struct file *file)
{
	struct tty *tty = tty_of_device(file->inode->rdev);
	struct tty_file *open_file;

	if (is_err(tty))
		return (int)ptr_err(tty);
	open_file = kmalloc(sizeof(*open_file));
	if (!open_file)
		return -ENOMEM;
	open_file->tty = tty;
	open_file->life = tty->life;
	file->private = open_file;
	if (tty->pty)
		pty_slave_opened(tty);
	take_by_opening(file, tty);
	return 0;
}

static void tty_release(struct file *file)
{
	struct tty_file *open_file = file->private;

	if (open_file->tty->pty)
		pty_slave_closed(open_file->tty);
	kfree(open_file);
}

/* How a read outside canonical mode waits, by VMIN and VTIME. */
struct read_rule {
	size_t minimum;      /* return with this many bytes */
	uint64_t timeout_ns; /* WAIT_FOREVER: none */
	bool between;        /* the timeout begins with the first byte, and anew with each */
};

static struct read_rule read_rule(const struct tty *tty)
{
	const uint8_t *cc = tty->ld.termios.cc;
	struct read_rule rule = {.minimum = 1, .timeout_ns = WAIT_FOREVER};

	if (tty->ld.termios.lflag & ABI_ICANON)
		return rule;
	if (cc[ABI_VMIN] == 0) {
		rule.timeout_ns = cc[ABI_VTIME] * TENTH_NS;
	} else {
		rule.minimum = cc[ABI_VMIN];
		if (cc[ABI_VTIME] > 0) {
			rule.timeout_ns = cc[ABI_VTIME] * TENTH_NS;
			rule.between = true;
		}
	}
	return rule;
}

/* Wait for input until the deadline: 0 when there is some, 1 when the read is to end without, or
 * -errno. */
static int wait_for_input(struct file *file, struct tty *tty, uint64_t deadline_ns, bool expired)
{
	unsigned int life = tty->life;
	int error;

	if (ldisc_readable(&tty->ld, 1))
		return 0;
	if (expired || tty_input_ended(tty))
		return 1;
	if (file->flags & ABI_O_NONBLOCK)
		return -EAGAIN;
	error = wait_event(&tty->read_wait,
	                   ldisc_readable(&tty->ld, 1) || tty_input_ended(tty) || tty->life != life,
	                   deadline_ns);
	if (tty->life != life || (tty_input_ended(tty) && !ldisc_readable(&tty->ld, 1)))
		return 1;
	if (error == -ETIMEDOUT)
		return 1;
	return error ? -ERESTARTSYS : 0;
}

/* Hand out what is there, to the end of a line at most. Bytes, with *line_done, or -EFAULT. */
static long copy_input(struct tty *tty, struct uio *uio, bool *line_done)
{
	char chunk[256];
	long total = 0;

	*line_done = false;
	while (uio->left > 0 && !*line_done) {
		size_t len = ldisc_read(&tty->ld, chunk, MIN(sizeof(chunk), uio->left), line_done);
		long copied;

		if (len == 0)
			break;
		copied = uio_copy_to(uio, chunk, len);
		if (copied < 0)
			return total > 0 ? total : copied;
		total += copied;
		if ((size_t)copied < len)
			break;
	}
	return total;
}

static long tty_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct tty *tty = tty_of_file(file);
	struct read_rule rule;
	uint64_t deadline_ns = WAIT_FOREVER;
	bool line_done = false;
	size_t done = 0;
	long result;

	(void)pos;
	if (!tty)
		return 0;
	result = tty_check_foreground(tty, ABI_SIGTTIN);
	if (result)
		return result;
	rule = read_rule(tty);
	if (rule.timeout_ns != WAIT_FOREVER && !rule.between)
		deadline_ns = pv_time_monotonic_ns() + rule.timeout_ns;

	while (uio->left > 0) {
		result = wait_for_input(file, tty, deadline_ns, rule.timeout_ns == 0);
		if (result != 0)
			break;
		result = copy_input(tty, uio, &line_done);
		if (result < 0)
			break;
		done += (size_t)result;
		if ((tty->ld.termios.lflag & ABI_ICANON) ? line_done : done >= rule.minimum)
			break;
		if (rule.between)
			deadline_ns = pv_time_monotonic_ns() + rule.timeout_ns;
	}
	/* Keys that had no room may have some now. */
	tty_pull_input(tty);
	if (done > 0 || result > 0)
		return (long)done;
	return result;
}

static size_t out_room(const struct tty *tty)
{
	size_t limit = TTY_OUT_BYTES - TTY_ECHO_RESERVE;

	/* Nothing that is held back piles up where a screen is only a program away. */
	if (tty->pty && tty->ld.stopped)
		return 0;
	return tty_out_used(tty) < limit ? limit - tty_out_used(tty) : 0;
}

/* The room a writer wants to see before it goes on: enough that it does not wake for each byte. */
#define TTY_ROOM_WANTED 1024u

/* Wait until it is this writer's turn (`first`) and there is room. 0, -EAGAIN, -ERESTARTSYS, -EIO
 * after a hang-up. */
static int wait_to_write(struct file *file, struct tty *tty, bool first)
{
	int error = 0;

	if ((first && tty->writing) || out_room(tty) < TTY_ROOM_WANTED) {
		if (file->flags & ABI_O_NONBLOCK)
			return -EAGAIN;
		error = wait_event(&tty->write_wait,
		                   (!(first && tty->writing) && out_room(tty) >= TTY_ROOM_WANTED) ||
		                       !tty_of_file(file),
		                   WAIT_FOREVER);
	}
	if (!tty_of_file(file))
		return -EIO;
	return error ? -ERESTARTSYS : 0;
}

/* The body of a write by the writer whose turn it is. */
static long write_bytes(struct file *file, struct tty *tty, struct uio *uio)
{
	char chunk[512];
	long total = 0;

	while (uio->left > 0) {
		int error = wait_to_write(file, tty, false);
		long copied;

		if (error)
			return total > 0 ? total : error;
		/* A size that is sure to fit, whatever processing makes of it. */
		copied = uio_copy_from(uio, chunk,
		                       MIN(sizeof(chunk), out_room(tty) / LDISC_EXPANSION_MAX));
		if (copied <= 0)
			return total > 0 ? total : copied;
		ldisc_write(&tty->ld, chunk, (size_t)copied, out_room(tty));
		total += copied;
		tty_push_output(tty);
	}
	return total;
}

static long tty_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct tty *tty = tty_of_file(file);
	long result;

	(void)pos;
	if (!tty)
		return -EIO;
	if (tty->ld.termios.lflag & ABI_TOSTOP) {
		result = tty_check_foreground(tty, ABI_SIGTTOU);
		if (result)
			return result;
	}
	result = wait_to_write(file, tty, true);
	if (result)
		return result;
	tty->writing = true;
	result = write_bytes(file, tty, uio);
	if (tty_of_file(file)) {
		tty->writing = false;
		wait_wake_all(&tty->write_wait);
	}
	return result;
}

/* What makes a poller see input: see ldisc_readable(). */
static size_t poll_minimum(const struct tty *tty)
{
	const uint8_t *cc = tty->ld.termios.cc;

	return cc[ABI_VTIME] == 0 ? cc[ABI_VMIN] : 1;
}

static uint32_t tty_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = tty_of_file(file);
	uint32_t events = 0;

	if (!tty)
		return ABI_POLLIN | ABI_POLLRDNORM | ABI_POLLOUT | ABI_POLLWRNORM | ABI_POLLHUP |
		       ABI_POLLERR;
	poll_wait(table, &tty->read_wait);
	poll_wait(table, &tty->write_wait);
	if (tty_input_ended(tty))
		events |= ABI_POLLIN | ABI_POLLRDNORM | ABI_POLLHUP;
	if (ldisc_readable(&tty->ld, poll_minimum(tty)))
		events |= ABI_POLLIN | ABI_POLLRDNORM;
	if (out_room(tty) >= TTY_ROOM_WANTED)
		events |= ABI_POLLOUT | ABI_POLLWRNORM;
	return events;
}

const struct file_ops tty_file_ops = {
    .read = tty_read,
    .write = tty_write,
    .poll = tty_poll,
    .ioctl = tty_ioctl,
    .open = tty_open,
    .release = tty_release,
};
