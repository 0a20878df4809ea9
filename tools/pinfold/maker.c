/* SPDX-License-Identifier: MIT */
/*
 * Making a saved machine, see maker.h.
 *
 * The guest says when it waits. Xen is then still busy with memory to clear behind its back, which
 * each start would do again; so the machine is saved once QEMU sleeps, at some looks one after the
 * other. (Its processor time says nothing where it has to wait for a processor.)
 */
#include "tools/pinfold/maker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/log.h"
#include "tools/pinfold/quiet.h"
#include "tools/pinfold/state.h"

#define NS_PER_MS     1000000ll
#define BOOT_LIMIT_MS 60000
#define LOOK_MS       3
#define LOOKS_WANTED  8
#define QUIET_MAX_MS  5000
#define SAVE_LIMIT_MS 20000
#define NOTE_MS       3000 /* from when on the user is told what takes so long */

enum phase { PHASE_BOOT, PHASE_QUIET, PHASE_SAVE, PHASE_QUIT, PHASE_OVER };

struct making {
	struct maker *maker;
	const struct maker_machine *made;
	struct qemu_process qemu;
	struct log log;
	enum phase phase;
	enum maker_end end;
	int64_t phase_ns; /* when it began */
	int64_t look_ns;  /* the last look at what QEMU does */
	int quiet_looks;  /* one after the other */
	int64_t note_ns;
	int state_fd; /* the state comes from here, or -1 */
	int64_t state_bytes;
	bool state_lost;
	bool gone;
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void go_to(struct making *making, enum phase phase)
{
	making->phase = phase;
	making->phase_ns = making->look_ns = clock_ns(CLOCK_MONOTONIC);
}

static void end_with(struct making *making, enum maker_end end, const char *why)
{
	if (making->phase == PHASE_OVER)
		return;
	making->end = end;
	making->maker->why = why;
	go_to(making, PHASE_OVER);
}

static bool take_text(int *fd, struct log *log, enum log_source source)
{
	char data[4096];
	ssize_t got = read(*fd, data, sizeof(data));

	if (got > 0)
		log_take(log, source, data, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		*fd = -1;
	return got > 0;
}

static void take_signal(struct making *making)
{
	struct maker *maker = making->maker;
	struct signalfd_siginfo info;
	int status;

	if (read(maker->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		if (waitpid(making->qemu.pid, &status, WNOHANG) == making->qemu.pid)
			making->gone = true;
		break;
	case SIGUSR1:
	case SIGUSR2:
		hostchan_send_signal(maker->run, info.ssi_signo);
		break;
	case SIGCONT:
	case SIGWINCH:
		break;
	default:
		maker->number = (int)info.ssi_signo;
		end_with(making, MAKER_SIGNAL, "a signal");
		break;
	}
}

static void take_news(struct making *making)
{
	enum qmp_news news = qmp_take(making->made->qmp);

	if (news == QMP_SAVED && making->phase == PHASE_SAVE) {
		qmp_quit(making->made->qmp);
		go_to(making, PHASE_QUIT);
	} else if (news == QMP_FAILED && making->phase != PHASE_QUIT) {
		end_with(making, MAKER_FAILED, "QEMU cannot save it");
	}
}

/* True if there was something. */
static bool take_state(struct making *making)
{
	static char data[65536];
	ssize_t got = read(making->state_fd, data, sizeof(data));

	if (got > 0 && write(making->made->files->state_fd, data, (size_t)got) != got)
		making->state_lost = true;
	making->state_bytes += got > 0 ? got : 0;
	if (got == 0) {
		close(making->state_fd);
		making->state_fd = -1;
	}
	return got > 0;
}

/* The state comes through a pipe: QEMU 10 warns of files. */
static void save(struct making *making)
{
	int ends[2];
	bool asked;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		end_with(making, MAKER_FAILED, "there is no pipe for the state");
		return;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	asked = qmp_save(making->made->qmp, ends[1]);
	making->state_fd = ends[0];
	close(ends[1]);
	if (asked)
		go_to(making, PHASE_SAVE);
	else
		end_with(making, MAKER_FAILED, "QEMU takes no commands");
}

/* Quiet enough to be saved? */
static void look_at_use(struct making *making)
{
	int64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now - making->look_ns < LOOK_MS * NS_PER_MS)
		return;
	making->look_ns = now;
	making->quiet_looks = quiet_all(making->qemu.pid) ? making->quiet_looks + 1 : 0;
	if (making->quiet_looks >= LOOKS_WANTED ||
	    now - making->phase_ns > QUIET_MAX_MS * NS_PER_MS)
		save(making);
}

static void step(struct making *making)
{
	if (making->gone) {
		bool done = making->phase == PHASE_QUIT;

		end_with(making, done ? MAKER_DONE : MAKER_FAILED, "QEMU ended");
	} else if (making->log.ended ||
	           hostchan_exit_kind(making->made->channel) != CHANNEL_EXIT_NONE) {
		end_with(making, MAKER_FAILED, "the guest does not come up");
	} else if (making->phase == PHASE_BOOT &&
	           hostchan_guest_state(making->made->channel) == CHANNEL_GUEST_WAITS) {
		go_to(making, PHASE_QUIET);
	} else if (making->phase == PHASE_QUIET) {
		look_at_use(making);
	}
}

/* Returns how long nothing happens by itself, in ms. */
static int check_clock(struct making *making)
{
	static const int limit_ms[] = {
	    [PHASE_BOOT] = BOOT_LIMIT_MS,
	    [PHASE_QUIET] = BOOT_LIMIT_MS,
	    [PHASE_SAVE] = SAVE_LIMIT_MS,
	    [PHASE_QUIT] = SAVE_LIMIT_MS,
	};
	int64_t now = clock_ns(CLOCK_MONOTONIC);
	int64_t at;

	if (making->phase == PHASE_OVER)
		return 0;
	if (now >= making->note_ns && isatty(STDERR_FILENO))
		fail_print("the first run of a kind takes longer: its machine is saved");
	if (now >= making->note_ns)
		making->note_ns = INT64_MAX;
	at = making->phase_ns + limit_ms[making->phase] * NS_PER_MS;
	if (now >= at)
		end_with(making, MAKER_FAILED, "it takes too long");
	if (making->phase == PHASE_QUIET)
		at = now + LOOK_MS * NS_PER_MS;
	if (making->maker->deadline_ns > 0) {
		if (now >= making->maker->deadline_ns)
			end_with(making, MAKER_TIMEOUT, "the time is over");
		if (making->maker->deadline_ns < at)
			at = making->maker->deadline_ns;
	}
	if (making->note_ns < at)
		at = making->note_ns;
	return at <= now ? 0 : (int)((at - now) / NS_PER_MS) + 1;
}

static void wait_and_take(struct making *making, int wait_ms)
{
	struct maker *maker = making->maker;
	struct pollfd fds[] = {
	    {.fd = making->made->channel->bell_fd, .events = POLLIN},
	    {.fd = maker->signal_fd, .events = POLLIN},
	    {.fd = making->qemu.com1_fd, .events = POLLIN},
	    {.fd = making->qemu.stderr_fd, .events = POLLIN},
	    {.fd = making->phase == PHASE_SAVE ? making->state_fd : -1, .events = POLLIN},
	    {.fd = making->phase == PHASE_QUIT ? -1 : making->made->qmp->fd, .events = POLLIN},
	};

	if (poll(fds, sizeof(fds) / sizeof(fds[0]), wait_ms) <= 0)
		return;
	hostchan_disarm(making->made->channel);
	if (fds[1].revents != 0)
		take_signal(making);
	if (fds[2].revents != 0)
		(void)take_text(&making->qemu.com1_fd, &making->log, LOG_MACHINE);
	if (fds[3].revents != 0)
		(void)take_text(&making->qemu.stderr_fd, &making->log, LOG_QEMU);
	if (fds[4].revents != 0)
		(void)take_state(making);
	if (fds[5].revents != 0)
		take_news(making);
	if ((fds[0].revents & (POLLHUP | POLLERR)) != 0)
		making->made->channel->bell_fd = -1;
}

static void end_qemu(struct making *making)
{
	int status;

	if (!making->gone) {
		kill(making->qemu.pid, SIGKILL);
		(void)waitpid(making->qemu.pid, &status, 0);
	}
	while (take_text(&making->qemu.com1_fd, &making->log, LOG_MACHINE))
		;
	while (making->state_fd >= 0 && take_state(making))
		;
	if (making->state_fd >= 0)
		close(making->state_fd);
	close(making->qemu.stderr_fd);
	close(making->qemu.com1_fd);
}

static bool keep_log(const struct making *making)
{
	int fd = making->made->files->log_fd;

	return write(fd, making->log.kept, making->log.kept_len) == (ssize_t)making->log.kept_len;
}

enum maker_end maker_run(struct maker *maker, const struct maker_machine *made)
{
	struct making making = {.maker = maker, .made = made, .state_fd = -1};

	log_open(&making.log, NULL, false);
	if (qemu_start(&making.qemu, &made->machine->command, made->machine->inherited) != 0) {
		maker->why = "QEMU cannot be started";
		return MAKER_FAILED;
	}
	close(made->channel->qemu_fd);
	close(made->qmp->qemu_fd);
	made->channel->qemu_fd = made->qmp->qemu_fd = -1;
	go_to(&making, PHASE_BOOT);
	making.note_ns = making.phase_ns + NOTE_MS * NS_PER_MS;
	while (making.phase != PHASE_OVER) {
		int wait_ms;

		hostchan_arm(made->channel);
		step(&making);
		wait_ms = check_clock(&making);
		if (making.phase != PHASE_OVER)
			wait_and_take(&making, wait_ms);
	}
	end_qemu(&making);
	if (making.end == MAKER_DONE &&
	    (making.state_lost || making.state_bytes > MAKER_STATE_BYTES_MAX ||
	     !keep_log(&making) ||
	     !state_detach(made->files->state_fd, made->channel->area_bytes))) {
		making.end = MAKER_FAILED;
		maker->why = "it cannot be written, or has an unknown form";
	}
	free(making.log.kept);
	return making.end;
}
