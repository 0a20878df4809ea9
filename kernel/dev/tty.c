/* SPDX-License-Identifier: MIT */
/*
 * The terminal's device: files, sleeping readers and writers, and the buffers between the line
 * discipline and what carries the bytes.
 *
 * Output goes from the line discipline into `out` and from there to the backend as that has room;
 * echo and programs share the buffer, so that what is shown keeps its order. A write() has the
 * terminal to itself until it is done. Keys come in deferred work, and a signal key acts at once,
 * even if nobody reads.
 */
#include "kernel/dev/tty.h"

#include "kernel/dev/tty_internal.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/mm/page.h"
#include "kernel/task/task.h"
#include "pv/time.h"

#define DEVICE_TTY     0x500u /* 5:0 */
#define DEVICE_CONSOLE 0x501u /* 5:1 */

#define TENTH_NS (NS_PER_SEC / 10)

static struct tty console;

/* Output. */

static size_t out_used(const struct tty *tty)
{
	return tty->out_head - tty->out_tail;
}

/* From the line discipline. Echo that finds no room is lost. */
static void tty_put(void *arg, const char *bytes, size_t len)
{
	struct tty *tty = arg;
	size_t room = TTY_OUT_BYTES - out_used(tty);

	for (size_t i = 0; i < len && i < room; i++)
		tty->out[tty->out_head++ % TTY_OUT_BYTES] = bytes[i];
}

void tty_push_output(struct tty *tty)
{
	bool moved = false;

	while (!tty->ld.stopped && out_used(tty) > 0) {
		uint32_t offset = tty->out_tail % TTY_OUT_BYTES;
		size_t piece = MIN(out_used(tty), (size_t)(TTY_OUT_BYTES - offset));
		size_t taken = tty->backend->write(tty->out + offset, piece);

		if (taken == 0)
			break;
		tty->out_tail += (uint32_t)taken;
		moved = true;
	}
	if (moved)
		wait_wake_all(&tty->write_wait);
}

size_t tty_output_bytes(const struct tty *tty)
{
	return out_used(tty) + (tty->backend->unread ? tty->backend->unread() : 0);
}

void tty_drop_output(struct tty *tty)
{
	tty->out_tail = tty->out_head;
	wait_wake_all(&tty->write_wait);
}

static void tty_drop(void *arg)
{
	tty_drop_output(arg);
}

int tty_drain(struct tty *tty)
{
	unsigned int life = tty->life;
	int error = wait_event(&tty->write_wait, tty_output_bytes(tty) == 0 || tty->life != life,
	                       WAIT_FOREVER);

	return error ? -ERESTARTSYS : 0;
}

/* Input. */

static void tty_signal(void *arg, int signal)
{
	struct tty *tty = arg;

	if (tty->pgid != 0)
		signal_send_group(tty->pgid, signal, NULL);
}

/* Have the line discipline take what it can. */
static void feed_keys(struct tty *tty)
{
	for (;;) {
		size_t taken;

		if (tty->in_pos == tty->in_len) {
			tty->in_pos = 0;
			tty->in_len =
			    tty->backend->read ? tty->backend->read(tty->in, sizeof(tty->in)) : 0;
			if (tty->in_len == 0)
				return;
		}
		taken = ldisc_input(&tty->ld, tty->in + tty->in_pos, tty->in_len - tty->in_pos);
		tty->in_pos += taken;
		if (tty->in_pos < tty->in_len)
			return;
	}
}

/* What makes a poller see input: see ldisc_readable(). */
static size_t poll_minimum(const struct tty *tty)
{
	const uint8_t *cc = tty->ld.termios.cc;

	return cc[ABI_VTIME] == 0 ? cc[ABI_VMIN] : 1;
}

/* No key will come any more. */
static bool input_ended(const struct tty *tty)
{
	return tty->backend->closed && tty->backend->closed() && tty->in_pos == tty->in_len;
}

void tty_pull_input(struct tty *tty)
{
	feed_keys(tty);
	tty_push_output(tty);
	if (ldisc_readable(&tty->ld, 1))
		wait_wake_all(&tty->read_wait);
}

void tty_backend_moved(void)
{
	tty_pull_input(&console);
	if (input_ended(&console))
		wait_wake_all(&console.read_wait);
	/* Waiters for the end of output look at what the backend holds. */
	wait_wake_all(&console.write_wait);
}

size_t tty_finish_output(void)
{
	console.ld.stopped = false;
	tty_push_output(&console);
	return out_used(&console);
}

void tty_resize(struct tty *tty, const struct abi_winsize *size)
{
	if (memcmp(&tty->winsize, size, sizeof(*size)) == 0)
		return;
	tty->winsize = *size;
	if (tty->pgid != 0)
		signal_send_group(tty->pgid, ABI_SIGWINCH, NULL);
}

void tty_set_window_size(uint32_t rows, uint32_t columns)
{
	struct abi_winsize size = {
	    .rows = (uint16_t)MIN(rows, 0xffffu),
	    .columns = (uint16_t)MIN(columns, 0xffffu),
	};

	tty_resize(&console, &size);
}

void tty_give_to_current(void)
{
	int error = tty_acquire(&console, false);

	if (error)
		klog(LOG_WARNING, "tty: the program does not get the terminal: error %d", error);
}

uint32_t tty_device_number(const struct tty *tty)
{
	return tty ? tty->device : 0;
}

int tty_foreground_group(const struct tty *tty)
{
	return tty ? tty->pgid : -1;
}

/* Files. */

struct tty *tty_of_file(const struct file *file)
{
	const struct tty_file *open_file = file->private;

	return open_file->life == open_file->tty->life ? open_file->tty : NULL;
}

static int tty_open(struct file *file)
{
	struct process *process = current() ? current()->process : NULL;
	struct tty *tty = &console;
	struct tty_file *open_file;

	if (file->inode->rdev == DEVICE_TTY) {
		if (!process || !process->tty)
			return -ENXIO;
		tty = process->tty;
	}
	open_file = kmalloc(sizeof(*open_file));
	if (!open_file)
		return -ENOMEM;
	open_file->tty = tty;
	open_file->life = tty->life;
	file->private = open_file;
	/* A session leader does not get its terminal by this: /dev/console is opened by daemons
	 * too. TIOCSCTTY gives it. */
	return 0;
}

static void tty_release(struct file *file)
{
	kfree(file->private);
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
	if (expired || input_ended(tty))
		return 1;
	if (file->flags & ABI_O_NONBLOCK)
		return -EAGAIN;
	error = wait_event(&tty->read_wait,
	                   ldisc_readable(&tty->ld, 1) || input_ended(tty) || tty->life != life,
	                   deadline_ns);
	if (tty->life != life || (input_ended(tty) && !ldisc_readable(&tty->ld, 1)))
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

	return out_used(tty) < limit ? limit - out_used(tty) : 0;
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

static uint32_t tty_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = tty_of_file(file);
	uint32_t events = 0;

	if (!tty)
		return ABI_POLLIN | ABI_POLLRDNORM | ABI_POLLOUT | ABI_POLLWRNORM | ABI_POLLHUP |
		       ABI_POLLERR;
	poll_wait(table, &tty->read_wait);
	poll_wait(table, &tty->write_wait);
	if (input_ended(tty))
		events |= ABI_POLLIN | ABI_POLLRDNORM | ABI_POLLHUP;
	if (ldisc_readable(&tty->ld, poll_minimum(tty)))
		events |= ABI_POLLIN | ABI_POLLRDNORM;
	if (out_room(tty) >= TTY_ROOM_WANTED)
		events |= ABI_POLLOUT | ABI_POLLWRNORM;
	return events;
}

static const struct file_ops tty_file_ops = {
    .read = tty_read,
    .write = tty_write,
    .poll = tty_poll,
    .ioctl = tty_ioctl,
    .open = tty_open,
    .release = tty_release,
};

int tty_init(const struct tty_backend *backend)
{
	static const struct ldisc_ops ldisc_ops = {
	    .put = tty_put,
	    .signal = tty_signal,
	    .drop_output = tty_drop,
	};
	int error;

	ldisc_init(&console.ld, &ldisc_ops, &console);
	console.backend = backend;
	console.device = DEVICE_CONSOLE;
	wait_queue_init(&console.read_wait);
	wait_queue_init(&console.write_wait);
	error = devfs_add("console", ABI_S_IFCHR | 0600, DEVICE_CONSOLE, &tty_file_ops, NULL);
	if (error)
		return error;
	return devfs_add("tty", ABI_S_IFCHR | 0666, DEVICE_TTY, &tty_file_ops, NULL);
}
