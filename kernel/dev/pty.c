/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals: the master's side. Output of the slave lies in the slave's own buffer until the
 * master reads it; what the master writes is taken by the line discipline at once, and waits in
 * `keys` when that is full. After the stop key the master sees what was output before it.
 *
 * A pseudo-terminal lives while its master or a file of its slave is open. With the master's end
 * the slave is hung up and its name goes. When the last file of the slave is closed, reads of the
 * master fail, after what is left, until somebody opens the slave again.
 *
 * Left out: packet mode.
 */
#include "kernel/dev/pty.h"

#include "kernel/dev/tty_internal.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

#define DEVICE_PTMX 0x502u /* 5:2 */
#define SLAVE_MAJOR 136u
#define PTY_MAX     4096u /* as /proc/sys/kernel/pty/max */
#define KEYS_BYTES  8192u

struct pty {
	struct tty tty;
	unsigned int index;
	struct inode *node; /* in /dev/pts; NULL: the master has gone */
	bool locked;
	bool slave_left;     /* the last file of the slave has been closed, and none opened since */
	unsigned int slaves; /* its open files */
	uint32_t shown;      /* of tty.out: up to here the master may read */
	struct wait_queue read_wait, write_wait; /* of the master */
	char keys[KEYS_BYTES];
	uint32_t keys_head, keys_tail; /* count bytes and wrap */
};

static struct pty *pty_table[PTY_MAX]; /* those with a master */

static void pty_free_unused(struct pty *pty)
{
	if (!pty->node && pty->slaves == 0)
		kfree(pty);
}

struct tty *pty_find_slave(uint64_t rdev)
{
	unsigned int index = abi_dev_minor(rdev);
	struct pty *pty = index < PTY_MAX ? pty_table[index] : NULL;

	return pty && !pty->locked ? &pty->tty : err_ptr(-EIO);
}

void pty_slave_opened(struct tty *tty)
{
	tty->pty->slaves++;
	tty->pty->slave_left = false;
}

void pty_slave_closed(struct tty *tty)
{
	struct pty *pty = tty->pty;

	if (--pty->slaves == 0) {
		pty->slave_left = true;
		wait_wake_all(&pty->read_wait);
	}
	pty_free_unused(pty);
}

/* Slave to master. */

static size_t shown_bytes(const struct pty *pty)
{
	return pty->shown - pty->tty.out_tail;
}

void pty_output(struct tty *tty)
{
	struct pty *pty = tty->pty;

	if (!tty->ld.stopped || tty_out_used(tty) == 0)
		pty->shown = tty->out_head;
	if (shown_bytes(pty) > 0)
		wait_wake_all(&pty->read_wait);
}

/* The bytes in one piece that the master may read now. */
static size_t shown_piece(const struct pty *pty)
{
	return MIN(shown_bytes(pty), (size_t)(TTY_OUT_BYTES - pty->tty.out_tail % TTY_OUT_BYTES));
}

static long ptmx_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct pty *pty = file->private;
	long done = 0;

	(void)pos;
	if (uio->left == 0)
		return 0;
	if (shown_bytes(pty) == 0) {
		if (pty->slave_left)
			return -EIO;
		if ((file->flags & ABI_O_NONBLOCK) != 0)
			return -EAGAIN;
		if (wait_event(&pty->read_wait, shown_bytes(pty) > 0 || pty->slave_left,
		               WAIT_FOREVER) != 0)
			return -ERESTARTSYS;
		if (shown_bytes(pty) == 0)
			return -EIO;
	}
	while (uio->left > 0 && shown_bytes(pty) > 0) {
		long moved = uio_copy_to(uio, pty->tty.out + pty->tty.out_tail % TTY_OUT_BYTES,
		                         shown_piece(pty));

		if (moved < 0)
			return done > 0 ? done : moved;
		pty->tty.out_tail += (uint32_t)moved;
		done += moved;
	}
	wait_wake_all(&pty->tty.write_wait);
	return done;
}

/* Master to slave. */

static size_t keys_room(const struct pty *pty)
{
	return KEYS_BYTES - (pty->keys_head - pty->keys_tail);
}

size_t pty_read_keys(struct tty *tty, char *data, size_t size)
{
	struct pty *pty = tty->pty;
	size_t len = MIN(size, (size_t)(pty->keys_head - pty->keys_tail));

	for (size_t i = 0; i < len; i++)
		data[i] = pty->keys[pty->keys_tail++ % KEYS_BYTES];
	if (len > 0)
		wait_wake_all(&pty->write_wait);
	return len;
}

/* As many of the bytes as there is room for in one piece. Bytes moved or -EFAULT. */
static long add_keys(struct pty *pty, struct uio *uio)
{
	uint32_t offset = pty->keys_head % KEYS_BYTES;
	long moved = uio_copy_from(uio, pty->keys + offset,
	                           MIN(keys_room(pty), (size_t)(KEYS_BYTES - offset)));

	if (moved > 0)
		pty->keys_head += (uint32_t)moved;
	return moved;
}

static long ptmx_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct pty *pty = file->private;
	long done = 0, result = 0;

	(void)pos;
	while (uio->left > 0) {
		if (keys_room(pty) == 0) {
			if ((file->flags & ABI_O_NONBLOCK) != 0)
				result = -EAGAIN;
			else if (wait_event(&pty->write_wait, keys_room(pty) > 0, WAIT_FOREVER) !=
			         0)
				result = -ERESTARTSYS;
		}
		if (result == 0)
			result = add_keys(pty, uio);
		if (result < 0)
			break;
		done += result;
		result = 0;
		tty_pull_input(&pty->tty);
	}
	return done > 0 ? done : result;
}

static uint32_t ptmx_poll(struct file *file, struct poll_table *table)
{
	struct pty *pty = file->private;
	uint32_t events = 0;

	poll_wait(table, &pty->read_wait);
	poll_wait(table, &pty->write_wait);
	if (shown_bytes(pty) > 0)
		events |= ABI_POLLIN | ABI_POLLRDNORM;
	if (pty->slave_left)
		events |= ABI_POLLHUP;
	if (keys_room(pty) > 0)
		events |= ABI_POLLOUT | ABI_POLLWRNORM;
	return events;
}

/* Commands of the master. */

static long put_int(uintptr_t arg, int value)
{
	return copy_to_user((void *)arg, &value, sizeof(value));
}

static long set_lock(struct pty *pty, uintptr_t arg)
{
	int on;

	if (copy_from_user(&on, (const void *)arg, sizeof(on)) != 0)
		return -EFAULT;
	pty->locked = on != 0;
	return 0;
}

/* Open the slave without its name: a descriptor. */
static long open_peer(struct pty *pty, uint32_t flags)
{
	struct file *file = file_open_inode(pty->node, flags);
	int fd;

	if (is_err(file))
		return ptr_err(file);
	fd = fd_install(file, (flags & ABI_O_CLOEXEC) != 0, 0);
	if (fd < 0)
		file_put(file);
	return fd;
}

/* Drop what goes to the slave or comes from it. */
static long ptmx_flush(struct pty *pty, uintptr_t which)
{
	if (which != ABI_TCIFLUSH && which != ABI_TCOFLUSH && which != ABI_TCIOFLUSH)
		return -EINVAL;
	if (which != ABI_TCOFLUSH)
		tty_drop_output(&pty->tty);
	if (which != ABI_TCIFLUSH) {
		pty->keys_tail = pty->keys_head;
		pty->tty.in_pos = pty->tty.in_len;
		ldisc_flush_input(&pty->tty.ld);
		wait_wake_all(&pty->write_wait);
	}
	return 0;
}

static long send_signal(const struct pty *pty, uintptr_t signal)
{
	if (signal != ABI_SIGINT && signal != ABI_SIGQUIT && signal != ABI_SIGTSTP)
		return -EINVAL;
	if (pty->tty.pgid != 0)
		signal_send_group(pty->tty.pgid, (int)signal, NULL);
	return 0;
}

/* Job control is the slave's; who has the master may look at it. */
static long ptmx_job_ioctl(struct pty *pty, unsigned int command, uintptr_t arg)
{
	int pgid;

	switch (command) {
	case ABI_TIOCGPGRP:
		return put_int(arg, pty->tty.pgid);
	case ABI_TIOCGSID:
		return pty->tty.sid != 0 ? put_int(arg, pty->tty.sid) : -ENOTTY;
	case ABI_TIOCSPGRP:
		if (copy_from_user(&pgid, (const void *)arg, sizeof(pgid)) != 0)
			return -EFAULT;
		return tty_set_group(&pty->tty, pgid);
	case ABI_TIOCSCTTY:
		return tty_acquire(&pty->tty, arg == 1);
	default:
		return -ENOTTY;
	}
}

static long ptmx_ioctl(struct file *file, unsigned int command, uintptr_t arg)
{
	struct pty *pty = file->private;
	long result;

	switch (command) {
	case ABI_TIOCGPTN:
		return put_int(arg, (int)pty->index);
	case ABI_TIOCSPTLCK:
		return set_lock(pty, arg);
	case ABI_TIOCGPTLCK:
		return put_int(arg, pty->locked);
	case ABI_TIOCGPTPEER:
		return open_peer(pty, (uint32_t)arg);
	case ABI_TIOCSIG:
		return send_signal(pty, arg);
	case ABI_TCFLSH:
		return ptmx_flush(pty, arg);
	case ABI_FIONREAD:
		return put_int(arg, (int)shown_bytes(pty));
	case ABI_TCSBRK:
	case ABI_TCSBRKP:
		return 0;
	default:
		result = tty_ioctl_common(&pty->tty, command, arg);
		return result != -ENOTTY ? result : ptmx_job_ioctl(pty, command, arg);
	}
}

/* The master's beginning and end. */

static int ptmx_open(struct file *file)
{
	struct pty *pty = kzalloc(sizeof(*pty));
	struct inode *node;

	if (!pty)
		return -ENOMEM;
	while (pty->index < PTY_MAX && pty_table[pty->index])
		pty->index++;
	node = pty->index < PTY_MAX ? devpts_add(pty->index, abi_makedev(SLAVE_MAJOR, pty->index))
	                            : err_ptr(-ENOSPC);
	if (is_err(node)) {
		kfree(pty);
		return (int)ptr_err(node);
	}
	tty_setup(&pty->tty, (uint32_t)node->rdev);
	pty->tty.pty = pty;
	pty->node = node;
	pty->locked = true;
	wait_queue_init(&pty->read_wait);
	wait_queue_init(&pty->write_wait);
	pty_table[pty->index] = pty;
	file->private = pty;
	return 0;
}

static void ptmx_release(struct file *file)
{
	struct pty *pty = file->private;
	struct inode *node = pty->node;

	pty_table[pty->index] = NULL;
	devpts_remove(pty->index);
	tty_hangup(&pty->tty);
	pty->node = NULL;
	pty_free_unused(pty);
	inode_put(node);
}

int pty_init(void)
{
	static const struct file_ops ptmx_file_ops = {
	    .read = ptmx_read,
	    .write = ptmx_write,
	    .poll = ptmx_poll,
	    .ioctl = ptmx_ioctl,
	    .open = ptmx_open,
	    .release = ptmx_release,
	};
	int result = devpts_init();

	if (result == 0)
		result = devfs_add_major(SLAVE_MAJOR, &tty_file_ops);
	return result != 0 ? result : devfs_add("ptmx", 0666, DEVICE_PTMX, &ptmx_file_ops, NULL);
}
