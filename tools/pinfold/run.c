/* SPDX-License-Identifier: MIT */
/*
 * `pinfold run`: sets up the channel, the archive and QEMU, lets the pump move the bytes, and turns
 * the end of the run into a status and, when Pinfold failed, one line.
 *
 * The machine is one that was saved when it had come up, wherever there is one or one can be made;
 * else it comes up for this run.
 */
#include "tools/pinfold/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/pinfold/fail.h"
#include "tools/pinfold/hostchan.h"
#include "tools/pinfold/limits.h"
#include "tools/pinfold/log.h"
#include "tools/pinfold/machine.h"
#include "tools/pinfold/maker.h"
#include "tools/pinfold/pump.h"
#include "tools/pinfold/qemu.h"
#include "tools/pinfold/qmp.h"
#include "tools/pinfold/ramdisk.h"
#include "tools/pinfold/saved.h"
#include "tools/pinfold/strvec.h"
#include "tools/pinfold/terminal.h"

#define END_PATIENCE_MS   300
#define CRASH_PATIENCE_MS 50

struct run {
	const struct options *options;
	uint32_t fd_kind[3];
	bool is_raw; /* the program gets the terminal, keys and all */
	struct hostchan channel;
	struct log log;
	struct qemu_process qemu;
	struct pump pump;
	struct machine_parts parts;
	struct saved saved;
	int state_fd; /* of it, to be read */
};

/* What is not open for writing is as good as closed to a program that writes. */
static bool takes_output(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY;
}

/*
 * A closed standard descriptor is closed to the program too. Here it becomes /dev/null, lest
 * another file takes its number.
 */
static void choose_streams(struct run *run)
{
	for (int fd = 0; fd < 3; fd++) {
		run->fd_kind[fd] = CHANNEL_FD_STREAM;
		if (fcntl(fd, F_GETFD) < 0) {
			run->fd_kind[fd] = CHANNEL_FD_CLOSED;
			if (open("/dev/null", O_RDWR) != fd)
				fail_exit(STATUS_FAILURE, "cannot open /dev/null");
		} else if (fd != STDIN_FILENO && !takes_output(fd)) {
			run->fd_kind[fd] = CHANNEL_FD_CLOSED;
		} else if (isatty(fd)) {
			run->fd_kind[fd] = CHANNEL_FD_TTY;
		}
	}
	/* With its output elsewhere (a pager, say) the program has no claim on the keys. */
	run->is_raw = run->fd_kind[0] == CHANNEL_FD_TTY && run->fd_kind[1] == CHANNEL_FD_TTY;
	if (run->fd_kind[0] == CHANNEL_FD_TTY && !run->is_raw)
		run->fd_kind[0] = CHANNEL_FD_STREAM;
}

static void fill_channel(struct run *run)
{
	hostchan_create(&run->channel, run->options->memory_mib);
	for (int fd = 0; fd < 3; fd++)
		run->channel.header->fd_kind[fd] = run->fd_kind[fd];
	run->channel.header->want_report = run->options->stats;
	if (run->fd_kind[0] == CHANNEL_FD_CLOSED)
		hostchan_set_eof(&run->channel, CHANNEL_STDIN, 0);
}

static bool has_terminal(const struct run *run)
{
	return run->fd_kind[0] == CHANNEL_FD_TTY || run->fd_kind[1] == CHANNEL_FD_TTY ||
	       run->fd_kind[2] == CHANNEL_FD_TTY;
}

/* What is this run's own goes behind the rings. */
static void write_archive(struct run *run)
{
	int fd = run->channel.memory_fd;
	off_t end;

	if (lseek(fd, CHANNEL_BYTES, SEEK_SET) != CHANNEL_BYTES)
		fail_exit(STATUS_FAILURE, "cannot write the archive: %s", strerror(errno));
	ramdisk_write_own(fd, run->options, has_terminal(run));
	end = lseek(fd, 0, SEEK_CUR);
	if (end < CHANNEL_BYTES || (uint64_t)end > run->channel.area_bytes)
		fail_exit(STATUS_FAILURE, "the files do not fit into the guest's memory");
	run->channel.archive_bytes = (uint64_t)end - CHANNEL_BYTES;
}

/* With -v: how this run starts. */
static void tell_start(const struct run *run, const char *how, const char *why)
{
	if (run->options->verbose)
		fail_print("%s%s%s", how, why == NULL ? "" : ": ", why == NULL ? "" : why);
}

/* One line that says what failed and where the log is. */
static int report_failure(struct run *run, const char *what)
{
	const char *path = log_path(&run->log, run->options->log);

	if (path != NULL)
		fail_print("%s (log: %s)", what, path);
	else
		fail_print("%s (the log could not be written)", what);
	return STATUS_FAILURE;
}

static int report_missing_qemu(int error)
{
	fail_print("cannot start %s: %s%s", qemu_name(), strerror(error),
	           error == ENOENT ? "; make deps installs it" : "");
	return STATUS_FAILURE;
}

static int report_qemu_end(struct run *run)
{
	int status = run->pump.number;
	const char *said = run->log.qemu_line;
	char what[LOG_LINE_BYTES * 2];

	if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "QEMU was killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(what, sizeof(what), "QEMU ended with status %d%s%s", WEXITSTATUS(status),
		         said[0] == '\0' ? "" : ": ", said);
	else if (run->log.cause[0] != '\0')
		snprintf(what, sizeof(what), "the guest crashed: %s", run->log.cause);
	else
		snprintf(what, sizeof(what), "the guest ended without a word");
	return report_failure(run, what);
}

/* The program's own end, as the guest tells it. */
static int report_exit(struct run *run)
{
	uint32_t value = run->channel.header->exit_value;
	char message[sizeof(run->channel.header->message) + 1];
	char what[sizeof(message) + 64];

	hostchan_message(&run->channel, message, sizeof(message));
	switch (hostchan_exit_kind(&run->channel)) {
	case CHANNEL_EXIT_STATUS:
		return (int)(value & 0xff);
	case CHANNEL_EXIT_SIGNAL:
		return STATUS_SIGNAL_BASE + (int)(value & 0x7f);
	case CHANNEL_EXIT_ENOENT:
		fail_print("%s: not found in the guest", run->options->program[0]);
		return STATUS_NOENT;
	case CHANNEL_EXIT_NOEXEC:
		/* It says which file it means. */
		fail_print("%s", message[0] == '\0' ? "the program cannot be run" : message);
		return STATUS_NOEXEC;
	case CHANNEL_EXIT_REFUSED:
		fail_print("%s", message[0] == '\0' ? "the run was refused" : message);
		return STATUS_FAILURE;
	case CHANNEL_EXIT_PANIC:
		snprintf(what, sizeof(what), "kernel panic: %s",
		         message[0] == '\0' ? "no cause given" : message);
		return report_failure(run, what);
	default:
		return report_failure(run, "the guest ended in an unknown way");
	}
}

static int report_end(struct run *run, enum pump_end end)
{
	switch (end) {
	case PUMP_GUEST:
		return report_exit(run);
	case PUMP_TIMEOUT:
		fail_print("timed out after %g s", (double)run->options->timeout_ns / 1e9);
		return STATUS_TIMEOUT;
	case PUMP_SIGNAL:
		return STATUS_SIGNAL_BASE + run->pump.number;
	case PUMP_QEMU:
		return report_qemu_end(run);
	case PUMP_CRASH:
		return report_failure(run, run->log.cause);
	case PUMP_NO_BOOT:
		return report_failure(run, "the guest did not start within two minutes");
	case PUMP_HUNG:
		return report_failure(run, "the guest hangs: it does not take signals any more");
	default:
		return report_failure(run, "the guest wrote nonsense into the channel");
	}
}

/* What was to come out and did not is a failure, whatever the program makes of it. */
static int report_losses(struct run *run, int status)
{
	if (run->log.error != 0)
		fail_print("cannot write the log %s: %s", run->options->log,
		           strerror(run->log.error));
	if (run->pump.write_error == 0)
		return status;
	fail_print("output is lost: %s", strerror(run->pump.write_error));
	return STATUS_FAILURE;
}

static void print_stats(struct run *run)
{
	const uint8_t *data;
	size_t len;

	while ((len = hostchan_peek(&run->channel, CHANNEL_REPORT, &data)) > 0) {
		if (write(STDERR_FILENO, data, len) < 0)
			break;
		hostchan_consume(&run->channel, CHANNEL_REPORT, len);
	}
}

/* From the start of QEMU to the end of what it runs. False: QEMU did not start; the status is
 * given. */
static bool run_qemu(struct run *run, enum qemu_start start, enum pump_end *end, int *status)
{
	struct qmp qmp = {.fd = -1, .qemu_fd = -1};
	struct machine_saved files = {.ram_fd = run->saved.files.ram_fd, .state_fd = -1};
	struct machine machine = {0};
	int error;

	if (start == QEMU_RESTORE) {
		files.state_fd = run->state_fd;
		if (!qmp_open(&qmp) || !qmp_restore(&qmp, files.state_fd)) {
			*end = PUMP_NO_RESTORE;
			return true;
		}
	}
	files.qmp_fd = qmp.qemu_fd;
	machine_describe(&machine, run->options, &run->parts, &run->channel, start, &files);
	error = qemu_start(&run->qemu, &machine.command, machine.inherited);
	machine_free(&machine);
	if (files.state_fd >= 0)
		close(files.state_fd);
	if (error != 0) {
		*status = report_missing_qemu(error);
		qmp_close(&qmp);
		return false;
	}
	limits_restore();
	close(run->channel.qemu_fd);
	run->channel.qemu_fd = -1;
	if (start == QEMU_RESTORE) {
		close(qmp.qemu_fd);
		qmp.qemu_fd = -1;
		run->pump.qmp = &qmp;
		run->pump.boot_log_fd = run->saved.files.log_fd;
	}
	*end = pump_run(&run->pump);
	pump_end_qemu(&run->pump, *end == PUMP_GUEST   ? END_PATIENCE_MS
	                          : *end == PUMP_CRASH ? CRASH_PATIENCE_MS
	                                               : 0);
	qmp_close(&qmp);
	run->pump.qmp = NULL;
	return true;
}

/* With the terminal raw. Returns the status. */
static int run_started(struct run *run, enum qemu_start start)
{
	enum pump_end end;
	int status = 0;

	if (run->is_raw)
		run->pump.is_raw = run->log.raw = terminal_make_raw(STDIN_FILENO);
	if (!run_qemu(run, start, &end, &status)) {
		terminal_restore();
		return status;
	}
	if (end == PUMP_NO_RESTORE) {
		tell_start(run, "the saved machine does not go on; cold start", NULL);
		saved_reject(&run->saved);
		hostchan_restart(&run->channel);
		run->pump.qemu_gone = false;
		run->log.ended = false;
		run->log.cause[0] = '\0';
		if (!run_qemu(run, QEMU_COLD, &end, &status)) {
			terminal_restore();
			return status;
		}
	}
	terminal_restore();
	if (run->options->stats)
		print_stats(run);
	return report_losses(run, report_end(run, end));
}

/* A saved machine, or why there is none. */
static enum saved_answer find_saved(struct run *run)
{
	struct maker maker = {.run = &run->channel, .signal_fd = run->pump.signal_fd};
	enum saved_answer answer;

	if (run->options->timeout_ns > 0)
		maker.deadline_ns = run->pump.started_ns + run->options->timeout_ns;
	answer = saved_get(&run->saved, run->options, &run->parts, &maker);
	run->pump.number = maker.number;
	if (answer == SAVED_FOUND) {
		run->state_fd = saved_open_state(&run->saved);
		if (run->state_fd < 0) {
			run->saved.why = "there is no pipe for the state";
			answer = SAVED_NONE;
		}
	}
	if (answer == SAVED_FOUND)
		tell_start(run,
		           run->saved.is_new ? "start from a machine that was saved just now"
		                             : "start from a saved machine",
		           NULL);
	else if (answer == SAVED_NONE)
		tell_start(run, "cold start", run->saved.why);
	return answer;
}

static int run_machine(struct run *run)
{
	enum saved_answer answer = SAVED_NONE;
	int status;

	pump_block_signals(&run->pump);
	if (!run->options->cold && run->options->qemu_args.count == 0)
		answer = find_saved(run);
	switch (answer) {
	case SAVED_SIGNAL:
		status = report_end(run, PUMP_SIGNAL);
		break;
	case SAVED_TIMEOUT:
		status = report_end(run, PUMP_TIMEOUT);
		break;
	default:
		status = run_started(run, answer == SAVED_FOUND ? QEMU_RESTORE : QEMU_COLD);
		break;
	}
	saved_close(&run->saved);
	return status;
}

static void print_command(struct run *run)
{
	struct machine machine = {0};

	machine_describe(&machine, run->options, &run->parts, &run->channel, QEMU_COLD, NULL);
	qemu_print_command(&machine.command, " ", STDOUT_FILENO);
	machine_free(&machine);
}

int run_guest(const struct options *options)
{
	struct run run = {.options = options,
	                  .saved = {.files = {-1, -1, -1}, .place = {.cache_fd = -1}}};

	run.pump = (struct pump){.channel = &run.channel,
	                         .qemu = &run.qemu,
	                         .log = &run.log,
	                         .started_ns = pump_now_ns(),
	                         .timeout_ns = options->timeout_ns};
	choose_streams(&run);
	limits_raise();
	run.pump.stdin_fd = run.fd_kind[0] == CHANNEL_FD_CLOSED ? -1 : 0;
	/* A dry run leaves an existing log alone. */
	log_open(&run.log, options->dry_run ? NULL : options->log, options->verbose);
	fill_channel(&run);
	write_archive(&run);
	machine_find_parts(&run.parts, options);
	if (!options->dry_run)
		return run_machine(&run);
	print_command(&run);
	return 0;
}
