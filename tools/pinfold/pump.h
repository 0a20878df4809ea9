/* SPDX-License-Identifier: MIT */
/*
 * Moves the bytes between this command's streams and the guest until the run has ended.
 */
#ifndef PINFOLD_TOOLS_PUMP_H
#define PINFOLD_TOOLS_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/pinfold/hostchan.h"
#include "tools/pinfold/log.h"
#include "tools/pinfold/qemu.h"
#include "tools/pinfold/qmp.h"

/* Why a run ended. */
enum pump_end {
	PUMP_GUEST,   /* the guest said so; its exit kind tells more, and all its output is out */
	PUMP_TIMEOUT, /* the time of --timeout is over */
	PUMP_SIGNAL,  /* a second signal from outside; `number` */
	PUMP_QEMU,    /* QEMU ended by itself before the guest did; `number` is its wait status */
	PUMP_CRASH,   /* Xen said that the machine has come to its end */
	PUMP_NO_BOOT, /* the kernel did not take over the channel */
	PUMP_HUNG,    /* the guest takes neither signals nor keys any more */
	PUMP_BROKEN,  /* the guest wrote nonsense into the channel */
	PUMP_NO_RESTORE, /* the saved machine does not go on; nothing of the input was taken */
};

struct pump {
	struct hostchan *channel;
	struct qemu_process *qemu;
	struct log *log;
	int64_t started_ns; /* CLOCK_MONOTONIC: when the run began */
	int64_t timeout_ns;
	bool is_raw; /* descriptor 0 is a terminal in raw mode */
	/* For a machine that was saved; NULL: a cold start. */
	struct qmp *qmp;
	int boot_log_fd; /* what it said as it came up, told when it runs again */
	/* State. */
	int stdin_fd; /* -1 when nothing more comes from it */
	int signal_fd;
	int signals;    /* that asked for an end */
	bool qemu_gone; /* waited for; `number` is its status */
	int number;
	int write_error; /* why output of the guest got lost, or 0 */
};

/* CLOCK_MONOTONIC. */
int64_t pump_now_ns(void);

/* Blocks the signals that the pump reads, so that none is lost before it runs. */
void pump_block_signals(struct pump *pump);

/* Runs until the end. */
enum pump_end pump_run(struct pump *pump);

/* Lets QEMU end by itself for a moment, then kills it, and takes what was left of the log. */
void pump_end_qemu(struct pump *pump, int patience_ms);

#endif
