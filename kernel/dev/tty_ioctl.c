/* SPDX-License-Identifier: MIT */
/*
 * The terminal's ioctl commands.
 */
#include "kernel/dev/tty_internal.h"
#include "kernel/fs/vfs.h"
#include "kernel/mm/vm.h"
#include "kernel/task/task.h"

static long put_int(uintptr_t arg, int value)
{
	return copy_to_user((void *)arg, &value, sizeof(value));
}

static long get_termios(struct tty *tty, uintptr_t arg)
{
	return copy_to_user((void *)arg, &tty->ld.termios, sizeof(tty->ld.termios));
}

/* The speed is for show: there is no line. */
static long get_termios2(struct tty *tty, uintptr_t arg)
{
	struct abi_termios2 attributes = {
	    .base = tty->ld.termios,
	    .ispeed = 38400,
	    .ospeed = 38400,
	};

	return copy_to_user((void *)arg, &attributes, sizeof(attributes));
}

/* TCSETS and its kin: `drain` waits for the output first, `flush` drops the input. */
static long set_termios(struct tty *tty, uintptr_t arg, bool drain, bool flush)
{
	struct abi_termios termios;
	long error = tty_check_foreground(tty, ABI_SIGTTOU);

	if (error)
		return error;
	if (copy_from_user(&termios, (const void *)arg, sizeof(termios)))
		return -EFAULT;
	if (flush)
		ldisc_flush_input(&tty->ld);
	if (drain) {
		error = tty_drain(tty);
		if (error)
			return error;
	}
	ldisc_set_termios(&tty->ld, &termios);
	/* What was input but no line yet may be readable now, and stopped output may go on. */
	tty_pull_input(tty);
	return 0;
}

static long flush(struct tty *tty, uintptr_t which)
{
	long error = tty_check_foreground(tty, ABI_SIGTTOU);

	if (error)
		return error;
	if (which != ABI_TCIFLUSH && which != ABI_TCOFLUSH && which != ABI_TCIOFLUSH)
		return -EINVAL;
	if (which != ABI_TCOFLUSH)
		ldisc_flush_input(&tty->ld);
	if (which != ABI_TCIFLUSH)
		tty_drop_output(tty);
	tty_pull_input(tty);
	return 0;
}

static long flow(struct tty *tty, uintptr_t what)
{
	long error = tty_check_foreground(tty, ABI_SIGTTOU);

	if (error)
		return error;
	switch (what) {
	case ABI_TCOOFF:
		tty->ld.stopped = true;
		return 0;
	case ABI_TCOON:
		tty->ld.stopped = false;
		tty_push_output(tty);
		return 0;
	case ABI_TCIOFF:
	case ABI_TCION:
		/* The other end would have to be sent a stop or start character; a screen takes all
		 * there is. */
		return 0;
	default:
		return -EINVAL;
	}
}

static long send_break(struct tty *tty)
{
	long error = tty_check_foreground(tty, ABI_SIGTTOU);

	return error ? error : tty_drain(tty);
}

static long set_window_size(struct tty *tty, uintptr_t arg)
{
	struct abi_winsize size;

	if (copy_from_user(&size, (const void *)arg, sizeof(size)))
		return -EFAULT;
	tty_resize(tty, &size);
	return 0;
}

static long set_group(struct tty *tty, uintptr_t arg)
{
	int pgid;

	if (copy_from_user(&pgid, (const void *)arg, sizeof(pgid)))
		return -EFAULT;
	return tty_set_group(tty, pgid);
}

static long job_ioctl(struct tty *tty, unsigned int command, uintptr_t arg)
{
	int value = 0;
	int error;

	switch (command) {
	case ABI_TIOCSCTTY:
		return tty_acquire(tty, arg == 1);
	case ABI_TIOCNOTTY:
		return tty_give_up(tty);
	case ABI_TIOCGPGRP:
		error = tty_get_group(tty, &value);
		return error ? error : put_int(arg, value);
	case ABI_TIOCSPGRP:
		return set_group(tty, arg);
	case ABI_TIOCGSID:
		error = tty_get_session(tty, &value);
		return error ? error : put_int(arg, value);
	default:
		return -ENOTTY;
	}
}

long tty_ioctl_common(struct tty *tty, unsigned int command, uintptr_t arg)
{
	switch (command) {
	case ABI_TCGETS:
		return get_termios(tty, arg);
	case ABI_TCGETS2:
		return get_termios2(tty, arg);
	case ABI_TCSETS:
	case ABI_TCSETS2:
		return set_termios(tty, arg, false, false);
	case ABI_TCSETSW:
	case ABI_TCSETSW2:
		return set_termios(tty, arg, true, false);
	case ABI_TCSETSF:
	case ABI_TCSETSF2:
		return set_termios(tty, arg, true, true);
	case ABI_TIOCGWINSZ:
		return copy_to_user((void *)arg, &tty->winsize, sizeof(tty->winsize));
	case ABI_TIOCSWINSZ:
		return set_window_size(tty, arg);
	case ABI_TIOCOUTQ:
		return put_int(arg, (int)tty_output_bytes(tty));
	case ABI_TIOCGETD:
		return put_int(arg, 0);
	default:
		return -ENOTTY;
	}
}

long tty_ioctl(struct file *file, unsigned int command, uintptr_t arg)
{
	struct tty *tty = tty_of_file(file);
	long result;

	if (!tty)
		return -EIO;
	switch (command) {
	case ABI_TCSBRK:
	case ABI_TCSBRKP:
		return send_break(tty);
	case ABI_TCXONC:
		return flow(tty, arg);
	case ABI_TCFLSH:
		return flush(tty, arg);
	case ABI_FIONREAD:
		return put_int(arg, (int)ldisc_input_bytes(&tty->ld));
	case ABI_TIOCGPTPEER:
		return tty->pty ? -EIO : -ENOTTY;
	default:
		result = tty_ioctl_common(tty, command, arg);
		return result != -ENOTTY ? result : job_ioctl(tty, command, arg);
	}
}
