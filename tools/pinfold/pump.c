/* SPDX-License-Identifier: MIT */
/*
 * The event loop of a run, see pump.h.
 *
 * Nothing here blocks but poll: the descriptors 0, 1, 2 may be shared with other processes, so they
 * are never set to O_NONBLOCK; instead a write has at most as many bytes as a pipe that polls as
 * writable always takes (PIPE_BUF). The bell protocol of lib/channel.h is kept by arming before the
 * rings are looked at and polling after that.
 */
#include "tools/pinfold/pump.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/pump_start.h"
#include "tools/pinfold/terminal.h"

#define NS_PER_MS        1000000ll
#define BOOT_LIMIT_NS    (120000 * NS_PER_MS)
#define RESTORE_LIMIT_NS (20000 * NS_PER_MS)
#define BOOT_NOTE_NS     (3000 * NS_PER_MS)
#define HUNG_LIMIT_NS    (5000 * NS_PER_MS)
#define BACKGROUND_MS    500
#define KEY_INTERRUPT    3 /* Ctrl-C */
#define FILE_CHUNK_BYTES 65536

/* One way out: a ring of the guest's and the descriptor its bytes go to. */
struct way_out {
	enum channel_ring_idx ring;
	int fd; /* -1: not in use, or closed by its reader */
	size_t chunk;
};

enum { WAY_STDOUT, WAY_STDERR, WAY_TTY, WAY_COUNT };
enum {
	POLL_BELL,
	POLL_SIGNAL,
	POLL_COM1,
	POLL_QEMU,
	POLL_QMP,
	POLL_STDIN,
	POLL_WAYS,
	POLL_COUNT = POLL_WAYS + WAY_COUNT
};

struct loop {
	struct pump *pump;
	struct way_out way[WAY_COUNT];
	struct pollfd poll[POLL_COUNT];
	enum channel_ring_idx stdin_ring;
	bool is_file; /* standard input is one: its own offset moves only as the guest reads */
	off_t file_offset;
	int64_t begun_ns;      /* when QEMU was started */
	int64_t signal_ns;     /* when the program was last asked to end, or 0 */
	int64_t interrupt_ns;  /* when Ctrl-C was last typed for the program, or 0 */
	uint32_t interrupt_at; /* its place in the ring */
	bool is_noted;         /* the user was told that the start takes long */
	bool is_over;
	enum pump_end end;
};

static const int taken_signals[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1,
                                    SIGUSR2, SIGCHLD, SIGWINCH, SIGCONT};

int64_t pump_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void pump_block_signals(struct pump *pump)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(taken_signals) / sizeof(taken_signals[0]); i++) {
		struct sigaction old;

		/*
		 * What was ignored when this command was started (nohup, a background job) stays
		 * so.
		 */
		sigaction(taken_signals[i], NULL, &old);
		if (old.sa_handler != SIG_IGN || taken_signals[i] == SIGCHLD)
			sigaddset(&set, taken_signals[i]);
	}
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pump->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (pump->signal_fd < 0)
		fail_exit(STATUS_FAILURE, "cannot wait for signals: %s", strerror(errno));
}

static void end_loop(struct loop *loop, enum pump_end end)
{
	if (loop->is_over)
		return;
	loop->is_over = true;
	loop->end = end;
}

/*
 * The reader has gone: the guest's writer is told, and what it had written is lost, as in a pipe.
 */
static void close_way(struct loop *loop, struct way_out *way)
{
	const uint8_t *data;
	size_t len;

	hostchan_close_reader(loop->pump->channel, way->ring);
	while ((len = hostchan_peek(loop->pump->channel, way->ring, &data)) > 0)
		hostchan_consume(loop->pump->channel, way->ring, len);
	way->fd = -1;
}

static void move_out(struct loop *loop, struct way_out *way)
{
	const uint8_t *data;
	size_t len = hostchan_peek(loop->pump->channel, way->ring, &data);
	ssize_t done;

	if (len == 0)
		return;
	done = write(way->fd, data, len < way->chunk ? len : way->chunk);
	if (done >= 0) {
		hostchan_consume(loop->pump->channel, way->ring, (size_t)done);
	} else if (errno != EINTR && errno != EAGAIN) {
		/* A reader that has gone wants nothing; anything else is a loss. */
		if (errno != EPIPE)
			loop->pump->write_error = errno;
		close_way(loop, way);
	}
}

static bool take_log(struct pump *pump, int *fd, enum log_source source)
{
	char data[4096];
	ssize_t got = read(*fd, data, sizeof(data));

	if (got > 0) {
		log_take(pump->log, source, data, (size_t)got);
		return true;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		*fd = -1;
	return false;
}

static void take_rest_of_log(struct pump *pump)
{
	while (take_log(pump, &pump->qemu->com1_fd, LOG_MACHINE))
		;
	while (take_log(pump, &pump->qemu->stderr_fd, LOG_QEMU))
		;
}

static void take_child(struct pump *pump)
{
	if (pump->qemu_gone || waitpid(pump->qemu->pid, &pump->number, WNOHANG) != pump->qemu->pid)
		return;
	pump->qemu_gone = true;
	take_rest_of_log(pump);
}

/* The first goes to the program; a second one, or one before there is a program, ends the run. */
static void forward_signal(struct loop *loop, int number)
{
	struct pump *pump = loop->pump;
	bool may_end = number != SIGUSR1 && number != SIGUSR2;

	if (may_end && (pump->signals++ > 0 || !pump_start_is_over(pump))) {
		pump->number = number;
		end_loop(loop, PUMP_SIGNAL);
		return;
	}
	if (may_end)
		loop->signal_ns = pump_now_ns();
	else if (hostchan_signal_taken(pump->channel))
		loop->signal_ns = 0;
	hostchan_send_signal(pump->channel, (unsigned int)number);
}

/*
 * The terminal is raw, so Ctrl-C is a key for the guest. While there is no program, and when the
 * guest has not read the last one for long, it is for this command.
 */
static void note_interrupt(struct loop *loop)
{
	struct pump *pump = loop->pump;
	int64_t now = pump_now_ns();

	if (!pump_start_is_over(pump)) {
		forward_signal(loop, SIGINT);
	} else if (loop->interrupt_ns == 0 ||
	           hostchan_has_read(pump->channel, loop->stdin_ring, loop->interrupt_at)) {
		loop->interrupt_ns = now;
		loop->interrupt_at = hostchan_position(pump->channel, loop->stdin_ring) + 1;
	} else if (now - loop->interrupt_ns >= HUNG_LIMIT_NS) {
		end_loop(loop, PUMP_HUNG);
	}
}

static void move_in(struct loop *loop)
{
	struct pump *pump = loop->pump;
	uint8_t *room;
	size_t len = hostchan_room(pump->channel, loop->stdin_ring, &room);
	ssize_t got;

	if (len == 0)
		return;
	if (loop->is_file)
		got = pread(pump->stdin_fd, room, len, loop->file_offset);
	else
		got = read(pump->stdin_fd, room, len);
	if (got > 0) {
		loop->file_offset += got;
		if (pump->is_raw && memchr(room, KEY_INTERRUPT, (size_t)got) != NULL)
			note_interrupt(loop);
		hostchan_produce(pump->channel, loop->stdin_ring, (size_t)got);
	} else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
		hostchan_set_eof(pump->channel, loop->stdin_ring, got == 0 ? 0 : errno);
		pump->stdin_fd = -1;
	}
}

static void take_window(struct loop *loop)
{
	unsigned int rows, columns;
	int fd = loop->way[WAY_TTY].fd;

	if (fd >= 0 && terminal_size(fd, &rows, &columns))
		hostchan_set_window(loop->pump->channel, rows, columns);
}

static void take_signal(struct loop *loop)
{
	struct signalfd_siginfo info;

	if (read(loop->pump->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		take_child(loop->pump);
		break;
	case SIGCONT:
		terminal_make_raw_again();
		take_window(loop);
		break;
	case SIGWINCH:
		take_window(loop);
		break;
	default:
		forward_signal(loop, (int)info.ssi_signo);
		break;
	}
}

/*
 * A terminal that is not the program's own is shared: with a pager at the other end of a pipe, or
 * with the shell when this is a background job. It is read only when the guest asks, and from the
 * foreground.
 */
static bool may_read_stdin(const struct loop *loop)
{
	const struct pump *pump = loop->pump;

	if (pump->is_raw || !isatty(pump->stdin_fd))
		return true;
	return hostchan_is_wanted(pump->channel, loop->stdin_ring) &&
	       tcgetpgrp(pump->stdin_fd) == getpgrp();
}

/*
 * Fills in what to wait for. Returns the longest time to wait, in ms; -1 for as long as it takes.
 */
static int plan_poll(struct loop *loop)
{
	struct pump *pump = loop->pump;
	struct pollfd *fds = loop->poll;
	uint8_t *room;
	int wait_ms = -1;

	memset(fds, 0, sizeof(loop->poll));
	fds[POLL_BELL] = (struct pollfd){.fd = pump->channel->bell_fd, .events = POLLIN};
	fds[POLL_SIGNAL] = (struct pollfd){.fd = pump->signal_fd, .events = POLLIN};
	fds[POLL_COM1] = (struct pollfd){.fd = pump->qemu->com1_fd, .events = POLLIN};
	fds[POLL_QEMU] = (struct pollfd){.fd = pump->qemu->stderr_fd, .events = POLLIN};
	fds[POLL_QMP] = (struct pollfd){.fd = pump->qmp ? pump->qmp->fd : -1, .events = POLLIN};
	fds[POLL_STDIN].fd = -1;
	/* A guest that does not come up is to leave all input to the next one; but Ctrl-C counts. */
	if (pump->stdin_fd >= 0 && (pump_start_is_taken(pump) || pump->is_raw) &&
	    hostchan_room(pump->channel, loop->stdin_ring, &room) > 0) {
		if (may_read_stdin(loop))
			fds[POLL_STDIN] = (struct pollfd){.fd = pump->stdin_fd, .events = POLLIN};
		else
			wait_ms = BACKGROUND_MS;
	}
	for (int i = 0; i < WAY_COUNT; i++) {
		const uint8_t *data;
		struct way_out *way = &loop->way[i];
		bool full = way->fd >= 0 && hostchan_peek(pump->channel, way->ring, &data) > 0;

		fds[POLL_WAYS + i] =
		    (struct pollfd){.fd = way->fd, .events = full ? POLLOUT : (short)0};
	}
	return wait_ms;
}

static int sooner(int wait_ms, int64_t at_ns, int64_t now)
{
	int64_t ms = at_ns <= now ? 0 : (at_ns - now) / NS_PER_MS + 1;

	if (ms > INT_MAX)
		ms = INT_MAX;
	return wait_ms < 0 || ms < wait_ms ? (int)ms : wait_ms;
}

static void note_long_start(struct loop *loop)
{
	if (!loop->is_noted && isatty(STDERR_FILENO)) {
		static const char note[] = "pinfold: the guest is still starting\r\n";

		if (write(STDERR_FILENO, note, sizeof(note) - 1) < 0) {
			/* Then there is nobody to wait. */
		}
	}
	loop->is_noted = true;
}

/* What time alone brings about. Returns how long there is nothing to do, in ms, at most wait_ms. */
static int check_clock(struct loop *loop, int wait_ms)
{
	struct pump *pump = loop->pump;
	int64_t now = pump_now_ns();

	if (pump->timeout_ns > 0) {
		int64_t at = pump->started_ns + pump->timeout_ns;

		if (now >= at)
			end_loop(loop, PUMP_TIMEOUT);
		wait_ms = sooner(wait_ms, at, now);
	}
	if (!pump_start_is_over(pump)) {
		int64_t note_at = loop->begun_ns + BOOT_NOTE_NS;
		int64_t limit_at = loop->begun_ns + BOOT_LIMIT_NS;

		if (now >= note_at)
			note_long_start(loop);
		if (now >= limit_at)
			end_loop(loop, PUMP_NO_BOOT);
		wait_ms = sooner(wait_ms, loop->is_noted ? limit_at : note_at, now);
	}
	if (pump_start_is_restoring(pump)) {
		int64_t at = loop->begun_ns + RESTORE_LIMIT_NS;

		if (now >= at)
			end_loop(loop, PUMP_NO_RESTORE);
		wait_ms = sooner(wait_ms, at, now);
	}
	if (loop->signal_ns > 0 && !hostchan_signal_taken(pump->channel)) {
		int64_t at = loop->signal_ns + HUNG_LIMIT_NS;

		if (now >= at)
			end_loop(loop, PUMP_HUNG);
		wait_ms = sooner(wait_ms, at, now);
	}
	return wait_ms;
}

static void handle_poll(struct loop *loop)
{
	struct pump *pump = loop->pump;
	struct pollfd *fds = loop->poll;

	if (fds[POLL_SIGNAL].revents != 0)
		take_signal(loop);
	if (fds[POLL_COM1].revents != 0)
		(void)take_log(pump, &pump->qemu->com1_fd, LOG_MACHINE);
	if (fds[POLL_QMP].revents != 0 && !pump_start_take_news(pump))
		end_loop(loop, PUMP_NO_RESTORE);
	if (fds[POLL_QEMU].revents != 0)
		(void)take_log(pump, &pump->qemu->stderr_fd, LOG_QEMU);
	if ((fds[POLL_BELL].revents & (POLLHUP | POLLERR)) != 0)
		pump->channel->bell_fd = -1;
	if (fds[POLL_STDIN].revents != 0)
		move_in(loop);
	for (int i = 0; i < WAY_COUNT; i++) {
		struct way_out *way = &loop->way[i];
		short got = fds[POLL_WAYS + i].revents;

		if (way->fd < 0 || got == 0)
			continue;
		if ((got & POLLOUT) != 0 && (got & POLLERR) == 0)
			move_out(loop, way);
		else
			close_way(loop, way);
	}
}

static bool is_drained(const struct loop *loop)
{
	for (int i = 0; i < WAY_COUNT; i++) {
		if (loop->poll[POLL_WAYS + i].events != 0)
			return false;
	}
	return true;
}

/* Has the run ended? The output that is there goes out first, whatever the reason. */
static void check_end(struct loop *loop)
{
	struct pump *pump = loop->pump;

	if (pump_start_is_restoring(pump)) {
		if (pump->channel->broken || pump->log->ended || pump->qemu_gone ||
		    hostchan_exit_kind(pump->channel) != CHANNEL_EXIT_NONE)
			end_loop(loop, PUMP_NO_RESTORE);
		return;
	}
	if (pump->channel->broken)
		end_loop(loop, PUMP_BROKEN);
	if (hostchan_exit_kind(pump->channel) != CHANNEL_EXIT_NONE) {
		/* What was written just before the kind: only a look after it shows all. */
		(void)plan_poll(loop);
		if (is_drained(loop))
			end_loop(loop, PUMP_GUEST);
		return;
	}
	if (!is_drained(loop))
		return;
	if (pump->log->ended)
		end_loop(loop, PUMP_CRASH);
	else if (pump->qemu_gone)
		end_loop(loop, PUMP_QEMU);
}

static void set_ways(struct loop *loop)
{
	const struct channel_header *header = loop->pump->channel->header;
	struct way_out *way = loop->way;

	way[WAY_STDOUT] = (struct way_out){.ring = CHANNEL_STDOUT, .fd = -1};
	way[WAY_STDERR] = (struct way_out){.ring = CHANNEL_STDERR, .fd = -1};
	way[WAY_TTY] = (struct way_out){.ring = CHANNEL_TTY_OUT, .fd = -1};
	for (int fd = STDERR_FILENO; fd >= STDOUT_FILENO; fd--) {
		if (header->fd_kind[fd] == CHANNEL_FD_STREAM)
			way[fd - STDOUT_FILENO].fd = fd;
		else if (header->fd_kind[fd] == CHANNEL_FD_TTY)
			way[WAY_TTY].fd = fd;
	}
	for (int i = 0; i < WAY_COUNT; i++) {
		struct stat stat;

		way[i].chunk = PIPE_BUF;
		if (way[i].fd >= 0 && fstat(way[i].fd, &stat) == 0 && S_ISREG(stat.st_mode))
			way[i].chunk = FILE_CHUNK_BYTES;
	}
	loop->stdin_ring = header->fd_kind[0] == CHANNEL_FD_TTY ? CHANNEL_TTY_IN : CHANNEL_STDIN;
}

/*
 * A file's offset is shared with this command's parent: what the guest did not read is left for
 * others.
 */
static void note_stdin_file(struct loop *loop)
{
	struct stat stat;

	if (fstat(STDIN_FILENO, &stat) != 0 || !S_ISREG(stat.st_mode))
		return;
	loop->file_offset = lseek(STDIN_FILENO, 0, SEEK_CUR);
	loop->is_file = loop->pump->stdin_fd >= 0 && loop->file_offset >= 0;
}

static void give_back_stdin(const struct loop *loop)
{
	off_t unread = hostchan_unread(loop->pump->channel, loop->stdin_ring);

	if (loop->is_file)
		(void)lseek(STDIN_FILENO, loop->file_offset - unread, SEEK_SET);
}

enum pump_end pump_run(struct pump *pump)
{
	struct loop loop = {.pump = pump, .begun_ns = pump_now_ns()};

	set_ways(&loop);
	note_stdin_file(&loop);
	take_window(&loop);
	while (!loop.is_over) {
		int wait_ms;

		hostchan_arm(pump->channel);
		pump_start_go_on(pump);
		wait_ms = plan_poll(&loop);
		check_end(&loop);
		wait_ms = check_clock(&loop, wait_ms);
		if (loop.is_over)
			break;
		if (poll(loop.poll, POLL_COUNT, wait_ms) < 0 && errno != EINTR)
			fail_exit(STATUS_FAILURE, "poll: %s", strerror(errno));
		hostchan_disarm(pump->channel);
		handle_poll(&loop);
	}
	give_back_stdin(&loop);
	return loop.end;
}

void pump_end_qemu(struct pump *pump, int patience_ms)
{
	int64_t until = pump_now_ns() + patience_ms * NS_PER_MS;
	int status;

	while (!pump->qemu_gone && pump_now_ns() < until) {
		struct pollfd fds[] = {
		    {.fd = pump->qemu->com1_fd, .events = POLLIN},
		    {.fd = pump->qemu->stderr_fd, .events = POLLIN},
		    {.fd = pump->signal_fd, .events = POLLIN},
		};
		struct signalfd_siginfo info;

		(void)poll(fds, 3, sooner(patience_ms, until, pump_now_ns()));
		(void)take_log(pump, &pump->qemu->com1_fd, LOG_MACHINE);
		(void)take_log(pump, &pump->qemu->stderr_fd, LOG_QEMU);
		if (read(pump->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
		    info.ssi_signo != SIGCHLD)
			break;
		pump->qemu_gone = waitpid(pump->qemu->pid, &status, WNOHANG) == pump->qemu->pid;
	}
	if (!pump->qemu_gone) {
		kill(pump->qemu->pid, SIGKILL);
		(void)waitpid(pump->qemu->pid, &status, 0);
		pump->qemu_gone = true;
	}
	take_rest_of_log(pump);
}
