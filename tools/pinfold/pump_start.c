/* SPDX-License-Identifier: MIT */
/*
 * The start of a run, see pump_start.h.
 */
#include "tools/pinfold/pump_start.h"

#include <unistd.h>

bool pump_start_is_taken(const struct pump *pump)
{
	return hostchan_guest_state(pump->channel) >= CHANNEL_GUEST_TAKEN;
}

bool pump_start_is_over(const struct pump *pump)
{
	return hostchan_guest_state(pump->channel) >= CHANNEL_GUEST_READY;
}

bool pump_start_is_restoring(const struct pump *pump)
{
	return pump->qmp != NULL && !pump_start_is_taken(pump);
}

/* What the machine said as it came up belongs to this run's log. */
static void take_boot_log(struct pump *pump)
{
	char data[4096];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(pump->boot_log_fd, data, sizeof(data), at)) > 0) {
		log_take(pump->log, LOG_MACHINE, data, (size_t)got);
		at += got;
	}
}

bool pump_start_take_news(struct pump *pump)
{
	switch (qmp_take(pump->qmp)) {
	case QMP_RUNS:
		take_boot_log(pump);
		hostchan_hand_over(pump->channel);
		return true;
	case QMP_FAILED:
		/* When the machine runs its end tells more. */
		qmp_close(pump->qmp);
		return pump->channel->handed_over;
	default:
		return true;
	}
}

void pump_start_go_on(struct pump *pump)
{
	struct hostchan *channel = pump->channel;

	if (hostchan_guest_state(channel) == CHANNEL_GUEST_WAITS && !channel->handed_over)
		hostchan_hand_over(channel);
	if (pump_start_is_over(pump))
		hostchan_drop_archive(channel);
}
