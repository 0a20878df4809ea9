/* SPDX-License-Identifier: MIT */
/*
 * A terminal's buffers between the line discipline and what carries the bytes, and the console.
 *
 * Output goes from the line discipline into `out` and from there to the backend as that has room;
 * echo and programs share the buffer, so that what is shown keeps its order. Keys come in deferred
 * work, and a signal key acts at once, even if nobody reads. A pseudo-terminal has no backend: its
 * other side (pty.c) fetches output and brings keys.
 */
#include "kernel/dev/tty.h"

#include "kernel/dev/tty_internal.h"
#include "kernel/dev/pty.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/task/task.h"

static struct tty console;

/* Output. */

/* From the line discipline. Echo that finds no room is lost. */
static void tty_put(void *arg, const char *bytes, size_t len)
{
	struct tty *tty = arg;
	size_t room = TTY_OUT_BYTES - tty_out_used(tty);

	for (size_t i = 0; i < len && i < room; i++)
		tty->out[tty->out_head++ % TTY_OUT_BYTES] = bytes[i];
}

void tty_push_output(struct tty *tty)
{
	bool moved = false;

	if (tty->pty) {
		pty_output(tty);
		return;
	}
	while (!tty->ld.stopped && tty_out_used(tty) > 0) {
		uint32_t offset = tty->out_tail % TTY_OUT_BYTES;
		size_t piece = MIN(tty_out_used(tty), (size_t)(TTY_OUT_BYTES - offset));
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
	if (tty->pty)
		return 0; /* there is no line that could be slow */
	return tty_out_used(tty) + (tty->backend->unread ? tty->backend->unread() : 0);
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

static size_t read_keys(struct tty *tty, char *data, size_t size)
{
	if (tty->pty)
		return pty_read_keys(tty, data, size);
	return tty->backend->read ? tty->backend->read(data, size) : 0;
}

/* Have the line discipline take what it can. */
static void feed_keys(struct tty *tty)
{
	for (;;) {
		size_t taken;

		if (tty->in_pos == tty->in_len) {
			tty->in_pos = 0;
			tty->in_len = read_keys(tty, tty->in, sizeof(tty->in));
			if (tty->in_len == 0)
				return;
		}
		taken = ldisc_input(&tty->ld, tty->in + tty->in_pos, tty->in_len - tty->in_pos);
		tty->in_pos += taken;
		if (tty->in_pos < tty->in_len)
			return;
	}
}

/* No key will come any more. */
bool tty_input_ended(const struct tty *tty)
{
	return !tty->pty && tty->backend->closed && tty->backend->closed() &&
	       tty->in_pos == tty->in_len;
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
	if (tty_input_ended(&console))
		wait_wake_all(&console.read_wait);
	/* Waiters for the end of output look at what the backend holds. */
	wait_wake_all(&console.write_wait);
}

size_t tty_finish_output(void)
{
	console.ld.stopped = false;
	tty_push_output(&console);
	return tty_out_used(&console);
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

void tty_setup(struct tty *tty, uint32_t device)
{
	static const struct ldisc_ops ldisc_ops = {
	    .put = tty_put,
	    .signal = tty_signal,
	    .drop_output = tty_drop,
	};

	ldisc_init(&tty->ld, &ldisc_ops, tty);
	tty->device = device;
	wait_queue_init(&tty->read_wait);
	wait_queue_init(&tty->write_wait);
}

struct tty *tty_console(void)
{
	return &console;
}

int tty_init(const struct tty_backend *backend)
{
	int error;

	tty_setup(&console, DEVICE_CONSOLE);
	console.backend = backend;
	error = devfs_add("console", ABI_S_IFCHR | 0600, DEVICE_CONSOLE, &tty_file_ops, NULL);
	if (!error)
		error = devfs_add("tty", ABI_S_IFCHR | 0666, DEVICE_TTY, &tty_file_ops, NULL);
	return error ? error : pty_init();
}
