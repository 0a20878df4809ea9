/* SPDX-License-Identifier: MIT */
/*
 * `pinfold run`: sets up the channel, the ramdisk and QEMU, lets the pump move the bytes, and turns
 * the end of the run into a status and, when Pinfold failed, one line.
 *
 * Nothing of a run has a name in the file system: the ramdisk and the channel are memory files that
 * QEMU opens through /proc/self/fd, so there is nothing to remove, whatever ends the launcher.
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
#include "tools/pinfold/place.h"
#include "tools/pinfold/pump.h"
#include "tools/pinfold/qemu.h"
#include "tools/pinfold/ramdisk.h"
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
	int kernel_fd;
	int ramdisk_fd;
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
	hostchan_create(&run->channel);
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

static void make_ramdisk(struct run *run)
{
	run->ramdisk_fd = memfd_create("pinfold-ramdisk", MFD_CLOEXEC);
	if (run->ramdisk_fd < 0)
		fail_exit(STATUS_FAILURE, "cannot make the ramdisk: %s", limits_explain(errno));
	ramdisk_write(run->ramdisk_fd, run->options, has_terminal(run));
}

static void make_command(struct run *run, struct strvec *command)
{
	char *xen = place_xen(run->options->xen);
	char *kernel_path = place_find(PLACE_KERNEL);
	char *kernel, *ramdisk, *channel;
	struct qemu_files files;

	run->kernel_fd = open(kernel_path, O_RDONLY | O_CLOEXEC);
	if (run->kernel_fd < 0)
		fail_exit(STATUS_FAILURE, "%s: %s", kernel_path, strerror(errno));
	kernel = string_format("/proc/self/fd/%d", run->kernel_fd);
	ramdisk = string_format("/proc/self/fd/%d", run->ramdisk_fd);
	channel = string_format("/proc/self/fd/%d", run->channel.memory_fd);
	files = (struct qemu_files){.xen = xen,
	                            .kernel = kernel,
	                            .ramdisk = ramdisk,
	                            .channel = channel,
	                            .bell_fd = run->channel.qemu_fd};
	qemu_build_command(command, run->options, &files);
	free(kernel_path);
	free(xen);
	free(kernel);
	free(ramdisk);
	free(channel);
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

/* From the start of QEMU to its end, with the terminal raw in between. */
static int run_machine(struct run *run, const struct strvec *command)
{
	int inherited[] = {run->kernel_fd, run->ramdisk_fd, run->channel.memory_fd,
	                   run->channel.qemu_fd, -1};
	enum pump_end end;
	int error;

	run->pump = (struct pump){.channel = &run->channel,
	                          .qemu = &run->qemu,
	                          .log = &run->log,
	                          .timeout_ns = run->options->timeout_ns,
	                          .stdin_fd = run->fd_kind[0] == CHANNEL_FD_CLOSED ? -1 : 0};
	if (run->is_raw)
		run->pump.is_raw = run->log.raw = terminal_make_raw(STDIN_FILENO);
	pump_block_signals(&run->pump);
	error = qemu_start(&run->qemu, command, inherited);
	if (error != 0) {
		terminal_restore();
		return report_missing_qemu(error);
	}
	limits_restore();
	close(run->channel.qemu_fd);
	end = pump_run(&run->pump);
	pump_end_qemu(&run->pump, end == PUMP_GUEST   ? END_PATIENCE_MS
	                          : end == PUMP_CRASH ? CRASH_PATIENCE_MS
	                                              : 0);
	terminal_restore();
	if (run->options->stats)
		print_stats(run);
	return report_losses(run, report_end(run, end));
}

int run_guest(const struct options *options)
{
	struct run run = {.options = options};
	struct strvec command = {0};
	int status = 0;

	choose_streams(&run);
	limits_raise();
	/* A dry run leaves an existing log alone. */
	log_open(&run.log, options->dry_run ? NULL : options->log, options->verbose);
	make_ramdisk(&run);
	fill_channel(&run);
	make_command(&run, &command);
	if (options->dry_run)
		qemu_print_command(&command, " ", STDOUT_FILENO);
	else
		status = run_machine(&run, &command);
	strvec_free(&command);
	return status;
}
