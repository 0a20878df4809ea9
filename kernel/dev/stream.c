/* SPDX-License-Identifier: MIT */
/*
 * What carries the program's standard streams and how the run's end is told. Three cases:
 * - the launcher's channel: each descriptor is a stream of bytes, the terminal, or nothing, as the
 *   launcher says;
 * - the console, a domain's own or Xen's: all three are the terminal on it;
 * - neither: input is empty, output goes to the log.
 *
 * Everything that the launcher tells by the bell is looked at here, in deferred work: keys, room in
 * the rings, the window's size, a signal for the program.
 */
#include "kernel/dev/stream.h"

#include "kernel/dev/channel.h"
#include "kernel/dev/stream_file.h"
#include "kernel/dev/tty.h"
#include "kernel/fs/vfs.h"
#include "kernel/linux/abi_fs.h"
#include "kernel/task/task.h"
#include "kernel/work.h"
#include "pv/console.h"
#include "pv/time.h"

#define PROGRAM_PID 2

/* At the end of the run, how long the reader of the output may stand still. */
#define DRAIN_PATIENCE_NS (5 * NS_PER_SEC)

/* Output for the screen that the launcher has not taken: little, so that an interrupt key is seen
 * to act soon. */
#define SCREEN_UNREAD_MAX 16384u

#define REPORT_BYTES 16384u

static size_t (*report_make)(char *buffer, size_t size);
static struct wait_queue finish_wait;
static bool started; /* the channel: the hand-over is through, rings may be looked at */
static uint32_t signal_seq_seen;
static uint32_t winsize_seq_seen;

/* The terminal's carriers. */

static size_t channel_screen_write(const char *data, size_t len)
{
	size_t fill = channel_fill(CHANNEL_TTY_OUT);

	if (channel_reader_closed(CHANNEL_TTY_OUT))
		return len;
	/* At the limit the host is asked to ring, before the last look. */
	if (fill >= SCREEN_UNREAD_MAX)
		fill = channel_unread(CHANNEL_TTY_OUT);
	if (fill >= SCREEN_UNREAD_MAX)
		return 0;
	return channel_write(CHANNEL_TTY_OUT, data, MIN(len, SCREEN_UNREAD_MAX - fill));
}

static size_t channel_screen_unread(void)
{
	return channel_reader_closed(CHANNEL_TTY_OUT) ? 0 : channel_unread(CHANNEL_TTY_OUT);
}

static size_t channel_keys_read(char *data, size_t size)
{
	const char *keys;
	size_t len = MIN(channel_peek(CHANNEL_TTY_IN, &keys), size);

	if (len > 0) {
		memcpy(data, keys, len);
		channel_consume(CHANNEL_TTY_IN, len);
	}
	return len;
}

static bool channel_keys_closed(void)
{
	return channel_at_end(CHANNEL_TTY_IN);
}

static size_t log_screen_write(const char *data, size_t len)
{
	pv_log_write(data, len);
	return len;
}

static const struct tty_backend channel_backend = {
    .write = channel_screen_write,
    .unread = channel_screen_unread,
    .read = channel_keys_read,
    .closed = channel_keys_closed,
};

static const struct tty_backend console_backend = {
    .write = pv_console_write,
    .unread = pv_console_unread,
    .read = pv_console_read,
};

/* The log has no keyboard: a reader finds the end. */
static bool log_keys_closed(void)
{
	return true;
}

static const struct tty_backend log_backend = {
    .write = log_screen_write,
    .closed = log_keys_closed,
};

/* What each descriptor is. */

static enum channel_fd_kind fd_kind(int fd)
{
	return (enum channel_fd_kind)__atomic_load_n(&channel_header()->fd_kind[fd],
	                                             __ATOMIC_RELAXED);
}

static struct file *open_device(const char *path, uint32_t flags)
{
	struct inode *inode = path_lookup(NULL, path, 0);
	struct file *file;

	if (is_err(inode))
		return err_ptr(ptr_err(inode));
	file = file_open_inode(inode, flags);
	inode_put(inode);
	return file;
}

static struct file *open_terminal(void)
{
	return open_device("/dev/console", ABI_O_RDWR | ABI_O_NOCTTY);
}

/* The file for a descriptor that is not the terminal. */
static struct file *open_stream(int fd)
{
	if (channel_present())
		return stream_file_open(fd);
	if (fd != 0)
		return stream_file_open_log();
	return open_device("/dev/null", ABI_O_RDWR);
}

/* The host may say that the program has no such descriptor. */
static bool fd_is_open(int fd)
{
	return !channel_present() || fd_kind(fd) == CHANNEL_FD_STREAM ||
	       fd_kind(fd) == CHANNEL_FD_TTY;
}

static bool fd_is_terminal(int fd)
{
	if (channel_present())
		return fd_kind(fd) == CHANNEL_FD_TTY;
	return pv_console_present();
}

static int install(struct file *file, int fd)
{
	int result;

	if (is_err(file))
		return (int)ptr_err(file);
	result = fd_install(file, false, fd);
	if (result < 0) {
		file_put(file);
		return result;
	}
	ASSERT(result == fd);
	return 0;
}

/* The deferred work. */

/* A signal that the launcher asks for. While there is no program yet the request stays. */
static void take_signal(void)
{
	struct channel_header *header = channel_header();
	uint32_t seq = __atomic_load_n(&header->signal_seq, __ATOMIC_ACQUIRE);
	uint32_t signal = __atomic_load_n(&header->signal_number, __ATOMIC_RELAXED);
	struct process *program;

	if (seq == signal_seq_seen)
		return;
	program = process_find(PROGRAM_PID);
	if (!program)
		return;
	signal_seq_seen = seq;
	__atomic_store_n(&header->signal_taken, seq, __ATOMIC_RELEASE);
	if (signal >= 1 && signal < ABI_SIGRTMIN)
		signal_send_process(program, (int)signal, NULL);
}

static void take_window_size(void)
{
	struct channel_header *header = channel_header();
	uint32_t seq = __atomic_load_n(&header->winsize_seq, __ATOMIC_ACQUIRE);

	if (seq == winsize_seq_seen)
		return;
	winsize_seq_seen = seq;
	tty_set_window_size(__atomic_load_n(&header->winsize_rows, __ATOMIC_RELAXED),
	                    __atomic_load_n(&header->winsize_columns, __ATOMIC_RELAXED));
}

static void look_around(void)
{
	if (channel_present()) {
		channel_arm();
		if (!started) {
			wait_wake_all(&finish_wait);
			return;
		}
		take_signal();
		take_window_size();
		stream_file_moved();
	}
	tty_backend_moved();
	wait_wake_all(&finish_wait);
}

static struct work bell_work = {.run = look_around};

static void bell(void)
{
	work_mark(&bell_work);
}

/* Boot. */

void stream_wait_hand_over(void)
{
	struct wait_entry entry;

	wait_enqueue(&finish_wait, &entry);
	channel_set_state(CHANNEL_GUEST_WAITS);
	while (!channel_handed_over())
		(void)task_sleep(false, WAIT_FOREVER);
	wait_dequeue(&entry);
}

void stream_start(void)
{
	struct channel_header *header = channel_header();
	bool terminal = fd_is_terminal(0) || fd_is_terminal(1) || fd_is_terminal(2);
	int error = tty_init(terminal ? &channel_backend : &log_backend);

	if (error)
		klog(LOG_ERROR, "stream: no terminal devices: error %d", error);
	winsize_seq_seen = __atomic_load_n(&header->winsize_seq, __ATOMIC_ACQUIRE);
	if (terminal)
		tty_set_window_size(header->winsize_rows, header->winsize_columns);
	started = true;
	channel_set_state(CHANNEL_GUEST_READY);
	work_mark(&bell_work);
}

void stream_init(void)
{
	int error = 0;

	wait_queue_init(&finish_wait);
	stream_file_init();
	work_register(&bell_work);
	if (channel_init(bell)) {
		/* The rest knows the hand-over. */
	} else if (pv_console_present()) {
		error = tty_init(&console_backend);
		if (!error)
			error = pv_console_set_handler(bell);
	} else {
		error = tty_init(&log_backend);
	}
	if (error)
		klog(LOG_ERROR, "stream: no terminal: error %d", error);
	/* What happened before there was a handler. */
	work_mark(&bell_work);
}

int stream_install_fds(void)
{
	struct file *terminal = NULL;
	int error = 0;

	for (int fd = 0; fd < 3 && !error; fd++) {
		if (!fd_is_open(fd))
			continue;
		if (!fd_is_terminal(fd)) {
			error = install(open_stream(fd), fd);
			continue;
		}
		/* One open terminal, as after a login. */
		if (!terminal) {
			terminal = open_terminal();
			if (is_err(terminal))
				return (int)ptr_err(terminal);
		}
		file_get(terminal);
		error = install(terminal, fd);
	}
	if (terminal) {
		file_put(terminal);
		tty_give_to_current();
	}
	work_mark(&bell_work);
	return error;
}

/* The end of the run. */

void stream_set_report(size_t (*make)(char *buffer, size_t size))
{
	report_make = make;
}

static void send_report(void)
{
	static char report[REPORT_BYTES];
	size_t len;

	if (!report_make || !__atomic_load_n(&channel_header()->want_report, __ATOMIC_RELAXED))
		return;
	len = MIN(report_make(report, sizeof(report)), sizeof(report));
	if (channel_write(CHANNEL_REPORT, report, len) < len)
		klog(LOG_WARNING, "stream: the report is cut short");
	channel_set_eof(CHANNEL_REPORT);
}

/* The rings whose reader the end of the run waits for. The report fits its ring, and the launcher
 * reads it last. */
static const enum channel_ring_idx output_rings[] = {
    CHANNEL_STDOUT,
    CHANNEL_STDERR,
    CHANNEL_TTY_OUT,
};

/* Bytes that the other end has still to take. */
static size_t output_left(void)
{
	size_t left = tty_finish_output();

	if (!channel_present())
		return left + (pv_console_present() ? pv_console_unread() : 0);
	for (size_t i = 0; i < ARRAY_COUNT(output_rings); i++)
		if (!channel_reader_closed(output_rings[i]))
			left += channel_unread(output_rings[i]);
	return left;
}

/* Wait until everything has been taken, or nothing has for too long. */
static void drain(void)
{
	struct wait_entry entry;
	size_t left = output_left();
	uint64_t deadline_ns = pv_time_monotonic_ns() + DRAIN_PATIENCE_NS;

	wait_enqueue(&finish_wait, &entry);
	while (left > 0) {
		size_t before = left;

		if (task_sleep(false, deadline_ns) == -ETIMEDOUT)
			break;
		left = output_left();
		if (left != before)
			deadline_ns = pv_time_monotonic_ns() + DRAIN_PATIENCE_NS;
	}
	wait_dequeue(&entry);
	if (left > 0)
		klog(LOG_WARNING, "stream: %zu bytes of output were not read", left);
}

/* On a console there is nobody else to tell how the program ended. */
static void tell_console(enum channel_exit_kind kind, uint32_t value, const char *message)
{
	char line[320];
	size_t len = 0;

	if (kind == CHANNEL_EXIT_SIGNAL)
		len =
		    (size_t)fmt_print(line, sizeof(line), "pinfold: ended by signal %u\r\n", value);
	else if (kind == CHANNEL_EXIT_STATUS && value != 0)
		len = (size_t)fmt_print(line, sizeof(line), "pinfold: exit status %u\r\n", value);
	else if (kind == CHANNEL_EXIT_ENOENT)
		len = (size_t)fmt_print(line, sizeof(line), "pinfold: program not found\r\n");
	else if (kind != CHANNEL_EXIT_STATUS)
		len = (size_t)fmt_print(line, sizeof(line), "pinfold: %.280s\r\n",
		                        message ? message : "failed");
	if (pv_console_present())
		pv_console_write(line, len);
	else
		pv_log_write(line, len);
}

void stream_finish(enum channel_exit_kind kind, uint32_t value, const char *message)
{
	if (!channel_present()) {
		drain();
		tell_console(kind, value, message);
		/* The domain goes, and what is still in its ring with it. */
		drain();
		return;
	}
	send_report();
	drain();
	for (size_t i = 0; i < ARRAY_COUNT(output_rings); i++)
		channel_set_eof(output_rings[i]);
	channel_store_exit(kind, value, message);
}

void stream_panic(const char *message)
{
	if (channel_present())
		channel_store_exit(CHANNEL_EXIT_PANIC, 0, message);
	else
		tell_console(CHANNEL_EXIT_PANIC, 0, message);
}
